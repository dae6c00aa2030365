// SPDX-License-Identifier: MIT
/*
 * inguest.c - a kernel in a guest that QEMU counts the instructions of: one is a tick of its clock. Layouts are put down page by
 * page, looked at, and asked for; each request is another one, so that what was drawn by chance in one is not in the next.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../cli.h"
#include "calibrate.h"
#include "probes.h"

#define NODE         1u /* of the arena: nothing happens there but what is asked for */
#define ARENA_BLOCKS 10u
#define BEHIND                                                                                                         \
	8u /* first pageblock of the arena that no request touches: pages for the per-cpu lists come from there */
#define BOOT_LIMIT 600u
#define LIMIT      300u /* seconds for one answer: an emulator that counts is slow */

/* A layout: the request's blocks are pieces in turn, and something may be in the way. */
static const struct layout {
	uint8_t blocks;
	uint16_t used, free; /* pages of a piece; used 0: all free; free 0: all used */
	uint16_t pinned;     /* of the used pages, every so many-th one; 0: none. The request fails at its test */
	uint8_t kernel; /* 1: the last page of its last block can not move. It fails while isolating, and undoes the rest */
	uint8_t cached; /* pages on the per-cpu lists when it begins */
} layouts[] = {
	{ 1, 0, 1, 0, 0, 0 },   { 2, 0, 1, 0, 0, 0 },    { 4, 0, 1, 0, 0, 0 },   { 8, 0, 1, 0, 0, 0 },
	{ 1, 1, 1, 0, 0, 0 },   { 2, 1, 1, 0, 0, 0 },    { 4, 1, 1, 0, 0, 0 },   { 1, 1, 3, 0, 0, 0 },
	{ 2, 1, 3, 0, 0, 0 },   { 4, 1, 7, 0, 0, 0 },    { 8, 1, 7, 0, 0, 0 },   { 8, 1, 31, 0, 0, 0 },
	{ 1, 3, 1, 0, 0, 0 },   { 2, 3, 1, 0, 0, 0 },    { 1, 8, 8, 0, 0, 0 },   { 4, 8, 8, 0, 0, 0 },
	{ 4, 1, 63, 0, 0, 0 },  { 8, 1, 127, 0, 0, 0 },  { 2, 64, 64, 0, 0, 0 }, { 1, 1, 0, 0, 0, 0 },
	{ 2, 1, 0, 0, 0, 0 },   { 1, 1, 7, 1, 0, 0 },    { 2, 1, 15, 4, 0, 0 },  { 2, 1, 31, 1, 0, 0 },
	{ 4, 1, 7, 64, 0, 0 },  { 2, 0, 1, 0, 1, 0 },    { 4, 0, 1, 0, 1, 0 },   { 8, 0, 1, 0, 1, 0 },
	{ 4, 1, 7, 0, 1, 0 },   { 8, 1, 31, 0, 1, 0 },   { 4, 1, 3, 0, 1, 0 },   { 4, 8, 8, 0, 1, 0 },
	{ 1, 0, 1, 0, 0, 20 },  { 2, 0, 1, 0, 0, 40 },   { 1, 0, 1, 0, 0, 60 },  { 4, 0, 1, 0, 0, 80 },
	{ 2, 1, 31, 0, 0, 60 }, { 4, 1, 127, 0, 0, 40 },
};
#define NR_LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))

struct session {
	struct guest *g;
	struct probes *probes;
	struct overhead overhead;
	const char *backend;
	uint32_t block, max_order; /* pages of a pageblock; the largest order */
	uint64_t arena;
	struct observations seen;
	uint32_t owners; /* given so far */
	uint64_t random;
	struct contig_diag *diag;
};

/* ---- putting down ---------------------------------------------------------------------------- */

static int call(struct session *s, struct guest_answer **answer, const char *command)
{
	int rc = guest_call(s->g, answer, s->diag, "%s", command);

	if (!rc && (*answer)->rc < 0 && (*answer)->rc != -EBUSY && (*answer)->rc != -ENOMEM)
		rc = contig_diag_set(s->diag, -EIO, "the guest does not do `%.80s`: %lld %.150s", command,
		                     (long long)(*answer)->rc, (*answer)->words);
	return rc;
}

static int say(struct session *s, const char *fmt, uint64_t a, uint64_t b)
{
	struct guest_answer *answer;
	char command[128];

	snprintf(command, sizeof(command), fmt, (unsigned long long)a, (unsigned long long)b);
	int rc = call(s, &answer, command);

	return !rc && answer->rc < 0 ? contig_diag_set(s->diag, -EIO, "the guest does not do `%.80s`: %lld %.150s",
	                                               command, (long long)answer->rc, answer->words)
	                             : rc;
}

/* Ahead of the answers: a wrong one shows in the next call. */
static int post(struct session *s, const char *fmt, uint64_t a, uint64_t b)
{
	char command[128];

	snprintf(command, sizeof(command), fmt, (unsigned long long)a, (unsigned long long)b);
	return guest_post(s->g, s->diag, "%s", command);
}

/* Is the page at that place of the request in use? Pieces begin anywhere, drawn for each request. */
static bool in_use(const struct layout *l, uint32_t at, uint32_t shift)
{
	return l->used && (at + shift) % (uint32_t)(l->used + l->free) < l->used;
}

static int place_user(struct session *s, const struct layout *l, uint32_t at, uint32_t nth)
{
	uint64_t pfn = s->arena + at;
	int rc = post(s, "give %llu 1", pfn, 0);

	if (!rc)
		rc = post(s, "alloc %llu X 0 M %llu", ++s->owners, NODE);
	if (!rc && l->pinned && nth % l->pinned == 0)
		rc = post(s, "pin %llu 1", pfn, 0);
	return rc;
}

/* The arena is owned; used pages are placed one by one, and then what shall be free is given, run by run. */
static int put_down(struct session *s, const struct layout *l)
{
	uint32_t pages = ARENA_BLOCKS * s->block, asked = l->blocks * s->block, nth = 0, free_from = 0;
	uint32_t shift = l->used ? (uint32_t)((s->random = s->random * UINT64_C(6364136223846793005) + 1) >> 40) : 0;
	struct guest_answer *answer;
	char command[64];

	snprintf(command, sizeof(command), "arena %u", ARENA_BLOCKS);
	int rc = call(s, &answer, command);

	if (!rc && answer->rc < 0)
		rc = contig_diag_set(s->diag, -ENOMEM,
		                     "the guest has no %u free pageblocks in a row: too little memory", ARENA_BLOCKS);
	if (rc)
		return rc;
	s->arena = (uint64_t)answer->rc;
	rc = say(s, "range %llu %llu movable", s->arena, pages);
	for (uint32_t at = 0; at < asked && !rc; at++)
		rc = in_use(l, at, shift) ? place_user(s, l, at, nth++) : 0;
	for (uint32_t at = 0; at <= pages && !rc; at++) {
		bool kept = at == pages || (at < asked && in_use(l, at, shift)) || (l->kernel && at == asked - 1) ||
		            (l->cached && at >= BEHIND * s->block);

		if (!kept)
			continue;
		if (at > free_from)
			rc = post(s, "give %llu %llu", s->arena + free_from, at - free_from);
		free_from = at + 1;
	}
	if (!rc)
		rc = say(s, "lru", 0, 0);
	if (!rc)
		rc = say(s, "drain", 0, 0);
	return rc;
}

/* ---- looking --------------------------------------------------------------------------------- */

static uint8_t kind_of(char letter)
{
	switch (letter) {
	case 'F':
	case 'P':
		return PAGE_FREE;
	case 'L':
	case 'X':
		return PAGE_LRU;
	case 'T':
		return PAGE_LRU_COMPOUND;
	default:
		return PAGE_KERNEL;
	}
}

/* "PFN NR ORDER KIND LIST MARKS": order-0 pages in a row are one line. */
static int add_line(struct session *s, struct count_layout *l, const char *line)
{
	unsigned long long pfn;
	unsigned int nr, order;
	char kind, list, marks[16];

	if (sscanf(line, "%llu %u %u %c %c %15s", &pfn, &nr, &order, &kind, &list, marks) != 6 || pfn < s->arena ||
	    pfn + nr > s->arena + l->pages || order > CONTIG_MAX_ORDER ||
	    (nr + (1u << order) - 1) >> order > l->pages - l->nr)
		return contig_diag_set(s->diag, -EPROTO, "the guest's layout has '%.100s' in it", line);
	for (unsigned int i = 0; i < nr; i += 1u << order)
		l->runs[l->nr++] = (struct count_run){ .at = (uint32_t)(pfn - s->arena) + i,
			                               .order = (uint8_t)order,
			                               .kind = kind_of(kind),
			                               .pinned = strchr(marks, '!') != NULL };
	return 0;
}

static int look(struct session *s, struct count_layout *l)
{
	struct guest_answer *answer;
	char command[64];

	l->pages = ARENA_BLOCKS * s->block;
	l->nr = 0;
	l->runs = calloc(l->pages, sizeof(*l->runs));
	if (!l->runs)
		return contig_diag_set(s->diag, -ENOMEM, "no memory");
	snprintf(command, sizeof(command), "look %llu %u", (unsigned long long)s->arena, l->pages);
	int rc = call(s, &answer, command);

	for (uint32_t i = 0; !rc && i < answer->nr_lines; i++)
		rc = add_line(s, l, answer->line[i]);
	return rc;
}

/* ---- one request ----------------------------------------------------------------------------- */

static void to_units(struct parts *p)
{
	for (unsigned int t = 0; t < TRACED_NR; t++)
		p->ticks[t] *= 1000;
	p->other *= 1000;
}

/* On the per-cpu lists at the last moment: every other page, so that none of them would merge. */
static int give_cached(struct session *s, const struct layout *l)
{
	int rc = 0;

	for (uint32_t i = 0; i < l->cached && !rc; i++)
		rc = post(s, "give %llu 1", s->arena + BEHIND * s->block + 2 * i, 0);
	return rc;
}

static int ask(struct session *s, const struct layout *l, const struct counted *work)
{
	struct guest_answer *answer;
	struct spans spans = { .nr = 0 };
	struct parts parts;
	long migrated = -1;
	char stage[32], command[64];

	snprintf(command, sizeof(command), "range %llu %u movable", (unsigned long long)s->arena, l->blocks * s->block);
	int rc = probes_clear(s->probes, s->diag);

	if (!rc)
		rc = give_cached(s, l);
	if (!rc)
		rc = call(s, &answer, command);
	if (rc)
		return rc;
	bool agrees = answer->rc == work->rc && sscanf(answer->words, "%31s %ld", stage, &migrated) == 2 &&
	              migrated == (long)(work->migrate.migrated);

	rc = probes_take(s->probes, &spans, s->diag);
	uint32_t top = rc ? NO_SPAN : spans_request(&spans, 0);

	if (!rc && agrees && top != NO_SPAN && !spans.lost) {
		spans_parts(&spans, top, &s->overhead, &parts);
		to_units(&parts);
		rc = observe(&s->seen, &parts, work, l->cached);
	} else {
		s->seen.skipped++;
	}
	spans_free(&spans);
	return rc;
}

static int one(struct session *s, const struct layout *l)
{
	struct count_layout layout = { .runs = NULL };
	struct contig_range_args args = { .nr = l->blocks * s->block, .caller = CALLER_MOVABLE, .op = RANGE_ALLOC };
	struct counted work;
	int rc = put_down(s, l);

	if (!rc)
		rc = look(s, &layout);
	layout.geometry.pageblock_order = (uint8_t)__builtin_ctz(s->block);
	layout.geometry.max_order = (uint8_t)s->max_order;
	if (!rc)
		rc = count_work(&work, s->backend, &layout, &args, s->diag);
	free(layout.runs);
	return rc ? rc : ask(s, l, &work);
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* The shell's umask is the system call, twice. */
static int call_umask(void *ctx, struct contig_diag *diag)
{
	struct session *s = ctx;
	struct guest_answer *answer;

	return guest_call(s->g, &answer, diag,
	                  "sh 60 i=0; while [ $i -lt 200 ]; do umask; i=$((i+1)); done >/dev/null");
}

static int measure(struct session *s, uint32_t repeat, const volatile bool *stop)
{
	uint32_t total = repeat * (uint32_t)NR_LAYOUTS;
	struct guest_answer *answer;
	/* a guest that waits for us gets older by seconds, and its statistics drain the lists of a node without cpus every three */
	int rc = guest_call(s->g, &answer, s->diag, "sh 60 echo 1000000 > /proc/sys/vm/stat_interval");

	if (!rc)
		rc = probes_overhead(s->probes, call_umask, s, &s->overhead, s->diag);

	for (uint32_t i = 0; i < total && !rc; i++) {
		cli_progress("requests in the guest", i, total);
		rc = *stop ? contig_diag_set(s->diag, -EINTR, "interrupted: nothing is written")
		           : one(s, &layouts[i % NR_LAYOUTS]);
	}
	cli_progress(NULL, 0, 0);
	return rc;
}

static int finish(struct calibration *out, const struct calibrate_options *o, struct session *s)
{
	struct cost_file *c = &out->costs;
	struct conversion k;
	struct contig_diag diag;

	calibrate_about(out, o, guest_says(s->g, "release"), "guest");
	c->unit = COST_UNIT_MILLI_INSTRUCTIONS;
	snprintf(
		c->how, sizeof(c->how),
		"kprobe events in a guest of QEMU with instructions counted (-icount shift=0) and one cpu; work counted by the rules of %s; the "
		"tracing itself was measured and taken off",
		s->backend);
	/* once for the conversion, once with it for what is not measured, whose prices are times */
	int rc = observe_prices(&s->seen, c, 0, &diag);

	if (rc)
		return cli_error(CLI_MACHINE, "%s", diag.text);
	int status = calibrate_conversion(&k, o, c);

	if (status != CLI_OK)
		return status;
	c->conversion = k.ps;
	c->conversion_low = k.low;
	c->conversion_high = k.high;
	memcpy(c->conversion_how, k.how, sizeof(c->conversion_how));
	rc = observe_prices(&s->seen, c, 1000.0 / (double)k.ps, &diag);
	if (!rc && observe_quality(&s->seen, out->quality))
		rc = contig_diag_set(&diag, -ENOMEM, "no memory");
	out->requests = s->seen.requests;
	out->skipped = s->seen.skipped;
	out->inside = s->overhead.inside * 1000;
	out->outside = s->overhead.outside * 1000;
	memcpy(out->probed, s->probes->probed, sizeof(out->probed));
	memcpy(out->missing, s->probes->missing, sizeof(out->missing));
	return rc ? cli_error(CLI_MACHINE, "%s", diag.text) : CLI_OK;
}

static int in_guest(struct calibration *out, const struct calibrate_options *o, struct session *s,
                    const volatile bool *stop)
{
	const char *release = guest_says(s->g, "release");
	struct tracedir t;
	struct probes p = { .t = &t };

	s->probes = &p;
	s->block = 1u << guest_number(s->g, "pageblock_order");
	s->max_order = (uint32_t)guest_number(s->g, "max_order");
	s->backend = release ? count_backend(release) : NULL;
	if (!s->backend)
		return cli_error(CLI_MACHINE, "'%.60s' is no release whose rules are known", release ? release : "");
	guest_limit(s->g, LIMIT);
	int rc = tracedir_in_guest(&t, s->g, s->diag);

	if (!rc)
		rc = probes_open(&p, &t, s->diag);
	if (!rc && p.points)
		rc = contig_diag_set(s->diag, -ENOENT,
		                     "the guest's kernel has no kprobe events (CONFIG_KPROBE_EVENTS)");
	memcpy(s->seen.has, p.has, sizeof(s->seen.has));
	if (!rc)
		rc = measure(s, o->repeat, stop);
	/* what is in the guest ends with it */
	if (rc)
		return cli_error(rc == -EINTR ? CLI_NO : CLI_MACHINE, "%s: %s", o->guest, s->diag->text);
	int status = calibrate_observations(o, &s->seen);

	return status == CLI_OK ? finish(out, o, s) : status;
}

int calibrate_guest(struct calibration *out, const struct calibrate_options *o, const volatile bool *stop)
{
	struct guest_options options = GUEST_OPTIONS;
	struct contig_diag diag = { "" };
	struct session s = { .random = 1, .diag = &diag };

	options.icount = 0;
	/* an emulator that counts is slow, and this machine may be busy */
	options.seconds = BOOT_LIMIT;
	/* two cpus that take turns wait for each other a tenth of a second of instructions at a time: so does each drain */
	options.append = "maxcpus=1";
	s.g = guest_boot(o->guest, &options, &diag);
	if (!s.g)
		return cli_error(cli_status_of(errno), "%s", diag.text);
	observations_init(&s.seen);
	int status = in_guest(out, o, &s, stop);

	observations_free(&s.seen);
	guest_close(s.g);
	return status;
}
