/* SPDX-License-Identifier: MIT */
/* grow.h - arrays that get longer. */
#ifndef GROW_H
#define GROW_H

#include <stdbool.h>
#include <stdlib.h>

/* Room for one more element of `size` bytes behind `nr`. */
static inline bool grow(void **array, size_t nr, size_t *cap, size_t size)
{
	if (nr < *cap)
		return true;
	size_t want = *cap ? *cap * 2 : 1024;
	void *bigger = reallocarray(*array, want, size);

	if (!bigger)
		return false;
	*array = bigger;
	*cap = want;
	return true;
}

#endif
