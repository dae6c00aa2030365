// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "timeline.h"

static bool before(const struct timeline_entry *a, const struct timeline_entry *b)
{
	return a->ns != b->ns ? a->ns < b->ns : a->order < b->order;
}

int timeline_add(struct timeline *t, uint64_t ns, enum action action, uint32_t index)
{
	const struct timeline_entry e = { .ns = ns, .order = (uint64_t)action << 56 | t->serial++, .index = index };

	if (t->nr == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 64;
		struct timeline_entry *heap = reallocarray(t->heap, cap, sizeof(*heap));

		if (!heap)
			return -ENOMEM;
		t->heap = heap;
		t->cap = cap;
	}
	size_t i = t->nr++;

	for (; i && before(&e, &t->heap[(i - 1) / 2]); i = (i - 1) / 2)
		t->heap[i] = t->heap[(i - 1) / 2];
	t->heap[i] = e;
	return 0;
}

const struct timeline_entry *timeline_peek(const struct timeline *t)
{
	return t->nr ? &t->heap[0] : NULL;
}

struct timeline_entry timeline_take(struct timeline *t)
{
	const struct timeline_entry top = t->heap[0];
	const struct timeline_entry last = t->heap[--t->nr];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= t->nr)
			break;
		if (child + 1 < t->nr && before(&t->heap[child + 1], &t->heap[child]))
			child++;
		if (!before(&t->heap[child], &last))
			break;
		t->heap[i] = t->heap[child];
		i = child;
	}
	t->heap[i] = last;
	return top;
}

void timeline_free(struct timeline *t)
{
	free(t->heap);
	*t = (struct timeline){ 0 };
}
