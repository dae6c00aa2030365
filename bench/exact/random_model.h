/* SPDX-License-Identifier: MIT */
/*
 * random_model.h - random requests on a zone that was seen in a kernel: the model's side, one request after the other, each on
 * the state that the one before left.
 */
#ifndef RANDOM_MODEL_H
#define RANDOM_MODEL_H

#include "zone_layout.h"

#define RANDOM_CPU 1u /* that does everything, as in the guests */

struct random_model {
	struct contig *c;
	struct contig_geometry g;
};

/* What was answered, by a kernel or by the model. */
struct random_answer {
	int64_t rc;
	int64_t migrated; /* base pages */
	const char *stage;
	const char *before, *after; /* types of the pageblocks that the request touches */
	const char *map;            /* of the same pageblocks, afterwards; NULL: nobody looked */
	char *mine[3];              /* what of these is to be freed */
};

/* 0; -EINVAL or -EBADMSG if the layout can not be put down, -EUCLEAN if that breaks an invariant, with *diag. */
int random_model_open(struct random_model *m, const struct zone_layout *l, const char *backend,
                      struct contig_diag *diag);
void random_model_close(struct random_model *m);

/*
 * One request, and what it got is freed at once by one call. Per-cpu lists are drained before it, and with `look` behind it, too,
 * so that a map shows none. 0; -ENOMEM; -EUCLEAN if an invariant broke: the answer is there all the same.
 */
int random_model_ask(struct random_model *m, pfn_t start, uint32_t nr, bool look, struct random_answer *out,
                     struct contig_diag *diag);
void random_answer_free(struct random_answer *a);

/* The pages of the whole pageblocks that a request touches. */
static inline pfn_t touched_start(pfn_t start)
{
	return start / LAYOUT_NPB * LAYOUT_NPB;
}

static inline uint32_t touched_blocks(pfn_t start, uint32_t nr)
{
	return (start + nr - 1) / LAYOUT_NPB - start / LAYOUT_NPB + 1;
}

#endif
