// SPDX-License-Identifier: MIT
/* digest.c - the same numbers have the same name, so that a set is not kept twice. */
#include <stdlib.h>
#include <string.h>

#include "../../workloads/trace/sha256.h"
#include "inside.h"

/* The NUL is what keeps "a", "bc" and "ab", "c" apart. */
static void text(struct sha256 *sum, const char *s)
{
	sha256_add(sum, s, strlen(s) + 1);
}

static void number(struct sha256 *sum, uint64_t v)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(v >> (8 * i));
	sha256_add(sum, bytes, sizeof(bytes));
}

static void real(struct sha256 *sum, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	number(sum, bits);
}

static void metric(struct sha256 *sum, const struct record_metric *m)
{
	text(sum, m->name);
	text(sum, m->unit);
	number(sum, (uint64_t)m->kind);
	number(sum, m->mean_of);
	/* without one it is NAN, of which there are many */
	real(sum, m->mean_of ? m->stddev : 0);
	number(sum, m->nr);
	for (size_t i = 0; i < m->nr; i++) {
		number(sum, m->values[i].key);
		real(sum, m->values[i].value);
		number(sum, m->kind == RECORD_RATE ? m->values[i].k : 0);
		number(sum, m->kind == RECORD_RATE ? m->values[i].n : 0);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct record_metric *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* Whatever their order: an export has another one than the file it came from. */
static bool metrics(struct sha256 *sum, const struct record_benchmark *b)
{
	const struct record_metric **sorted = calloc(b->nr + 1, sizeof(struct record_metric *));

	if (!sorted)
		return false;
	for (size_t i = 0; i < b->nr; i++)
		sorted[i] = &b->metrics[i];
	qsort(sorted, b->nr, sizeof(*sorted), by_name);
	for (size_t i = 0; i < b->nr; i++)
		metric(sum, sorted[i]);
	free(sorted);
	return true;
}

bool history_digest(const struct record_set *s, char out[65])
{
	struct sha256 sum;

	sha256_init(&sum);
	text(&sum, s->machine);
	text(&sum, s->parameters);
	text(&sum, s->inputs);
	number(&sum, s->deterministic);
	for (size_t b = 0; b < s->nr; b++) {
		text(&sum, s->benchmarks[b].name);
		number(&sum, s->benchmarks[b].nr);
		if (!metrics(&sum, &s->benchmarks[b]))
			return false;
	}
	sha256_hex(&sum, out);
	return true;
}
