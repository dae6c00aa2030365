/* SPDX-License-Identifier: MIT */
/* image.h - what kernel images and modules say of themselves. */
#ifndef GUEST_IMAGE_H
#define GUEST_IMAGE_H

#include "../../allocators/contig.h"

/*
 * The release (uname -r) of a bzImage for x86-64 into `release`. 0; -ENOEXEC and *diag: it is something else, and what; or
 * another -errno.
 */
int image_release(const char *path, char *release, size_t size, struct contig_diag *diag);
/* The first word of a module's vermagic, which is the release that it is for, and the compiler's name; each may be NULL. */
int image_module(const char *path, char *release, char *compiler, size_t size, struct contig_diag *diag);
/* Of a file: 0 or -errno. */
int image_sha256(const char *path, char hex[65]);

#endif
