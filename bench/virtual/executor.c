// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor.h"
#include "replay.h"

static void moved(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	struct executor *x = ctx;
	uint32_t slot = owner_slot(owner);

	if (x->watch && x->watch->moved)
		x->watch->moved(x->watch->ctx, owner, from, to, order);
	/* no two live allocations have the same pfn: what is at `from` is this one, or it is dead and waits for its
	 * free */
	if (x->map[slot] == from)
		x->map[slot] = to;
	for (size_t i = 0; i < x->nr_late; i++) {
		if (x->late[i].pfn == from)
			x->late[i].pfn = to;
	}
}

static int isolating(void *ctx, pfn_t start, uint32_t nr, uint32_t *found)
{
	return drivers_isolating(&((struct executor *)ctx)->drivers, start, nr, found);
}

static int going_offline(void *ctx, pfn_t start, uint32_t nr)
{
	return drivers_going_offline(&((struct executor *)ctx)->drivers, start, nr);
}

int executor_init(struct executor *x, const struct program *p, struct contig_diag *diag)
{
	memset(x, 0, sizeof(*x));
	x->program = p;
	x->diag = diag;
	x->hooks = (struct contig_hooks){
		.ctx = x, .moved = moved, .isolating = isolating, .going_offline = going_offline
	};
	x->map = malloc(2 * (size_t)p->nr_slots * sizeof(*x->map));
	x->owners = calloc(p->max_pieces ? p->max_pieces : 1, sizeof(*x->owners));
	if (!x->map || !x->owners) {
		snprintf(diag->text, sizeof(diag->text), "no memory for %u live allocations", p->nr_slots);
		executor_free(x);
		return -ENOMEM;
	}
	memset(x->map, 0xff, 2 * (size_t)p->nr_slots * sizeof(*x->map)); /* PFN_NONE */
	return 0;
}

void executor_free(struct executor *x)
{
	free(x->map);
	free(x->owners);
	free(x->late);
	x->map = NULL;
	x->owners = NULL;
	x->late = NULL;
}

void executor_rewind(struct executor *x)
{
	if (x->next)
		x->base = x->base ? 0 : x->program->nr_slots;
	x->next = 0;
	x->next_pieces = 0;
	x->failed = 0;
}

static void contract_broken(struct executor *x, const char *what, pfn_t pfn, owner_t owner, int rc)
{
	if (x->error)
		return;
	x->error = -EUCLEAN;
	snprintf(x->diag->text, sizeof(x->diag->text), "%s of what event %u allocated at pfn %u answered %s", what,
	         owner_event(owner), pfn, strerror(-rc));
}

static __attribute__((noinline)) void free_later(struct executor *x, uint32_t cpu, pfn_t pfn, owner_t owner, int rc)
{
	if (rc != -EAGAIN) {
		contract_broken(x, "free", pfn, owner, rc);
		return;
	}
	if (x->nr_late == x->cap_late) {
		size_t cap = x->cap_late ? 2 * x->cap_late : 64;
		struct late_free *late = reallocarray(x->late, cap, sizeof(*late));

		if (!late) {
			x->error = -ENOMEM;
			return;
		}
		x->late = late;
		x->cap_late = cap;
	}
	x->late[x->nr_late++] = (struct late_free){ .owner = owner, .pfn = pfn, .cpu = cpu };
	x->nr_late_total++;
}

static inline void free_slot(struct executor *x, uint32_t cpu, uint32_t slot, uint32_t birth)
{
	pfn_t pfn = x->map[slot];

	if (pfn == PFN_NONE)
		return; /* was never allocated here */
	owner_t owner = executor_owner(birth, slot);
	int rc = contig_free(x->backend, cpu, pfn, owner);

	if (__builtin_expect(rc != 0, 0))
		free_later(x, cpu, pfn, owner, rc);
}

void executor_free_survivor(struct executor *x, uint32_t cpu, const struct program_survivor *s)
{
	uint32_t other = x->base ? 0 : x->program->nr_slots;

	free_slot(x, cpu, other + s->slot, s->birth);
}

void executor_retry(struct executor *x)
{
	size_t kept = 0;

	for (size_t i = 0; i < x->nr_late; i++) {
		const struct late_free f = x->late[i];
		int rc = contig_free(x->backend, f.cpu, f.pfn, f.owner);

		if (rc == -EAGAIN)
			x->late[kept++] = f;
		else if (rc)
			contract_broken(x, "free", f.pfn, f.owner, rc);
	}
	x->nr_late = kept;
}

static __attribute__((noinline)) void split(struct executor *x, size_t event, const struct program_op *op)
{
	const uint32_t *pieces = &x->program->pieces[x->next_pieces];
	size_t n = (size_t)1 << (op->split.whole_order - op->split.pieces_order);
	uint32_t slot = x->base + op->slot;
	pfn_t pfn = x->map[slot];
	owner_t owner = executor_owner(*pieces++, slot);
	int rc = 0;

	x->next_pieces += n + 1;
	if (pfn != PFN_NONE) {
		for (size_t k = 0; k < n; k++)
			x->owners[k] = executor_owner(event, x->base + pieces[k]);
		rc = contig_split(x->backend, pfn, owner, op->split.pieces_order, x->owners);
		if (rc)
			contract_broken(x, "split", pfn, owner, rc);
	}
	/* the first piece may have got the slot of the whole */
	for (size_t k = 0; k < n; k++)
		x->map[x->base + pieces[k]] = pfn == PFN_NONE ? PFN_NONE : pfn + ((pfn_t)k << op->split.pieces_order);
}

static __attribute__((noinline)) void pin(struct executor *x, const struct program_op *op, bool on)
{
	const struct contig_lab *lab = x->backend->ops->lab;
	pfn_t pfn = x->map[x->base + op->slot];

	if (pfn == PFN_NONE)
		return;
	if (lab && lab->pin)
		lab->pin(x->backend, pfn, on);
	else
		x->skipped_pins++;
}

static __attribute__((noinline)) pfn_t not_allocated(struct executor *x, size_t event, int64_t rc)
{
	if (rc != -ENOMEM)
		contract_broken(x, "allocation", PFN_NONE, executor_owner(event, 0), (int)rc);
	x->failed++;
	return PFN_NONE;
}

void executor_run(struct executor *x, size_t limit, uint64_t until_ns)
{
	const struct program_op *ops = x->program->ops;
	struct contig *backend = x->backend;
	pfn_t *map = x->map + x->base;
	const uint32_t base = x->base;
	const uint64_t until = until_ns >= PROGRAM_MAX_NS ? UINT64_MAX : (until_ns + 1) << PROGRAM_NS_SHIFT;
	size_t i = x->next;

	for (; i < limit && ops[i].when < until; i++) {
		const struct program_op *op = &ops[i];

		/* the slot of an event to come: random access to a table that may be larger than the cache */
		__builtin_prefetch(&map[op[PROGRAM_AHEAD].slot], 1);
		switch (program_code(op)) {
		case TRACE_ALLOC: {
			const struct contig_what what = {
				.order = op->order, .kind = op->kind, .migratetype = op->migratetype, .node = op->node
			};
			int64_t pfn = contig_alloc(backend, program_cpu(op), what, executor_owner(i, base + op->slot));

			map[op->slot] = __builtin_expect(pfn >= 0, 1) ? (pfn_t)pfn : not_allocated(x, i, pfn);
			break;
		}
		case TRACE_FREE:
			free_slot(x, program_cpu(op), base + op->slot, op->birth);
			break;
		case TRACE_SPLIT:
			split(x, i, op);
			break;
		case TRACE_PIN:
		case TRACE_UNPIN:
			pin(x, op, program_code(op) == TRACE_PIN);
			break;
		case TRACE_MARK:
		case TRACE_OP_NR:
			break;
		}
	}
	x->executed += i - x->next;
	x->next = i;
}
