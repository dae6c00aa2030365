// SPDX-License-Identifier: MIT
#include <string.h>

#include "geometry.h"

/*
 * P and M are the "typical pairs" of the behavioural specification, 1.2; M is inclusive. Sections are SECTION_SIZE_BITS of
 * the architecture's asm/sparsemem.h.
 */
static const struct geometry_preset presets[] = {
	{ "recorded", 0, 0, 0, 0, "as the machine that the trace was recorded on" },
	/* 2 MiB huge pages; M's default in all releases */
	{ "x86-64", 12, 9, 10, 27, "4 KiB pages, 2 MiB pageblocks, buddies up to 4 MiB" },
	/* M raised as far as others have it; a buddy still lies in a section */
	{ "x86-64-m13", 12, 9, 13, 27, "as x86-64, but buddies up to 32 MiB" },
	/* imagined: M + page shift must not be above SECTION_SIZE_BITS (1.2), so sections grow with it */
	{ "x86-64-m18", 12, 9, 18, 30, "as x86-64, but buddies and sections of 1 GiB: no release can be built so" },
	/* 512 MiB huge pages, and FORCE_MAX_ZONEORDER 14 (exclusive) for them; 2^30 until "arm64/sparsemem: reduce
	   SECTION_SIZE_BITS" (2021) */
	{ "arm64-64k", 16, 13, 13, 29, "64 KiB pages, pageblocks and buddies of 512 MiB" },
	/* without huge pages P is M; boards set FORCE_MAX_ZONEORDER 14 for large framebuffers (imx_v6_v7_defconfig); sections,
	   where there are any, by "ARM: 8411/1: Add default SPARSEMEM settings" (2015) */
	{ "armv7", 12, 13, 13, 28, "4 KiB pages, pageblocks and buddies of 32 MiB" },
	/* 2 MiB (radix) and 16 MiB (hash) huge pages, FORCE_MAX_ZONEORDER 9; [H] in the specification: read in no source */
	{ "powerpc-64k-radix", 16, 5, 8, 24, "64 KiB pages, 2 MiB pageblocks, buddies up to 16 MiB" },
	{ "powerpc-64k-hash", 16, 8, 8, 24, "64 KiB pages, pageblocks and buddies of 16 MiB" },
};

const struct geometry_preset *geometry_preset_at(size_t i)
{
	return i < sizeof(presets) / sizeof(presets[0]) ? &presets[i] : NULL;
}

const struct geometry_preset *geometry_preset_named(const char *name)
{
	const struct geometry_preset *p;

	for (size_t i = 0; (p = geometry_preset_at(i)) && strcmp(p->name, name); i++)
		;
	return p;
}
