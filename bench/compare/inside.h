/* SPDX-License-Identifier: MIT */
/* inside.h - inside this room. */
#ifndef COMPARE_INSIDE_H
#define COMPARE_INSIDE_H

#include "compare.h"

/* What differs in what was asked for; a message if nothing can be compared. */
int compare_inputs(struct compare *c);
/* Is the benchmark of one experiment on both sides? */
bool compare_is_comparable(const struct compare *c, const char *benchmark);

/* Verdicts on counts, on rates and times before and after p is corrected. */
void compare_count(const struct compare_options *o, struct comparison *one);
void compare_rate(struct comparison *one, const struct record_benchmark *old, const struct record_benchmark *new);
int compare_times(struct compare *c);
void compare_decide(const struct compare *c, struct comparison *one);

/* Thresholds of metrics as far as runs of the same differ. */
int compare_noise(struct compare *c);

/* Values of seeds that both sides have, in order: false at the end. Zero `at` first. */
struct compare_pair {
	const struct record_value *old, *new;
	size_t next_old, next_new;
};
bool compare_next_pair(const struct comparison *one, struct compare_pair *at);
double compare_value(const struct comparison *one, const struct record_value *v);

/* 6 dB: the same for every format. */
void compare_print_json(FILE *f, const struct compare *c);
void compare_print_markdown(FILE *f, const struct compare *c, bool verbose);
void compare_print_junit(FILE *f, const struct compare *c);
void compare_print_text(FILE *f, const struct compare *c, bool verbose);

/* Words that several formats have. */
struct compare_words {
	char verdict[64];      /* "same within 5 %", "cannot tell: needs 12 more runs" */
	char from[32], to[32]; /* with units */
	char change[32];       /* "+12.3 %" */
	char interval[48];     /* "[+10.1, +13.9]", "" */
	char detail[192];      /* how it is known */
};
void compare_words(const struct compare *c, const struct comparison *one, struct compare_words *w);
/* Title and underlying question of a kind: "Counts, exactly". */
const char *compare_title(enum record_kind kind);

#endif
