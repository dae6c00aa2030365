// SPDX-License-Identifier: MIT
/* arena_machine.c - cases on a machine of its own: what it can not be asked, and its arena. */
#include <string.h>

#include "arena_inside.h"

#define NOT_HERE(...) contig_diag_set(diag, -EOPNOTSUPP, "not possible here: " __VA_ARGS__)

int arena_failed(struct arena *a, int rc, struct contig_diag *diag)
{
	struct contig_diag why;
	int dead = arena_is_machine(a->c) ? a->c->ops->lab->verify(a->c, &why) : 0;

	if (dead)
		*diag = why;
	return dead ? dead : rc;
}

static int can_op(const struct case_op *op, struct contig_diag *diag)
{
	if (op->joined || op->verb == OP_STEP)
		return NOT_HERE("%s: a kernel can not be stopped between two steps", op->text);
	switch (op->verb) {
	case OP_UNRESERVE:
		return NOT_HERE("%s: the kernel gives its reserve back itself", op->text);
	case OP_WATERMARK:
		return NOT_HERE("%s: the check of a watermark can not be called", op->text);
	case OP_ALLOC:
		if (op->times == UINT32_MAX)
			return NOT_HERE("%s: a kernel keeps its watermarks, and lets nobody have all", op->text);
		/* its first pass asks like anybody else; a scenario's request is one that has got past that */
		if (op->highatomic)
			return NOT_HERE("%s: while memory is plenty, a kernel does not turn to the reserve", op->text);
		break;
	default:
		break;
	}
	return 0;
}

static bool allocates(const struct scripted_case *sc)
{
	for (uint32_t i = 0; i < sc->nr_ops; i++) {
		if (sc->op[i].verb == OP_ALLOC)
			return true;
	}
	return strpbrk(sc->map + sc->nr_blocks + 2, "LTXCQV");
}

/* The node is what it is: larger than a scenario's zone, and next to another one. */
static int can_zone(const struct scenario *s, struct contig_diag *diag)
{
	const struct contig_zone *z = &s->g.zones[0];

	if (z->type != ZONE_NORMAL)
		return NOT_HERE("zone=: the arena lies in a zone Normal");
	if (z->wmark_min != 1 || z->wmark_low != 1)
		return NOT_HERE("min=, low=: the kernel computes its watermarks from its memory");
	if (s->dma32_blocks)
		return NOT_HERE("dma32=: the arena's node has no zone below");
	if (!s->free_blocks && allocates(&s->sc))
		return NOT_HERE("free=0: where its own memory is not enough, a kernel takes another node's");
	return 0;
}

int arena_machine_can(const struct arena *a, const struct scenario *s, struct contig_diag *diag)
{
	const struct scripted_case *sc = a->sc;
	int rc = s && arena_is_machine(a->c) ? can_zone(s, diag) : 0;

	if (!arena_is_machine(a->c) || rc)
		return rc;
	if (sc->balloon.counts || sc->balloon.drops || sc->balloon.vetoes)
		return NOT_HERE("balloon=: there is no such driver in the guest");
	for (uint32_t i = 0; i < sc->nr_ops && !rc; i++)
		rc = can_op(&sc->op[i], diag);
	/* the first of those that belong together is not marked itself */
	if (!rc && sc->nr_requests)
		return NOT_HERE("a kernel can not be stopped between two steps");
	return rc;
}

int arena_machine_open(struct arena *a, struct contig_diag *diag)
{
	return arena_is_machine(a->c) ? a->c->ops->lab->arena(a->c, a->sc->nr_blocks, &a->start, diag) : 0;
}
