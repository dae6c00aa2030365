/* SPDX-License-Identifier: MIT */
/* line.h - the lines of wire.h as text: words, numbers, what may not be on the wire as it is. Nothing here does I/O. */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Cut a line in place at its blanks: at most `max` words, the last of which is all the rest. How many there are; a line of
 * `max` words never has a blank at its end.
 */
unsigned int line_words(char *line, char **word, unsigned int max);

/* A decimal number with nothing behind it, in [0, max]. */
bool line_number(const char *word, uint64_t max, uint64_t *out);

/*
 * As much of src as fits, as printable ASCII: all else, and the backslash itself, becomes \xHH. Writes at most size - 1
 * characters and a NUL, and never half of an escape. How many bytes of src that was.
 */
size_t line_escape(char *dst, size_t size, const char *src, size_t len);

#endif
