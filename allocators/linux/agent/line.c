// SPDX-License-Identifier: MIT
/* line.c - the lines of wire.h as text. */
#include <stdio.h>
#include <string.h>

#include "line.h"

unsigned int line_words(char *line, char **word, unsigned int max)
{
	unsigned int nr = 0;
	char *p = line + strspn(line, " ");

	while (*p && nr < max) {
		word[nr++] = p;
		if (nr == max)
			break;
		p += strcspn(p, " ");
		if (!*p)
			break;
		*p++ = '\0';
		p += strspn(p, " ");
	}
	if (nr) {
		char *last = word[nr - 1];

		for (size_t len = strlen(last); len && last[len - 1] == ' '; len--)
			last[len - 1] = '\0';
	}
	return nr;
}

bool line_number(const char *word, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (!*word)
		return false;
	for (const char *p = word; *p; p++) {
		if (*p < '0' || *p > '9' || __builtin_mul_overflow(n, UINT64_C(10), &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return false;
	}
	*out = n;
	return n <= max;
}

size_t line_escape(char *dst, size_t size, const char *src, size_t len)
{
	size_t done = 0, at = 0;

	for (; done < len; done++) {
		unsigned char c = (unsigned char)src[done];
		bool plain = c >= ' ' && c <= '~' && c != '\\';

		if (at + (plain ? 1 : 4) >= size)
			break;
		if (plain)
			dst[at++] = (char)c;
		else
			at += (size_t)snprintf(dst + at, size - at, "\\x%02x", c);
	}
	dst[at] = '\0';
	return done;
}
