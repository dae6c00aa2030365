/* SPDX-License-Identifier: MIT */
/*
 * cache.h - where things of guests are kept: ${CONTIGBENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/contigbench}/guest/
 *
 *	roots/SUITE/		compilers and headers
 *	kernels/NAME/		vmlinuz, contigbench.ko, kernel.json
 *	logs/			consoles of guests that did not end well
 *	kvm			whether KVM works, for one boot of this machine
 */
#ifndef GUEST_CACHE_H
#define GUEST_CACHE_H

#include "../../allocators/contig.h"

#define CACHE_PATH 2048

/* A path below guest/, with the folders in front of its last part made. 0, or -errno and *diag (no home, can not write). */
int cache_path(char path[CACHE_PATH], struct contig_diag *diag, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
