// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <string.h>

#include "escape.h"

#define REPLACEMENT 0xfffdu

uint32_t escape_next(const char **text)
{
	/* what a first byte says: how many follow, and the smallest character that needs so many (no overlong forms) */
	static const struct {
		uint8_t mask, is, more;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0x00, 0, 0 },
		{ 0xe0, 0xc0, 1, 0x80 },
		{ 0xf0, 0xe0, 2, 0x800 },
		{ 0xf8, 0xf0, 3, 0x10000 },
	};
	const unsigned char *s = (const unsigned char *)*text;

	if (!*s)
		return 0;
	++*text;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		uint32_t c = *s & (uint8_t)~forms[i].mask;
		uint8_t n = 0;

		if ((*s & forms[i].mask) != forms[i].is)
			continue;
		while (n < forms[i].more && (s[n + 1] & 0xc0) == 0x80)
			c = c << 6 | (s[++n] & 0x3f);
		if (n < forms[i].more || c < forms[i].least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
			return REPLACEMENT;
		*text += n;
		return c;
	}
	return REPLACEMENT;
}

static void put(FILE *f, uint32_t c)
{
	if (c < 0x80) {
		fputc((int)c, f);
		return;
	}
	if (c >= 0x10000) {
		fputc((int)(0xf0 | c >> 18), f);
		fputc((int)(0x80 | (c >> 12 & 0x3f)), f);
	} else if (c >= 0x800) {
		fputc((int)(0xe0 | c >> 12), f);
	} else {
		fputc((int)(0xc0 | c >> 6), f);
	}
	if (c >= 0x800)
		fputc((int)(0x80 | (c >> 6 & 0x3f)), f);
	fputc((int)(0x80 | (c & 0x3f)), f);
}

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* Marks that make what follows them read otherwise than it is (CVE-2021-42574), line and paragraph separators. */
static bool is_direction(uint32_t c)
{
	return c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void escape_json(FILE *f, const char *text)
{
	fputc('"', f);
	for (uint32_t c; (c = escape_next(&text));) {
		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", (int)c);
		else if (is_control(c))
			fprintf(f, "\\u%04x", c);
		else
			put(f, c);
	}
	fputc('"', f);
}

void escape_terminal(FILE *f, const char *text)
{
	for (uint32_t c; (c = escape_next(&text));) {
		if (is_control(c))
			fprintf(f, "\\x%02x", c);
		else if (is_direction(c))
			fprintf(f, "\\u{%x}", c);
		else
			put(f, c);
	}
}

void escape_markdown(FILE *f, const char *text)
{
	for (uint32_t c; (c = escape_next(&text));) {
		if (is_control(c))
			fprintf(f, "\\\\x%02x", c);
		else if (is_direction(c))
			fprintf(f, "\\\\u{%x}", c);
		else if (c == '<' || c == '>' || c == '&' || c == '|' || c == '@')
			fprintf(f, "&#%u;", c); /* a pipe ends a cell, whatever stands before it; @ calls somebody */
		else if (c < 0x80 && strchr("\\`*_{}[]()#+-!~$^:", (int)c))
			fprintf(f, "\\%c", (int)c);
		else
			put(f, c);
	}
}

void escape_xml(FILE *f, const char *text)
{
	for (uint32_t c; (c = escape_next(&text));) {
		if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'' || c == '\t' || c == '\n' || c == '\r')
			fprintf(f, "&#%u;", c);
		else
			put(f, c < 0x20 || c == 0xfffe || c == 0xffff ? REPLACEMENT : c);
	}
}

void escape_utf8(char *out, size_t size, const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t at = 0;

	while (*text) {
		const char *from = text;
		bool broken = escape_next(&text) == REPLACEMENT;
		size_t len = broken ? strlen(replacement) : (size_t)(text - from);

		if (at + len >= size)
			break;
		memcpy(out + at, broken ? replacement : from, len);
		at += len;
	}
	out[at] = '\0';
}

const char *escape_short(char *out, size_t size, const char *text)
{
	FILE *f = fmemopen(out, size, "w");

	/* a character that has no room is left out whole, and so is all behind it */
	out[0] = '\0';
	if (!f)
		return out;
	setvbuf(f, NULL, _IONBF, 0);
	while (*text) {
		const char *next = text;
		char one[8];

		escape_next(&next);
		snprintf(one, sizeof(one), "%.*s", (int)(next - text), text);
		if ((size_t)ftell(f) + 12 > size) {
			fputs("...", f);
			break;
		}
		escape_terminal(f, one);
		text = next;
	}
	fclose(f);
	return out;
}

size_t escape_width(const char *text)
{
	size_t width = 0;

	for (uint32_t c; (c = escape_next(&text));)
		width += is_control(c) ? 4 : is_direction(c) ? 4 + (size_t)snprintf(NULL, 0, "%x", c) : 1;
	return width;
}
