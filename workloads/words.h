/* SPDX-License-Identifier: MIT */
/* words.h - what lines of words and key=value pairs share: cutting them up, numbers, lists of what would have been right. */
#ifndef WORDS_H
#define WORDS_H

#include "../allocators/contig.h"

/*
 * Cut the next word off the line at *at, in place. Words are separated by blanks, but not between double quotes. NULL at
 * the end of the line.
 */
char *word_next(char **at);

/* Cut "key=value" at its first '=': the value, quotes around it taken off. NULL if there is none, or a quote is left open. */
char *word_value(char *word);

/* Read a decimal number up to max and move *at behind it; false, and nothing moved, if none begins there. */
bool word_number(const char **at, uint32_t max, uint32_t *out);

/* "a, b, c": names that a message ends with. */
struct word_list {
	char text[400];
};
void word_list_add(struct word_list *l, const char *name);

#endif
