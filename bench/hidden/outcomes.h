/* SPDX-License-Identifier: MIT */
/*
 * outcomes.h - what an experiment can come to, as a set of texts.
 *
 *	A 0 ok; B -EBUSY isolate; MM; A*512 | F9
 *
 * docs/formats.md says what stands in one, and what is left out because a kernel's hidden state decides it.
 */
#ifndef OUTCOMES_H
#define OUTCOMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTCOME_TEXT 1024u
#define OUTCOME_WAY  64u

struct outcome {
	char *text;
	uint64_t seen; /* a kernel's: trials; the model's: ways looked at that ended so */
	/* the model's: which request went on, a letter a step, a number in front for several: "3AB2A"; "" elsewhere */
	char way[OUTCOME_WAY];
};

/* In the order of the texts. */
struct outcome_set {
	uint32_t nr;
	struct outcome *outcome;
};

/* Count it; NULL without memory. */
struct outcome *outcome_add(struct outcome_set *s, const char *text, uint64_t seen);
struct outcome *outcome_find(const struct outcome_set *s, const char *text);
uint64_t outcome_trials(const struct outcome_set *s);
void outcome_free(struct outcome_set *s);

/* Append to a text of `size` bytes, what has no room is cut; a "; " goes between parts. */
void outcome_part(char *text, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A run of the arena, or single pages of one kind in a row. Offsets count from the arena's beginning. */
struct outcome_run {
	uint32_t at;
	uint32_t nr;
	uint8_t order; /* of a free run */
	char kind;     /* a letter of the layout string */
	bool pinned;
};

/*
 * Ascending, without gaps; the first may begin before the arena. As a layout string; or, if only what is `taken` counts, with
 * '_' for pages that are free or can move.
 */
void outcome_map(char *text, size_t size, const struct outcome_run *runs, uint32_t nr, uint32_t pages, uint32_t npb,
                 bool taken);
/* "MMMMM" as it is, or "M*64" from nine on. */
void outcome_types(char *text, size_t size, const char *types);

#endif
