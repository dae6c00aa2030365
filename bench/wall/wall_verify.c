// SPDX-License-Identifier: MIT
/* wall_verify.c - is everything where it should be, and unharmed? Asked while all threads stand still. */
#include <errno.h>

#include "wall_state.h"

static unsigned int order_of(const struct program *p, uint32_t event)
{
	const struct program_op *op = &p->ops[event];

	return program_code(op) == TRACE_SPLIT ? op->split.pieces_order : op->order;
}

/* Every live allocation is at rest at its place, and carries its own stamps. */
static int check_contents(const struct wall *wall, struct contig_diag *what)
{
	const struct places *p = &wall->places;
	int rc = backing_failed(wall->backing, what);

	for (size_t slot = 0; slot < p->nr && !rc; slot++) {
		uint64_t place = atomic_load_explicit(&p->map[slot], memory_order_relaxed);
		uint32_t event = place_event(place);

		if (place != PLACE_EMPTY && place_pfn(place) != PLACE_FAILED)
			rc = backing_check(wall->backing, executor_owner(event, (uint32_t)slot), place_pfn(place),
			                   order_of(wall->program, event), what);
	}
	return rc;
}

int wall_verify(struct wall *wall, size_t event)
{
	const struct contig_lab *lab = wall->backend->ops->lab;
	struct contig_diag what = { "" };
	int rc = 0;

	places_settle(&wall->places, UINT32_MAX);
	if (lab && lab->verify)
		rc = lab->verify(wall->backend, &what);
	if (!rc && wall->backing)
		rc = check_contents(wall, &what);
	if (rc)
		crew_fail(&wall->crew, -EUCLEAN, "after event %zu: %.460s", event, what.text);
	else
		wall->result->verifications++;
	return rc;
}
