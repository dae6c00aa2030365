// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gfp.h"

/*
 * The part of C that these tables are written in, loosest first:
 *
 *	or	and { "|" and }
 *	and	shift { "&" shift }
 *	shift	unary { "<<" unary }
 *	unary	"~" unary | cast unary | number | "(" or ")"		cast: "(" word { word } ")"
 */
struct parse {
	const char *at;
	bool bad;
	unsigned int depth; /* a hostile format must not use up the stack */
};

static uint64_t parse_or(struct parse *p);

static bool accept(struct parse *p, const char *token)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
	if (strncmp(p->at, token, strlen(token)))
		return false;
	p->at += strlen(token);
	return true;
}

/* Steps over "(gfp_t)" and "( unsigned long)"; a name without the parentheses behind it is none. */
static bool accept_cast(struct parse *p)
{
	const char *at = p->at;
	bool words = false;

	if (!accept(p, "("))
		return false;
	for (;;) {
		while (isspace((unsigned char)*p->at))
			p->at++;
		if (!isalpha((unsigned char)*p->at) && *p->at != '_')
			break;
		while (isalnum((unsigned char)*p->at) || *p->at == '_')
			p->at++;
		words = true;
	}
	if (words && accept(p, ")"))
		return true;
	p->at = at;
	return false;
}

static uint64_t parse_number(struct parse *p)
{
	char *end;

	if (!isdigit((unsigned char)*p->at)) {
		p->bad = true;
		return 0;
	}
	uint64_t v = strtoull(p->at, &end, 0);
	p->at = end + strspn(end, "uUlL");
	return v;
}

static uint64_t parse_unary(struct parse *p)
{
	uint64_t v = 0;

	if (p->bad || p->depth > 200) {
		p->bad = true;
		return 0;
	}
	p->depth++;
	if (accept(p, "~")) {
		v = ~parse_unary(p);
	} else if (accept_cast(p)) {
		v = parse_unary(p);
	} else if (accept(p, "(")) {
		v = parse_or(p);
		p->bad |= !accept(p, ")");
	} else {
		v = parse_number(p);
	}
	p->depth--;
	return v;
}

static uint64_t parse_shift(struct parse *p)
{
	uint64_t v = parse_unary(p);

	while (!p->bad && accept(p, "<<")) {
		uint64_t by = parse_unary(p);

		v = by < 64 ? v << by : 0;
	}
	return v;
}

static uint64_t parse_and(struct parse *p)
{
	uint64_t v = parse_shift(p);

	while (!p->bad && accept(p, "&"))
		v &= parse_shift(p);
	return v;
}

static uint64_t parse_or(struct parse *p)
{
	uint64_t v = parse_and(p);

	while (!p->bad && accept(p, "|"))
		v |= parse_and(p);
	return v;
}

bool gfp_flag(const char *format, const char *name, uint64_t *value)
{
	char quoted[64];

	snprintf(quoted, sizeof(quoted), "\"%s\"", name);
	const char *at = strstr(format, quoted);
	if (!at)
		return false;
	while (at > format && *at != '{')
		at--;
	struct parse p = { .at = at + 1 };
	uint64_t v = parse_or(&p);
	if (p.bad || !accept(&p, ",") || !accept(&p, quoted) || !v)
		return false;
	*value = v;
	return true;
}
