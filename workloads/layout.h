/* SPDX-License-Identifier: MIT */
/*
 * layout.h - the layout string: the picture of a few pageblocks in one line (docs/formats.md).
 *
 *	[MM] A*512 | F7 F5 F4 F3 F2 K F0 F1 F6 F8
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "../allocators/contig.h"

/*
 * The letter of a page, where the caller knows more of it than its kind says; 0 for the letter of its kind. Letters are
 * asked for page by page, but for runs that are drawn with their order once a run, and for free ones never.
 */
typedef char (*layout_letter)(void *ctx, pfn_t pfn, const struct contig_run *run);

/*
 * Runs of the blocks [first, first + nr). marks: show pins and lists (`T4!`, `F3@M`), which recorded answers do not have.
 * To be freed by the caller; NULL without memory. Needs a backend with a lab.
 */
char *layout_map(struct contig *c, const struct contig_geometry *g, block_t first, uint32_t nr, bool marks,
                 layout_letter letter, void *ctx);

/* The same without marks; *column is where in the text the item that holds page `mark` begins. */
char *layout_map_marked(struct contig *c, const struct contig_geometry *g, block_t first, uint32_t nr, pfn_t mark,
                        size_t *column);

/* Types of the same blocks, a letter each: U M R H C, lower case while isolated with the type kept, `i` if it is lost. */
char *layout_types(struct contig *c, block_t first, uint32_t nr);

/*
 * Put a layout string down on reserved memory from pageblock `first` on: types in brackets, then the runs. Pages in use
 * are owned by their first pfn + 1. 0; -EINVAL with what is wrong in it, -EOPNOTSUPP for a state that this backend has no
 * rule for; nothing is taken back then.
 */
int layout_place(struct contig *c, const struct contig_geometry *g, block_t first, const char *text,
                 struct contig_diag *diag);

#endif
