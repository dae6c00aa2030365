// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../../workloads/layout_items.h"
#include "zone.h"

#define TYPES_A_CALL 1024u /* pageblocks: an answer is one line of the wire */

int guest_zone_ask(struct guest *g, struct guest_answer **answer, struct contig_diag *diag, const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	int rc = guest_call(g, answer, diag, "%s", command);

	if (!rc && (*answer)->rc < 0)
		rc = contig_diag_set(diag, (int)(*answer)->rc, "%.80s: the agent answers %lld %.300s", command,
		                     (long long)(*answer)->rc, (*answer)->words);
	return rc;
}

int guest_zone_find(struct guest_zone *z, struct guest *g, struct contig_diag *diag)
{
	uint64_t start = guest_number(g, "zone_start"), pages = guest_number(g, "zone_pages");
	uint64_t order = guest_number(g, "pageblock_order"), most = guest_number(g, "max_order");

	if (order != 9 || most != 10 || start % 1024 || start > UINT32_MAX - pages ||
	    pages / LAYOUT_NPB > LAYOUT_MAX_BLOCKS || pages < LAYOUT_NPB)
		return contig_diag_set(diag, -EOPNOTSUPP,
		                       "its zone of %llu pages at %llu, pageblocks of order %llu, largest order %llu: "
		                       "experiments are for orders 9 and 10 and at most %u pageblocks",
		                       (unsigned long long)pages, (unsigned long long)start, (unsigned long long)order,
		                       (unsigned long long)most, LAYOUT_MAX_BLOCKS);
	*z = (struct guest_zone){ .g = g, .start = (pfn_t)start, .nr_blocks = (uint32_t)(pages / LAYOUT_NPB) };
	return 0;
}

/* ---- looking --------------------------------------------------------------------------------- */

/* "PFN NR ORDER KIND LIST MARKS", relative to the zone; an order-0 line may stand for many pages. */
static int parse_run(const struct guest_zone *z, const char *line, struct contig_run *run, struct contig_diag *diag)
{
	const struct layout_item *item = layout_items;
	unsigned long long pfn, nr;
	unsigned int order;
	char kind, list, marks[8] = "";

	if (sscanf(line, "%llu %llu %u %c %c %7s", &pfn, &nr, &order, &kind, &list, marks) < 5 || pfn < z->start ||
	    !nr || order > CONTIG_MAX_ORDER || nr > UINT32_MAX || pfn > UINT32_MAX)
		return contig_diag_set(diag, -EPROTO, "look: '%.80s' is no run", line);
	while (item->letter && (item->letter != kind || item->kind == PAGE_PCP))
		item++;
	if (!item->letter)
		return contig_diag_set(diag, -EPROTO, "look: '%.80s' is of no known kind", line);
	enum migratetype mt = contig_type_of_letter((char)toupper((unsigned char)list));

	*run = (struct contig_run){ .pfn = (pfn_t)pfn - z->start,
		                    .nr = (uint32_t)nr,
		                    .order = (uint8_t)order,
		                    .kind = (uint8_t)item->kind,
		                    .list = (uint8_t)(mt == MT_NR ? MT_ISOLATE : mt),
		                    .pinned = strchr(marks, '!'),
		                    .frozen = item->frozen || strchr(marks, '0') };
	return 0;
}

typedef int (*each_run)(void *ctx, const struct contig_run *run, struct contig_diag *diag);

static int look(const struct guest_zone *z, block_t first, uint32_t nr, each_run fn, void *ctx,
                struct contig_diag *diag)
{
	struct guest_answer *a;
	int rc = guest_zone_ask(z->g, &a, diag, "look %u %u", z->start + first * LAYOUT_NPB, nr * LAYOUT_NPB);

	for (uint32_t i = 0; !rc && i < a->nr_lines; i++) {
		struct contig_run run;

		rc = parse_run(z, a->line[i], &run, diag);
		rc = rc ? rc : fn(ctx, &run, diag);
	}
	return rc;
}

int guest_zone_types(const struct guest_zone *z, block_t first, uint32_t nr, char *out, struct contig_diag *diag)
{
	struct guest_answer *a;

	for (uint32_t at = 0, n; at < nr; at += n) {
		n = nr - at < TYPES_A_CALL ? nr - at : TYPES_A_CALL;
		int rc = guest_zone_ask(z->g, &a, diag, "types %u %u", z->start + (first + at) * LAYOUT_NPB,
		                        n * LAYOUT_NPB);

		if (rc)
			return rc;
		if (strlen(a->words) != n)
			return contig_diag_set(diag, -EPROTO, "types: '%.80s' are not %u", a->words, n);
		memcpy(out + at, a->words, n);
	}
	out[nr] = '\0';
	return 0;
}

/* ---- a whole zone ---------------------------------------------------------------------------- */

static int saw(void *ctx, const struct contig_run *run, struct contig_diag *diag)
{
	struct contig_run mine = *run;

	if (mine.kind == PAGE_CONTIG)
		mine.kind = PAGE_KERNEL;
	return zone_layout_saw(ctx, &mine, diag);
}

static int saw_list(const struct guest_zone *z, struct zone_layout *l, const char *line, struct contig_diag *diag)
{
	unsigned int order;
	int behind = 0, rc = 0;
	char type, *end;

	if (sscanf(line, "%u %c%n", &order, &type, &behind) != 2 || order > CONTIG_MAX_ORDER)
		return contig_diag_set(diag, -EPROTO, "list: '%.80s' is no list", line);
	for (const char *at = line + behind; *at && !rc; at = end) {
		unsigned long pfn = strtoul(at, &end, 10);

		if (end == at || pfn < z->start)
			return contig_diag_set(diag, -EPROTO, "list: '%.40s' is no page", at);
		if (contig_type_of_letter(type) == MT_NR)
			return contig_diag_set(diag, -EPROTO, "list: page %lu is on list %c", pfn, type);
		rc = zone_layout_saw_free(l, (pfn_t)pfn - z->start, order, contig_type_of_letter(type), diag);
	}
	return rc;
}

int guest_zone_dump(const struct guest_zone *z, struct zone_layout *l, struct contig_diag *diag)
{
	char *types = malloc(z->nr_blocks + 1);
	struct guest_answer *a;

	zone_layout_free(l);
	*l = (struct zone_layout){ .nr_blocks = z->nr_blocks,
		                   .managed = (uint32_t)guest_number(z->g, "zone_managed"),
		                   .wmark_min = (uint32_t)guest_number(z->g, "wmark_min"),
		                   .wmark_low = (uint32_t)guest_number(z->g, "wmark_low") };
	int rc =
		types ? guest_zone_types(z, 0, z->nr_blocks, types, diag) : contig_diag_set(diag, -ENOMEM, "no memory");

	for (block_t b = 0; b < z->nr_blocks && !rc; b++) {
		l->block[b].type = types[b];
		if (contig_type_of_letter(types[b]) == MT_NR)
			rc = contig_diag_set(diag, -EPROTO, "pageblock %u is of type %c", b, types[b]);
	}
	free(types);
	rc = rc ? rc : look(z, 0, z->nr_blocks, saw, l, diag);
	rc = rc ? rc : guest_zone_ask(z->g, &a, diag, "list %llu", (unsigned long long)guest_number(z->g, "node"));
	for (uint32_t i = 0; !rc && i < a->nr_lines; i++)
		rc = saw_list(z, l, a->line[i], diag);
	return rc ? rc : zone_layout_check(l, diag);
}

/* ---- a picture ------------------------------------------------------------------------------- */

/* What was seen, with as much of a backend around it as drawing needs. */
struct picture {
	struct contig c;
	pfn_t start, got;
	uint32_t nr_got;
	block_t first; /* whose type is types[0]: a free run may begin a pageblock before what is drawn */
	const char *types;
	uint32_t nr, room;
	struct contig_run *run; /* by its first page, ascending */
};

static int keep_run(void *ctx, const struct contig_run *run, struct contig_diag *diag)
{
	struct picture *p = ctx;

	if (p->nr == p->room) {
		uint32_t room = p->room ? 2 * p->room : 256;
		struct contig_run *all = realloc(p->run, room * sizeof(*all));

		if (!all)
			return contig_diag_set(diag, -ENOMEM, "no memory");
		p->run = all;
		p->room = room;
	}
	p->run[p->nr++] = *run;
	return 0;
}

static void picture_run(struct contig *c, pfn_t pfn, struct contig_run *out)
{
	const struct picture *p = (const struct picture *)c;
	uint32_t low = 0, high = p->nr;

	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;

		if (p->run[middle].pfn <= pfn)
			low = middle;
		else
			high = middle;
	}
	*out = p->run[low];
	/* of several in a row the one that this page belongs to */
	out->pfn += (pfn - out->pfn) >> out->order << out->order;
	out->nr = 1u << out->order;
	if (out->kind == PAGE_CONTIG && pfn - p->got >= p->nr_got)
		out->kind = PAGE_KERNEL;
}

static enum migratetype picture_type(struct contig *c, block_t b, enum migratetype *stored)
{
	const struct picture *p = (const struct picture *)c;
	char letter = p->types[b - p->first];
	enum migratetype mt = contig_type_of_letter((char)toupper((unsigned char)letter));

	mt = mt == MT_NR ? MT_ISOLATE : mt;
	if (stored)
		*stored = mt;
	return islower((unsigned char)letter) ? MT_ISOLATE : mt;
}

int guest_zone_map(const struct guest_zone *z, block_t first, uint32_t nr, pfn_t got, uint32_t nr_got, char **map,
                   struct contig_diag *diag)
{
	static const struct contig_lab lab = { .run = picture_run, .type = picture_type };
	static const struct contig_backend drawn = { .name = "seen", .lab = &lab };
	const struct contig_geometry g = { .pageblock_order = 9, .max_order = 10 };
	const uint32_t more = first ? 1 : 0;
	struct picture p = {
		.c = { .ops = &drawn }, .start = first * LAYOUT_NPB, .first = first - more, .got = got, .nr_got = nr_got
	};
	char *types = malloc(nr + more + 1);
	int rc = types ? guest_zone_types(z, first - more, nr + more, types, diag)
	               : contig_diag_set(diag, -ENOMEM, "no memory");

	p.types = types;
	rc = rc ? rc : look(z, first, nr, keep_run, &p, diag);
	if (!rc && (!p.nr || p.run[0].pfn > p.start))
		rc = contig_diag_set(diag, -EPROTO, "look: it begins behind page %u", z->start + p.start);
	*map = rc ? NULL : layout_map(&p.c, &g, first, nr, true, NULL, NULL);
	if (!rc && !*map)
		rc = contig_diag_set(diag, -ENOMEM, "no memory");
	free(types);
	free(p.run);
	return rc;
}
