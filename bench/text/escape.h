/* SPDX-License-Identifier: MIT */
/*
 * escape.h - a text of anybody's in what has a syntax of its own.
 *
 * Names of benchmarks come from other programs and hold anything: what is no UTF-8 becomes U+FFFD everywhere, so that what is
 * written is well-formed; control characters are shown, never sent.
 */
#ifndef ESCAPE_H
#define ESCAPE_H

#include <stdint.h>
#include <stdio.h>

/* The next character, and go past it; 0 at the end, U+FFFD for a byte that begins none. */
uint32_t escape_next(const char **text);

/* In quotes. */
void escape_json(FILE *f, const char *text);
/* Control characters as \xNN, so that no escape sequence reaches a terminal; so are direction marks, as \u{NNNN}. */
void escape_terminal(FILE *f, const char *text);
/* Literally, also in a cell of a table: what has a meaning in Markdown or HTML gets a backslash or an entity. */
void escape_markdown(FILE *f, const char *text);
/* For text and attributes; characters that XML 1.0 can not hold become U+FFFD. */
void escape_xml(FILE *f, const char *text);

/*
 * The text in well-formed UTF-8, cut in front of the first character that has no room: for names that go into JSON and CSV and
 * are compared there.
 */
void escape_utf8(char *out, size_t size, const char *text);
/* The text as escape_terminal() has it, cut after `size` - 1 bytes with "..." at its end. For messages. */
const char *escape_short(char *out, size_t size, const char *text);
/* How many columns of a terminal the text takes there, wide characters aside. */
size_t escape_width(const char *text);

#endif
