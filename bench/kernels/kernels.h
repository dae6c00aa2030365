/* SPDX-License-Identifier: MIT */
/*
 * kernels.h - which kernels there are: Debian's, one a generation, and what is kept of one that was built.
 *
 * kernels/NAME/ of the cache (cache.h) has vmlinuz, contigbench.ko and kernel.json, which is this struct and is written last:
 * a folder without it is none.
 */
#ifndef KERNELS_H
#define KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "cache.h"

/* Where Debian has a generation. */
struct guest_generation {
	const char *name;
	const char *series; /* of its releases: "6.1" is the newest 6.1.* */
	const char *root;   /* suite that compiler and headers come from */
	const char *suites; /* of the archive, with blanks between them */
	const char *image;  /* package of the image, without "-RELEASE" */
};
extern const struct guest_generation guest_generations[]; /* ends with name NULL */
/* NULL: it is none of them. */
const struct guest_generation *guest_generation_named(const char *name);

#define KERNEL_TEXT 256

struct guest_kernel {
	char name[KERNEL_TEXT];
	char release[KERNEL_TEXT];  /* uname -r */
	char package[KERNEL_TEXT];  /* of Debian; "" if it is somebody's own */
	char version[KERNEL_TEXT];  /* of the package */
	char suite[KERNEL_TEXT];    /* that the compiler came from */
	char compiler[KERNEL_TEXT]; /* of the module, as it wrote into it */
	char date[KERNEL_TEXT];     /* when it was built: 2026-01-31T12:00:00Z */
	char vmlinuz_sha256[65];
	char module_sha256[65]; /* of the module's sources: module.h */
	/* of somebody's own: what the call said */
	char from_kernel[CACHE_PATH], from_headers[CACHE_PATH], from_cc[KERNEL_TEXT];
};

/*
 * A kernel's name as a user gives it, "linux-6.1" or, as a backend, "linux-6.1@guest": the former into `name`. 0, or -EINVAL and
 * *diag: it can be none.
 */
int guest_kernel_name(const char *given, char name[CONTIG_MAX_NAME + 1], struct contig_diag *diag);
/* 0; -ENOENT it has not been built; -EBADMSG its kernel.json is none; or another -errno. *diag says so, with the next step. */
int guest_kernel_load(const char *name, struct guest_kernel *k, struct contig_diag *diag);
/* Write folder/kernel.json. 0 or -errno and *diag. */
int guest_kernel_store(const char *folder, const struct guest_kernel *k, struct contig_diag *diag);
/* All that are there, in the order of their names, until one(name) says false. */
void guest_kernel_each(bool (*one)(void *ctx, const char *name), void *ctx);
/*
 * Is the module that of the sources as they are, and the image of one's own the one that it was? Otherwise *why says what is
 * older; sources that are not there say nothing.
 */
bool guest_kernel_current(const struct guest_kernel *k, const char **why);

#endif
