// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../results/results.h"
#include "../text/escape.h"
#include "../virtual/plan.h"
#include "data.h"

#define LONGEST 56u /* characters of a name; more would not fit into a column of a paper */
#define HEAD    36u /* ... of which are shown in front of the dots */

static void separate(struct data *d)
{
	if (d->inside)
		fputc('\t', d->f);
	d->inside = true;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static size_t characters(const char *text)
{
	size_t n = 0;

	while (escape_next(&text))
		n++;
	return n;
}

/*
 * Has it a glyph in the font, and one that stays in its place? Latin, Greek, Cyrillic and punctuation. Others are drawn as
 * boxes of any size, turn the direction of writing, or go on top of what is before them.
 */
static bool is_drawable(uint32_t c)
{
	return (c >= 0x20 && c < 0x7f) || (c >= 0xa1 && c < 0x250 && c != 0xad) || (c >= 0x370 && c < 0x530) ||
	       (c >= 0x2010 && c < 0x2028) || (c >= 0x2030 && c < 0x205f);
}

/* As gnuplot reads a string of a data file. */
static void plain(FILE *f, uint32_t c, const char *bytes, size_t len)
{
	if (!is_drawable(c))
		fputc('?', f);
	else if (c == '"')
		fputs("\\042", f);
	else if (c == '\\')
		fputs("\\\\", f);
	else
		fwrite(bytes, 1, len, f);
}

/* As LaTeX reads it, in a string of a data file: every backslash is doubled. Letters of Latin 1 are what it has by itself. */
static void latex(FILE *f, uint32_t c, const char *bytes, size_t len)
{
	static const char *const special[128] = {
		['#'] = "\\\\#",
		['$'] = "\\\\$",
		['%'] = "\\\\%",
		['&'] = "\\\\&",
		['_'] = "\\\\_",
		['{'] = "\\\\{",
		['}'] = "\\\\}",
		['~'] = "\\\\textasciitilde{}",
		['^'] = "\\\\textasciicircum{}",
		['\\'] = "\\\\textbackslash{}",
		['<'] = "\\\\textless{}",
		['>'] = "\\\\textgreater{}",
		['|'] = "\\\\textbar{}",
		['`'] = "\\\\textasciigrave{}",
		['\''] = "\\\\textquotesingle{}",
		['"'] = "\\\\textquotedblright{}",
		['-'] = "-{}", /* two are no dash */
		['?'] = "?{}", /* no ?` */
		['!'] = "!{}",
	};

	bool known = c < 0x80 || (c >= 0xc0 && c <= 0xff && c != 0xd7 && c != 0xf7);

	if (!is_drawable(c) || !known)
		fputs("?{}", f);
	else if (c < 0x80 && special[c])
		fputs(special[c], f);
	else
		fwrite(bytes, 1, len, f);
}

static void write_text(FILE *f, const char *text, size_t longest, const char *dots,
                       void (*one)(FILE *f, uint32_t c, const char *bytes, size_t len))
{
	size_t n = characters(text), skip = n > longest ? n - longest + 1 : 0;

	for (size_t i = 0; *text; i++) {
		const char *bytes = text;
		uint32_t c = escape_next(&text);

		if (!skip || i < HEAD || i >= HEAD + skip)
			one(f, c, bytes, (size_t)(text - bytes));
		else if (i == HEAD)
			fputs(dots, f);
	}
}

static void both(struct data *d, const char *text, size_t longest)
{
	separate(d);
	write_text(d->f, text, longest, "\u2026", plain);
	separate(d);
	write_text(d->f, text, longest, "\\\\dots{}", latex);
}

void data_text(struct data *d, const char *text)
{
	both(d, text, LONGEST);
}

/* ---- the rest -------------------------------------------------------------------------------- */

void data_word(struct data *d, const char *word)
{
	separate(d);
	fputs(word, d->f);
}

void data_u64(struct data *d, uint64_t value)
{
	separate(d);
	fprintf(d->f, "%" PRIu64, value);
}

void data_fixed(struct data *d, int64_t value, unsigned int digits)
{
	separate(d);
	print_fixed(d->f, value, digits);
}

void data_none(struct data *d)
{
	separate(d);
}

void data_end(struct data *d)
{
	fputc('\n', d->f);
	d->inside = false;
	d->lines++;
}

void data_title(struct data *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d->title, sizeof(d->title), fmt, ap);
	va_end(ap);
}

void data_title_occupancy(struct data *d, const struct select_place *at)
{
	char percent[16];

	occupancy_label((uint32_t)d->selection->occupancies.percent[at->occupancy], percent);
	data_title(d, "peak use %s %% of memory", percent);
}

void data_threads(int64_t nr, char out[32])
{
	out[0] = '\0';
	if (nr)
		snprintf(out, 32, ", %lld thread%s", (long long)nr, nr == 1 ? "" : "s");
}

void data_size(const char *label, char out[32])
{
	static const struct {
		char letter;
		const char *unit;
	} units[] = { { 'p', "page" }, { 'b', "pageblock" }, { 'm', "memory block" } };
	char *behind;
	unsigned long count = strtoul(label, &behind, 10);

	snprintf(out, 32, "%.16s", label);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (*behind == units[i].letter && !behind[1])
			snprintf(out, 32, "%lu %s%s", count, units[i].unit, count == 1 ? "" : "s");
	}
}

static void place(struct data *d, size_t panel, size_t line, const struct select_place *at, const char *backend)
{
	const struct selection *s = d->selection;
	char percent[16];

	data_u64(d, panel);
	/* words of the program's own, and made to fit */
	both(d, d->title, sizeof(d->title));
	data_u64(d, line);
	data_word(d, s->clock);
	data_text(d, s->costs);
	data_text(d, s->workload);
	data_u64(d, s->nr_seeds);
	occupancy_label((uint32_t)s->occupancies.percent[at->occupancy], percent);
	data_word(d, percent);
	data_word(d, s->sizes.label[at->size]);
	data_text(d, backend ? backend : "");
	data_u64(d, backend && plan_is_baseline(backend));
}

void data_place(struct data *d, size_t panel, const struct select_place *at)
{
	place(d, panel, at->backend + 1, at, d->selection->backends.spec[at->backend]);
}

void data_group(struct data *d, size_t panel, size_t line, const struct select_place *at)
{
	place(d, panel, line, at, NULL);
}
