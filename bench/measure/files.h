/* SPDX-License-Identifier: MIT */
/* files.h - one-line answers of /proc and /sys. */
#ifndef MEASURE_FILES_H
#define MEASURE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The first line of a file, or with a key what follows "key:" in the first line that begins with the key. False, and
 * "unknown" in out: there is no such file or line.
 */
bool file_line(char *out, size_t size, const char *path, const char *key);
/* A number at the beginning of the first line; false if there is none. */
bool file_number(uint64_t *out, const char *path);
/* The number behind the word `key` in a file of lines "key number"; false if there is none. */
bool file_keyed_number(uint64_t *out, const char *path, const char *key);
/* Does the list, words with blanks around them, hold the word? */
bool list_has_word(const char *list, const char *word);

#endif
