/* SPDX-License-Identifier: MIT */
/* cma_area.h - what an area consists of: for cma.c and cma_area.c alone. */
#ifndef CMA_AREA_H
#define CMA_AREA_H

#include "cma.h"

#define CMA_NO_BIT UINT64_MAX

struct cma_bitmap {
	pfn_t base;
	uint64_t bits;
	uint64_t *map; /* set: allocated, or about to be */
};

struct cma_area {
	struct cma *cma;
	struct cma_area *next;
	unsigned int order_per_bit;
	uint32_t nr_ranges;
	struct cma_bitmap range[CMA_MAX_RANGES];
	uint32_t pages;
	uint32_t available; /* pages under clear bits */
	uint8_t node;
	struct user_lock lock; /* cma_mutex=per_area */
};

struct cma {
	struct user_machine m;
	struct cma_area *first;
	struct user_lock lock; /* cma_mutex=global */
};

#endif
