/* SPDX-License-Identifier: MIT */
/* cpio.h - a writer of cpio archives as a kernel unpacks them: format newc (Documentation/driver-api/early-userspace). */
#ifndef GUEST_CPIO_H
#define GUEST_CPIO_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct cpio {
	FILE *f;
	uint32_t ino;
	uint64_t at; /* bytes so far */
};

/* Names are relative: "bin/sh". Everything belongs to root. Each is 0 or -errno. */
int cpio_folder(struct cpio *c, const char *name);
int cpio_link(struct cpio *c, const char *name, const char *to);
int cpio_device(struct cpio *c, const char *name, unsigned int major, unsigned int minor);
/* A file of this machine's, under another name. */
int cpio_file(struct cpio *c, const char *name, unsigned int mode, const char *path);
int cpio_text(struct cpio *c, const char *name, unsigned int mode, const char *text);
/* What ends it. */
int cpio_end(struct cpio *c);

#endif
