// SPDX-License-Identifier: MIT
/* outcomes.c - sets of outcomes, and writing one down. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outcomes.h"

#define TYPES_IN_FULL 8u
#define REST_BLOCKS   4u

/* Where it is, or would be. */
static uint32_t place_of(const struct outcome_set *s, const char *text)
{
	uint32_t low = 0, high = s->nr;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (strcmp(s->outcome[middle].text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct outcome *outcome_find(const struct outcome_set *s, const char *text)
{
	uint32_t at = place_of(s, text);

	return at < s->nr && !strcmp(s->outcome[at].text, text) ? &s->outcome[at] : NULL;
}

struct outcome *outcome_add(struct outcome_set *s, const char *text, uint64_t seen)
{
	struct outcome *o = outcome_find(s, text);

	if (o) {
		o->seen += seen;
		return o;
	}
	uint32_t at = place_of(s, text);
	char *copy = strdup(text);
	struct outcome *all = copy ? realloc(s->outcome, (s->nr + 1) * sizeof(*all)) : NULL;

	if (!all) {
		free(copy);
		return NULL;
	}
	s->outcome = all;
	memmove(&all[at + 1], &all[at], (s->nr++ - at) * sizeof(*all));
	all[at] = (struct outcome){ .text = copy, .seen = seen };
	return &all[at];
}

uint64_t outcome_trials(const struct outcome_set *s)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->nr; i++)
		sum += s->outcome[i].seen;
	return sum;
}

void outcome_free(struct outcome_set *s)
{
	for (uint32_t i = 0; i < s->nr; i++)
		free(s->outcome[i].text);
	free(s->outcome);
	*s = (struct outcome_set){ 0 };
}

void outcome_part(char *text, size_t size, const char *fmt, ...)
{
	size_t len = strlen(text);
	va_list ap;

	if (len)
		len += (size_t)snprintf(text + len, size - len, "; ");
	if (len >= size)
		return;
	va_start(ap, fmt);
	vsnprintf(text + len, size - len, fmt, ap);
	va_end(ap);
}

void outcome_types(char *text, size_t size, const char *types)
{
	char runs[OUTCOME_TEXT];
	size_t at = 0;

	if (strlen(types) <= TYPES_IN_FULL) {
		outcome_part(text, size, "%s", types);
		return;
	}
	for (size_t len; *types && at < sizeof(runs); types += len) {
		char one[2] = { *types, '\0' };

		len = strspn(types, one);
		at += (size_t)snprintf(runs + at, sizeof(runs) - at, len > 1 ? "%s%c*%zu" : "%s%c", at ? " " : "",
		                       *types, len);
	}
	outcome_part(text, size, "%s", runs);
}

/* ---- maps -------------------------------------------------------------------------------------- */

struct map {
	char text[OUTCOME_TEXT];
	size_t len;
	uint32_t at; /* page that comes next */
	uint32_t npb;
	char letter[3]; /* single pages that are not written yet ... */
	uint32_t nr;    /* ... and how many */
};

static void put(struct map *m, const char *word)
{
	if (m->len < sizeof(m->text))
		m->len += (size_t)snprintf(m->text + m->len, sizeof(m->text) - m->len, "%s%s", m->len ? " " : "", word);
}

static void put_singles(struct map *m)
{
	char word[24];

	if (!m->nr)
		return;
	snprintf(word, sizeof(word), m->nr > 1 ? "%s*%u" : "%s", m->letter, m->nr);
	put(m, word);
	m->nr = 0;
}

/* Single pages of a kind, up to the end of a pageblock at a time. */
static void add_singles(struct map *m, const char *letter, uint32_t nr)
{
	while (nr) {
		uint32_t here = m->npb - m->at % m->npb;

		if (!(m->at % m->npb) && m->at) {
			put_singles(m);
			put(m, "|");
		}
		if (m->nr && strcmp(m->letter, letter))
			put_singles(m);
		here = here < nr ? here : nr;
		snprintf(m->letter, sizeof(m->letter), "%s", letter);
		m->nr += here;
		m->at += here;
		nr -= here;
	}
}

static void add_run(struct map *m, const struct outcome_run *r)
{
	char word[8];

	put_singles(m);
	if (!(m->at % m->npb) && m->at)
		put(m, "|");
	snprintf(word, sizeof(word), "%c%u", r->kind, r->order);
	put(m, word);
	m->at += r->nr;
}

static bool stays(const struct outcome_run *r)
{
	return r->pinned || !strchr("FPLXTCQV", r->kind);
}

/* Many blocks in a row at the end in which nothing is taken. */
static void cut_rest(char *text, uint32_t npb)
{
	char block[24];
	size_t len = strlen(text), one = (size_t)snprintf(block, sizeof(block), " | _*%u", npb), end = len;

	while (end > one && !strncmp(text + end - one, block, one))
		end -= one;
	if (len - end > REST_BLOCKS * one)
		snprintf(text + end, len - end, " | ...");
}

void outcome_map(char *text, size_t size, const struct outcome_run *runs, uint32_t nr, uint32_t pages, uint32_t npb,
                 bool taken)
{
	struct map m = { .npb = npb };

	for (uint32_t i = 0; i < nr && m.at < pages; i++) {
		const char letter[3] = { taken && !stays(&runs[i]) ? '_' : runs[i].kind, runs[i].pinned ? '!' : '\0' };

		if (letter[0] != '_' && (letter[0] == 'F' || letter[0] == 'T'))
			add_run(&m, &runs[i]);
		else
			add_singles(&m, letter, runs[i].nr < pages - m.at ? runs[i].nr : pages - m.at);
	}
	put_singles(&m);
	cut_rest(m.text, npb);
	outcome_part(text, size, "%s", m.text);
}
