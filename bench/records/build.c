// SPDX-License-Identifier: MIT
/* build.c - benchmarks found by name while values come in. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"

#define FIRST 16u /* room for so many, and then for twice as many each time */

/* Room for one more behind `nr`. */
static void *grow(void *array, size_t nr, size_t size)
{
	if (nr && (nr < FIRST || (nr & (nr - 1))))
		return array;
	return reallocarray(array, nr ? nr * 2 : FIRST, size);
}

/* FNV-1a */
static size_t hash(const char *name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (const unsigned char *c = (const unsigned char *)name; *c; c++)
		h = (h ^ *c) * UINT64_C(0x100000001b3);
	return (size_t)(h ^ h >> 32);
}

static size_t slot_of(const struct build *b, const char *name)
{
	size_t i = hash(name) & (b->slots - 1);

	while (b->table[i] && strcmp(b->benchmarks[b->table[i] - 1].name, name))
		i = (i + 1) & (b->slots - 1);
	return i;
}

/* At most half of the slots are taken. */
static bool make_room(struct build *b)
{
	if (b->nr * 2 < b->slots)
		return true;
	size_t slots = b->slots ? b->slots * 4 : 64;
	size_t *table = calloc(slots, sizeof(*table));

	if (!table)
		return false;
	free(b->table);
	b->table = table;
	b->slots = slots;
	for (size_t i = 0; i < b->nr; i++)
		b->table[slot_of(b, b->benchmarks[i].name)] = i + 1;
	return true;
}

struct record_benchmark *build_benchmark(struct build *b, const char *name)
{
	if (b->nr && !strcmp(b->benchmarks[b->last].name, name))
		return &b->benchmarks[b->last];
	if (!make_room(b))
		return NULL;
	size_t slot = slot_of(b, name);

	if (!b->table[slot]) {
		void *more = grow(b->benchmarks, b->nr, sizeof(*b->benchmarks));
		char *copy = more ? strdup(name) : NULL;

		if (more)
			b->benchmarks = more;
		if (!copy)
			return NULL;
		b->benchmarks[b->nr] = (struct record_benchmark){ .name = copy };
		b->table[slot] = ++b->nr;
	}
	b->last = b->table[slot] - 1;
	return &b->benchmarks[b->last];
}

const struct record_benchmark *build_find(const struct build *b, const char *name)
{
	size_t slot = b->nr ? slot_of(b, name) : 0;

	return b->nr && b->table[slot] ? &b->benchmarks[b->table[slot] - 1] : NULL;
}

struct record_metric *build_metric(struct record_benchmark *b, const char *name, size_t guess)
{
	if (guess < b->nr && !strcmp(b->metrics[guess].name, name))
		return &b->metrics[guess];
	for (size_t i = 0; i < b->nr; i++) {
		if (!strcmp(b->metrics[i].name, name))
			return &b->metrics[i];
	}
	void *more = grow(b->metrics, b->nr, sizeof(*b->metrics));
	char *copy = more ? strdup(name) : NULL;

	if (more)
		b->metrics = more;
	if (!copy)
		return NULL;
	b->metrics[b->nr] = (struct record_metric){ .name = copy, .stddev = NAN };
	return &b->metrics[b->nr++];
}

bool build_value(struct record_metric *m, struct record_value value)
{
	void *more = grow(m->values, m->nr, sizeof(*m->values));

	if (!more)
		return false;
	m->values = more;
	m->values[m->nr++] = value;
	return true;
}

static void metric_free(struct record_metric *m)
{
	free(m->name);
	free(m->unit);
	free(m->values);
}

void build_remove_metric(struct record_benchmark *b, const char *name)
{
	for (size_t i = 0; i < b->nr; i++) {
		if (strcmp(b->metrics[i].name, name))
			continue;
		metric_free(&b->metrics[i]);
		b->nr--;
		memmove(&b->metrics[i], &b->metrics[i + 1], (b->nr - i) * sizeof(*b->metrics));
		return;
	}
}

void build_free(struct build *b)
{
	for (size_t i = 0; i < b->nr; i++) {
		struct record_benchmark *one = &b->benchmarks[i];

		for (size_t k = 0; k < one->nr; k++)
			metric_free(&one->metrics[k]);
		free(one->name);
		free(one->metrics);
		free(one->requests);
	}
	free(b->benchmarks);
	free(b->table);
	*b = (struct build){ 0 };
}
