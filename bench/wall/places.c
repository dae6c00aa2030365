// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "places.h"

int places_init(struct places *p, const struct program *program, const uint16_t *thread_of, uint32_t nr_threads,
                uint32_t first, size_t nr)
{
	/* a thread is making one allocation, or the pieces of one */
	size_t notes = (program->max_pieces + 1) * nr_threads;
	size_t bytes = (nr * sizeof(*p->map) + CACHE_LINE) / CACHE_LINE * CACHE_LINE;

	*p = (struct places){ .nr = nr,
		              .first = first,
		              .program = program,
		              .thread_of = thread_of,
		              .nr_threads = nr_threads,
		              .cap_notes = notes };
	p->map = aligned_alloc(CACHE_LINE, bytes);
	p->making = aligned_alloc(CACHE_LINE, nr_threads * sizeof(*p->making));
	p->notes = calloc(notes, sizeof(*p->notes));
	if (!p->map || !p->making || !p->notes) {
		places_free(p);
		return -ENOMEM;
	}
	memset(p->map, 0, bytes);
	memset(p->notes, 0, notes * sizeof(*p->notes));
	for (uint32_t i = 0; i < nr_threads; i++)
		atomic_init(&p->making[i].event, MAKING_NONE);
	return 0;
}

void places_free(struct places *p)
{
	free(p->map);
	free(p->making);
	free(p->notes);
	p->map = NULL;
	p->making = NULL;
	p->notes = NULL;
}

static bool move(struct places *p, owner_t owner, pfn_t from, pfn_t to)
{
	uint64_t expected = place_of(owner_event(owner), from);

	return atomic_compare_exchange_strong_explicit(&p->map[owner_slot(owner)], &expected,
	                                               place_of(owner_event(owner), to), memory_order_acq_rel,
	                                               memory_order_relaxed);
}

/*
 * May its owner still be about to write down where it is? If not, what it has written is visible here: it has published
 * another event since, with release.
 */
static bool in_the_making(struct places *p, owner_t owner)
{
	uint32_t event = owner_event(owner);

	if (owner_slot(owner) < p->first)
		return false;
	uint32_t thread = p->thread_of[program_cpu(&p->program->ops[event])];

	return atomic_load_explicit(&p->making[thread].event, memory_order_acquire) == event;
}

/* The question comes first: when the answer is no, a move that finds nothing will never find anything. */
static void settle(struct places *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->nr_notes; i++) {
		const struct place_note n = p->notes[i];
		bool later = in_the_making(p, n.owner);

		if (!move(p, n.owner, n.from, n.to) && later)
			p->notes[kept++] = n;
	}
	p->nr_notes = kept;
}

static void note(struct places *p, owner_t owner, pfn_t from, pfn_t to)
{
	for (size_t i = 0; i < p->nr_notes; i++) {
		if (p->notes[i].owner == owner && p->notes[i].to == from) {
			p->notes[i].to = to;
			return;
		}
	}
	if (p->nr_notes < p->cap_notes)
		p->notes[p->nr_notes++] = (struct place_note){ owner, from, to };
}

void places_moved(struct places *p, owner_t owner, pfn_t from, pfn_t to)
{
	if (move(p, owner, from, to))
		return;
	/* already freed, or not written down yet */
	spin_lock(&p->lock);
	settle(p);
	bool later = in_the_making(p, owner);

	if (!move(p, owner, from, to) && later)
		note(p, owner, from, to);
	spin_unlock(&p->lock);
}

void places_settle(struct places *p, uint32_t thread)
{
	for (uint32_t i = 0; i < p->nr_threads; i++) {
		if (i == thread || thread == UINT32_MAX)
			atomic_store_explicit(&p->making[i].event, MAKING_NONE, memory_order_release);
	}
	spin_lock(&p->lock);
	settle(p);
	spin_unlock(&p->lock);
}
