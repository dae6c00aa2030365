/* SPDX-License-Identifier: MIT */
/* geometry.h - page size, P, M and sections of machines that there are, by name. */
#ifndef GEOMETRY_H
#define GEOMETRY_H

#include <stddef.h>
#include <stdint.h>

struct geometry_preset {
	const char *name;
	uint8_t page_shift; /* 0, as all that follows: of the machine that a trace was recorded on */
	uint8_t pageblock_order;
	uint8_t max_order;
	uint8_t section_shift; /* log2 of bytes; 0: no sections */
	const char *summary;
};

/* In the order of the table; NULL behind the last. */
const struct geometry_preset *geometry_preset_at(size_t i);
const struct geometry_preset *geometry_preset_named(const char *name);

#endif
