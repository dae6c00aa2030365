// SPDX-License-Identifier: MIT
/* zone_layout_text.c - the lines of random-NAME.layout.gz. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../../workloads/layout_items.h"
#include "zone_layout.h"

#define LISTED_A_LINE 4096u /* free runs */

/* ---- reading --------------------------------------------------------------------------------- */

/* Hexadecimal digits in address order, the lowest bit of a digit the lowest page. */
static bool parse_bitmap(const char *hex, uint8_t *map)
{
	memset(map, 0, LAYOUT_NPB / 8);
	if (strlen(hex) != LAYOUT_NPB / 4)
		return false;
	for (uint32_t i = 0; i < LAYOUT_NPB / 4; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *d = strchr(digits, hex[i]);

		if (!d)
			return false;
		map[i / 2] |= (uint8_t)((d - digits) << i % 2 * 4);
	}
	return true;
}

static int parse_block(struct zone_layout *l, const char *line, struct contig_diag *diag)
{
	char digits[8], type, unmovable[160], free_pages[160];
	int behind = 0;

	if (sscanf(line, "%7s %c %159s %159s %n", digits, &type, unmovable, free_pages, &behind) != 4 || line[behind])
		return contig_diag_set(diag, -EBADMSG, "not kernel, pageblock, type and two bitmaps");
	unsigned long number = digits[strspn(digits, "0123456789")] ? LAYOUT_MAX_BLOCKS : strtoul(digits, NULL, 10);

	if (number >= LAYOUT_MAX_BLOCKS || contig_type_of_letter(type) == MT_NR)
		return contig_diag_set(diag, -EBADMSG, "pageblock %s of type %c: at most %u, of U M R H C", digits,
		                       type, LAYOUT_MAX_BLOCKS - 1);
	struct block_layout *b = &l->block[number];

	if (b->type)
		return contig_diag_set(diag, -EBADMSG, "pageblock %lu is there twice", number);
	if (!parse_bitmap(unmovable, b->unmovable) || !parse_bitmap(free_pages, b->free))
		return contig_diag_set(diag, -EBADMSG, "a bitmap is not %u hexadecimal digits", LAYOUT_NPB / 4);
	b->type = type;
	if (number >= l->nr_blocks)
		l->nr_blocks = (uint32_t)number + 1;
	for (uint32_t i = 0; i < LAYOUT_NPB / 8; i++) {
		if (b->unmovable[i] & b->free[i])
			return contig_diag_set(diag, -EBADMSG, "pageblock %lu has a page that is unmovable and free",
			                       number);
	}
	return 0;
}

/* The next number, or with a sign the one before and it; false at the end of the line or at what is none. */
static bool next_page(const char **at, pfn_t *pfn)
{
	char *end;

	while (**at == ' ')
		++*at;
	bool relative = **at == '+' || **at == '-';

	if (!isdigit((unsigned char)(*at)[relative]))
		return false;
	long long number = strtoll(*at, &end, 10) + (relative ? (long long)*pfn : 0);

	if (number < 0 || number >= (long long)LAYOUT_MAX_BLOCKS * LAYOUT_NPB || (*end && *end != ' '))
		return false;
	*pfn = (pfn_t)number;
	*at = end;
	return true;
}

static int parse_free(struct zone_layout *l, const char *line, struct contig_diag *diag)
{
	unsigned int order;
	int behind = 0, rc = 0;
	pfn_t pfn = 0;
	char type;

	if (sscanf(line, "%u %c%n", &order, &type, &behind) != 2 || order > CONTIG_MAX_ORDER ||
	    contig_type_of_letter(type) == MT_NR)
		return contig_diag_set(diag, -EBADMSG, "not kernel, free, order, type and pages");
	const char *at = line + behind;

	while (!rc && next_page(&at, &pfn))
		rc = zone_layout_saw_free(l, pfn, order, contig_type_of_letter(type), diag);
	if (!rc && *at)
		rc = contig_diag_set(diag, -EBADMSG, "'%.20s': not a page", at);
	return rc;
}

static const struct layout_item *item_for(char letter)
{
	for (const struct layout_item *i = layout_items; i->letter; i++) {
		if (i->letter == letter)
			return i;
	}
	return NULL;
}

/* T9 4096, K! 17, A 4096+512 */
static int parse_run(struct zone_layout *l, const char *line, struct contig_diag *diag)
{
	const struct layout_item *item = item_for(line[0]);
	unsigned int order = 0, pfn, nr = 0;
	const char *at = line + 1;
	char *end;

	if (isdigit((unsigned char)*at)) {
		order = (unsigned int)strtoul(at, &end, 10);
		at = end;
	}
	bool pinned = *at == '!', wrong = !item || item->kind == PAGE_FREE || order > CONTIG_MAX_ORDER;

	at += pinned;
	int got = wrong || *at != ' ' ? 0 : sscanf(at, " %u+%u", &pfn, &nr);

	if (got < 1 || (got == 2 && (!nr || nr & ((1u << order) - 1))))
		return contig_diag_set(diag, -EBADMSG, "not kernel, run, a letter of layout strings, and its pages");
	struct contig_run run = { .pfn = pfn,
		                  .nr = got == 2 ? nr : 1u << order,
		                  .order = (uint8_t)order,
		                  .kind = (uint8_t)item->kind,
		                  .pinned = pinned,
		                  .frozen = item->frozen };

	if (pfn >= LAYOUT_MAX_BLOCKS * LAYOUT_NPB)
		return contig_diag_set(diag, -EBADMSG, "page %u is too large a number", pfn);
	return zone_layout_add_run(l, &run, diag);
}

static int parse_zone(struct zone_layout *l, const char *line, struct contig_diag *diag)
{
	int behind = 0;

	if (sscanf(line, "managed=%u min=%u low=%u%n", &l->managed, &l->wmark_min, &l->wmark_low, &behind) != 3 ||
	    line[behind] || !l->managed)
		return contig_diag_set(diag, -EBADMSG, "not kernel, zone, managed=, min= and low=");
	return 0;
}

int zone_layout_parse(struct zone_layout *l, const char *line, struct contig_diag *diag)
{
	static const struct {
		const char *word;
		int (*parse)(struct zone_layout *l, const char *line, struct contig_diag *diag);
	} words[] = { { "free ", parse_free }, { "run ", parse_run }, { "zone ", parse_zone } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i].word);

		if (!strncmp(line, words[i].word, len))
			return words[i].parse(l, line + len, diag);
	}
	return parse_block(l, line, diag);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void print_bitmap(const uint8_t *map, FILE *f)
{
	fputc(' ', f);
	for (uint32_t i = 0; i < LAYOUT_NPB / 8; i++)
		fprintf(f, "%x%x", map[i] & 15, map[i] >> 4);
}

static bool one_list(const struct contig_run *a, const struct contig_run *b)
{
	return a->order == b->order && a->list == b->list;
}

/* Mostly neighbours in a list are neighbours in memory: differences are short, and alike. */
static void print_free(const struct zone_layout *l, const char *kernel, FILE *f)
{
	for (uint32_t i = 0, first = 0; i < l->nr_free; i++) {
		const struct contig_run *r = &l->free_run[i];

		if (!i || !one_list(r, r - 1) || i - first == LISTED_A_LINE) {
			fprintf(f, "%s%s free %u %c %u", i ? "\n" : "", kernel, r->order,
			        contig_type_letter((enum migratetype)r->list), r->pfn);
			first = i;
		} else {
			fprintf(f, " %+lld", (long long)r->pfn - (long long)r[-1].pfn);
		}
	}
	if (l->nr_free)
		fputc('\n', f);
}

static void print_runs(const struct zone_layout *l, const char *kernel, FILE *f)
{
	for (uint32_t i = 0; i < l->nr_runs; i++) {
		const struct contig_run *r = &l->run[i];
		const struct layout_item *item = layout_items;

		while (item->letter && (item->kind != r->kind || item->frozen != r->frozen))
			item++;
		fprintf(f, "%s run %c", kernel, item->letter ? item->letter : r->frozen ? 'P' : 'K');
		if (r->order)
			fprintf(f, "%u", r->order);
		fprintf(f, "%s %u", r->pinned ? "!" : "", r->pfn);
		if (r->nr != 1u << r->order)
			fprintf(f, "+%u", r->nr);
		fputc('\n', f);
	}
}

void zone_layout_print(const struct zone_layout *l, const char *kernel, FILE *f)
{
	if (l->managed)
		fprintf(f, "%s zone managed=%u min=%u low=%u\n", kernel, l->managed, l->wmark_min, l->wmark_low);
	for (block_t n = 0; n < l->nr_blocks; n++) {
		fprintf(f, "%s %u %c", kernel, n, l->block[n].type);
		print_bitmap(l->block[n].unmovable, f);
		print_bitmap(l->block[n].free, f);
		fputc('\n', f);
	}
	print_runs(l, kernel, f);
	print_free(l, kernel, f);
}
