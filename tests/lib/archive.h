/* SPDX-License-Identifier: MIT */
/*
 * archive.h - an archive of the test's own in front of the machine's, for `contigbench guest build`:
 *
 *	apt-get, apt-cache, dpkg-deb, unshare, make	scripts in a scratch folder that is first on PATH; they say in `calls` what
 *							they were asked for, and answer with what lies in `archive`
 *	archive/names, archive/version			what apt-cache answers
 *	archive/update					what `apt-get update` prints; archive/status its exit status
 *
 * Kernel images are 1200 bytes with the header that a boot loader reads, modules a line with a vermagic. No network, no root.
 */
#ifndef ARCHIVE_H
#define ARCHIVE_H

#include <stdbool.h>

#include "capture.h"

extern char archive_scratch[];       /* the folder */
extern char archive_real_path[4096]; /* PATH as it was */
extern struct capture archive_said;  /* by the last archive_guest() */

/* For each test. */
int archive_set_up(void **state);
int archive_tear_down(void **state);

/* A file's name below the folder; good until four calls later. */
const char *archive_at(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void archive_write(const char *path, const char *text);
/* Of a text file; "" if there is none. Good until the next call. */
char *archive_read(const char *path);
/* A script on PATH. */
void archive_program(const char *name, const char *script);
void archive_image(const char *path, const char *release, unsigned char xloadflags);
void archive_module(const char *path, const char *release);
/* What the archive has from now on: headers, image and module of that release. */
void archive_release(const char *release, const char *version);

/* `guest LINE` ends so and says that, or the test fails. */
void archive_guest(int status, const char *says, const char *line);
/* Has a program been called with that in its words, since archive_forget_calls()? */
bool archive_called(const char *what);
void archive_forget_calls(void);
/* A member of kernel.json, or "(nothing)". */
const char *archive_told(const char *name, const char *key);

#endif
