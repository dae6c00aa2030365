// SPDX-License-Identifier: MIT
#include "running.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../cli.h"
#include "filler.h"

#define GIGANTIC     "/sys/kernel/mm/hugepages/hugepages-1048576kB/"
#define GIB          (UINT64_C(1) << 30)
#define FILLER_BYTES (2 * GIB)
/* the page, what fills it, and where that is migrated to */
#define NEEDED_BYTES (4 * GIB + GIB / 2)
#define MAX_BLOCKS   8u /* of memory, taken offline in turn */
#define MAX_TRIED    64u
/* calls of migrate_pages() that are enough, and how often for them */
#define MIGRATIONS      2000u
#define MAX_COMPACTIONS 5u

/* How much of a range is in use, and in which pieces. */
static const struct density {
	uint8_t of_16; /* pages of 16 pieces that are kept */
	uint8_t piece; /* log2 of pages */
} densities[] = { { 0, 0 }, { 8, 0 }, { 8, 3 }, { 2, 0 }, { 8, 6 }, { 16, 0 }, { 4, 3 }, { 12, 1 } };
#define NR_DENSITIES (sizeof(densities) / sizeof(densities[0]))

/* ---- small files ----------------------------------------------------------------------------- */

static bool read_text(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(out, (int)size, f);

	if (f)
		fclose(f);
	if (ok)
		out[strcspn(out, "\n")] = '\0';
	return ok;
}

/* One write(2), which the tracepoints tell a request by. 0 or -errno. */
static int write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");
	int err = f ? 0 : errno;

	if (!f)
		return -err;
	setvbuf(f, NULL, _IONBF, 0);
	errno = 0;
	if (fputs(text, f) == EOF)
		err = errno ? errno : EIO;
	fclose(f);
	return -err;
}

static bool read_number(const char *path, uint64_t *out)
{
	char text[32];

	return read_text(path, text, sizeof(text)) && cli_u64(text, 0, UINT64_MAX, out);
}

static uint64_t available_bytes(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f) && sscanf(line, "MemAvailable: %llu kB", &kib) != 1)
		;
	if (f)
		fclose(f);
	return (uint64_t)kib << 10;
}

static void note(struct running *r, const char *fmt, const char *what)
{
	size_t len = strlen(r->notes);

	snprintf(r->notes + len, sizeof(r->notes) - len, "%s", len ? "; " : "");
	len = strlen(r->notes);
	snprintf(r->notes + len, sizeof(r->notes) - len, fmt, what);
}

/* ---- one request ----------------------------------------------------------------------------- */

struct request {
	const char *path, *text; /* what is written, and where */
	enum contig_op op;
	uint64_t start, end; /* of its range, as far as it is known */
};

static int count(struct running *r, const struct request *q, const uint8_t *kinds, uint32_t odd,
                 const struct parts *parts, struct contig_diag *diag)
{
	struct count_layout l = { .geometry = { .page_shift = 12, .pageblock_order = 9, .max_order = 10 } };
	struct contig_range_args args = {
		.nr = (uint32_t)(q->end - q->start), .caller = CALLER_MOVABLE, .op = (uint8_t)q->op, .passes = 1
	};
	struct counted work;
	int rc = count_layout_of(&l, kinds, args.nr, l.geometry.max_order);

	if (!rc)
		rc = count_work(&work, r->backend, &l, &args, diag);
	free(l.runs);
	/* the kernel granted it: if the model does not, the layout had changed, or was not seen for what it is */
	if (!rc && work.rc)
		r->seen.skipped++;
	else if (!rc)
		rc = observe(&r->seen, parts, &work, odd);
	return rc == -EINVAL ? (r->seen.skipped++, 0) : rc;
}

/* Everything that has no flag is on a per-cpu list, or the request would not have been granted. */
static void odd_is_free(uint8_t *kinds, uint64_t start, uint64_t end)
{
	for (uint64_t i = 0; i < end - start; i++)
		kinds[i] = kinds[i] == PAGE_KERNEL ? PAGE_FREE : kinds[i];
}

static int traced(struct running *r, struct request *q, struct parts *parts, struct contig_diag *diag)
{
	struct spans s;
	int rc = probes_take(r->probes, &s, diag);
	uint32_t top = rc ? NO_SPAN : spans_request(&s, 0), last = top;
	const double unit = r->probes->tick_ns * 1000;

	/* the last one is what was asked for, if the kernel tried several ranges */
	while (last != NO_SPAN) {
		top = last;
		last = spans_request(&s, last + 1);
		if (last != NO_SPAN && s.at[last].parent != NO_SPAN)
			break;
	}
	/* offline_pages() has a start and a number of pages, and its range is known */
	if (!rc && (top == NO_SPAN || s.lost || (!q->end && s.at[top].arg[1] <= s.at[top].arg[0])))
		rc = -ENODATA;
	if (!rc) {
		spans_parts(&s, top, &r->overhead, parts);
		for (unsigned int t = 0; t < TRACED_NR; t++)
			parts->ticks[t] *= unit;
		parts->other *= unit;
		if (!q->end) {
			q->start = s.at[top].arg[0];
			q->end = s.at[top].arg[1];
		}
	}
	spans_free(&s);
	return rc;
}

/* ---- gigantic pages -------------------------------------------------------------------------- */

const char *running_no_gigantic(void)
{
	char flags[8192], *at = NULL;
	FILE *f = fopen("/proc/cpuinfo", "re");

	if (!access(GIGANTIC "nr_hugepages", W_OK)) {
		if (f)
			fclose(f);
		return available_bytes() < NEEDED_BYTES
		               ? "gigantic pages: less than 4.5 GiB of memory are available: close programs, or measure a guest"
		               : NULL;
	}
	while (f && !at && fgets(flags, sizeof(flags), f))
		at = strstr(flags, " pdpe1gb");
	if (f)
		fclose(f);
	return at ? "gigantic pages: this kernel has no " GIGANTIC "nr_hugepages"
	          : "gigantic pages: this cpu has no pages of 1 GiB";
}

struct pattern {
	const struct density *d;
};

/* Pieces are kept by a hash of their place, so that they lie scattered and the same again. */
static bool wanted(void *ctx, uint64_t pfn)
{
	const struct density *d = ((const struct pattern *)ctx)->d;
	uint64_t h = (pfn >> d->piece) * UINT64_C(0x9e3779b97f4a7c15);

	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	return (h >> 60) < d->of_16;
}

static int one_gigantic(struct running *r, struct filler *f, const struct density *d, struct request *q, uint64_t old,
                        struct contig_diag *diag)
{
	struct pattern pattern = { d };
	uint64_t nr = old;
	uint8_t *kinds = NULL;
	struct parts parts;
	uint32_t kept, odd = 0;
	bool filled = q->end && d->of_16;
	int rc = 0;

	/* the first one shows which range the kernel takes; then it is filled, and asked for again */
	if (filled) {
		rc = filler_touch(f, r->stop, diag);
		if (!rc)
			rc = filler_keep(f, q->start, q->end, wanted, &pattern, &kept, diag);
		if (!rc && !kept)
			return -ENODATA;
	}
	if (!rc && q->end) {
		kinds = malloc(q->end - q->start);
		rc = kinds ? page_kinds(q->start, q->end, kinds, &odd, diag)
		           : contig_diag_set(diag, -ENOMEM, "no memory");
	}
	if (!rc)
		rc = probes_clear(r->probes, diag);
	const uint64_t start = q->start, end = q->end;

	if (!rc) {
		write_text(q->path, q->text);
		read_number(q->path, &nr);
		q->start = q->end = 0;
		rc = traced(r, q, &parts, diag);
		char text[32];

		snprintf(text, sizeof(text), "%llu", (unsigned long long)old);
		if (write_text(q->path, text) && nr != old)
			rc = contig_diag_set(diag, -EIO, "%s can not be put back to %s", q->path, text);
	}
	r->gigantic += nr > old;
	/* another range than the one that was looked at, or none: nothing to count by */
	if (!rc && kinds && nr > old && q->start == start && q->end == end) {
		odd_is_free(kinds, start, end);
		rc = count(r, q, kinds, odd, &parts, diag);
	}
	free(kinds);
	if (rc == -ENODATA) { /* no price of it */
		q->start = start;
		q->end = end;
		rc = 0;
	}
	return rc;
}

static int gigantic(struct running *r, struct contig_diag *diag)
{
	const char *why = running_no_gigantic();
	bool out_of_reach = false;
	struct filler f;
	char text[32];
	uint64_t old;
	struct request q = { .path = GIGANTIC "nr_hugepages", .text = text, .op = RANGE_ALLOC };

	if (why || !read_number(q.path, &old)) {
		note(r, "%s", why ? why : "gigantic pages: their number can not be read");
		return 0;
	}
	snprintf(text, sizeof(text), "%llu", (unsigned long long)old + 1);
	int rc = filler_open(&f, FILLER_BYTES, diag);

	uint32_t total = r->repeat * (uint32_t)NR_DENSITIES;

	for (uint32_t i = 0; i <= total && !rc && !*r->stop; i++) {
		const struct density *d = &densities[i ? (i - 1) % NR_DENSITIES : 0];

		/* memory of this process does not come to lie there, whatever is done: the range is asked for as it is */
		if (out_of_reach && d->of_16)
			continue;
		/* once without counting: which range is it? */
		rc = one_gigantic(r, &f, d, &q, old, diag);
		if (rc == -ENODATA) {
			out_of_reach = true;
			rc = 0;
		}
		cli_progress("gigantic pages", i, total);
		if (!i && !r->gigantic) {
			note(r, "%s", "gigantic pages: the kernel finds no range for one");
			break;
		}
	}
	if (out_of_reach)
		note(r, "%s",
		     "gigantic pages: none of this process's memory came to lie in the range that the kernel takes");
	cli_progress(NULL, 0, 0);
	filler_close(&f);
	return rc;
}

/* ---- compaction ------------------------------------------------------------------------------ */

#define COMPACT "/proc/sys/vm/compact_memory"

static bool every_second(void *ctx, uint64_t pfn)
{
	(void)ctx;
	return pfn & 1;
}

static int one_compaction(struct running *r, struct contig_diag *diag)
{
	struct spans s = { .nr = 0 };
	struct filler f;
	uint32_t kept;
	int rc = filler_open(&f, GIB, diag);

	if (!rc)
		rc = filler_touch(&f, r->stop, diag);
	if (!rc)
		rc = filler_keep(&f, 1, UINT64_MAX, every_second, NULL, &kept, diag);
	if (!rc)
		rc = probes_clear(r->probes, diag);
	if (!rc && write_text(COMPACT, "1"))
		rc = -ENODATA;
	if (!rc)
		rc = probes_take(r->probes, &s, diag);
	for (uint32_t i = 0; i < s.nr && !rc; i++) {
		const struct span *span = &s.at[i];

		if (span->what != TRACED_MIGRATE || !(span->arg[0] + span->arg[1]))
			continue;
		rc = observe_migration(&r->seen, (double)(span->end - span->begin) * r->probes->tick_ns * 1000,
		                       (uint32_t)span->arg[0], (uint32_t)span->arg[1]);
		r->migrations++;
	}
	spans_free(&s);
	filler_close(&f);
	return rc;
}

/*
 * Every second page of this process's memory is given back, and the kernel compacts: it migrates as a request does, in lists of 32
 * pages, and its tracepoints say how many. What it looks for is its own, so that nothing else of it is a price. How much of that memory
 * it finds in its way is chance: until there is enough.
 */
static int compaction(struct running *r, struct contig_diag *diag)
{
	int rc = 0;

	if (available_bytes() < 2 * GIB) {
		note(r, "%s", "compaction: less than 2 GiB of memory are available");
		return 0;
	}
	rc = probes_migrations_only(r->probes, true, diag);
	for (uint32_t i = 0; i < MAX_COMPACTIONS && r->migrations < MIGRATIONS && !rc && !*r->stop; i++) {
		cli_progress("compaction", i, MAX_COMPACTIONS);
		rc = one_compaction(r, diag);
	}
	cli_progress(NULL, 0, 0);
	if (!rc)
		rc = probes_migrations_only(r->probes, false, diag);
	if (rc == -ENODATA)
		note(r, "%s", "compaction: this kernel has no " COMPACT);
	return rc == -ENODATA ? 0 : rc;
}

/* ---- memory blocks --------------------------------------------------------------------------- */

#define MEMORY "/sys/devices/system/memory/"

/* Back to where it was: the zone is said again, for the kernel may choose another. */
static int put_online(const char *block, const char *zone, struct contig_diag *diag)
{
	char path[300], state[32] = "", now[64] = "";

	snprintf(path, sizeof(path), MEMORY "%s/state", block);
	write_text(path, !strcmp(zone, "Movable") ? "online_movable" : "online_kernel");
	read_text(path, state, sizeof(state));
	snprintf(path, sizeof(path), MEMORY "%s/valid_zones", block);
	read_text(path, now, sizeof(now));
	if (strcmp(state, "online"))
		return contig_diag_set(diag, -EIO,
		                       "%s does not come online again: try `echo online > " MEMORY "%.40s/state`",
		                       block, block);
	return strcmp(now, zone)
	               ? contig_diag_set(diag, -EIO, "%s was in zone %.20s and is in zone %.20s now", block, zone, now)
	               : 0;
}

static int one_offline(struct running *r, const char *block, uint64_t pages, struct contig_diag *diag)
{
	char path[300], zone[64], number[32];
	struct request q = { .path = path, .text = "offline", .op = RANGE_OFFLINE };
	uint8_t *kinds = malloc(pages);
	struct parts parts;
	unsigned long index;
	uint32_t odd;
	int rc = kinds ? 0 : contig_diag_set(diag, -ENOMEM, "no memory"), granted;

	snprintf(path, sizeof(path), MEMORY "%s/valid_zones", block);
	bool ok = read_text(path, zone, sizeof(zone)) && !strchr(zone, ' ');

	snprintf(path, sizeof(path), MEMORY "%s/phys_index", block);
	ok = ok && read_text(path, number, sizeof(number));
	index = ok ? strtoul(number, NULL, 16) : 0;
	snprintf(path, sizeof(path), MEMORY "%s/state", block);
	q.start = index * pages;
	q.end = q.start + pages;
	if (!rc && ok)
		rc = page_kinds(q.start, q.end, kinds, &odd, diag);
	for (uint64_t i = 0; ok && !rc && i < pages; i++)
		ok = kinds[i] != PAGE_ABSENT && kinds[i] != PAGE_NONE && kinds[i] != PAGE_LRU_COMPOUND;
	if (rc || !ok || odd > pages / 64) {
		free(kinds);
		return rc;
	}
	rc = probes_clear(r->probes, diag);
	granted = rc ? -1 : write_text(path, q.text);
	int seen = rc ? rc : traced(r, &q, &parts, diag);

	if (!granted) {
		r->offline++;
		rc = put_online(block, zone, diag);
		odd_is_free(kinds, q.start, q.end);
		/* what else it does, notifiers and the memory map, is of no request */
		parts.other = 0;
		if (!rc && !seen && r->probes->has[TRACED_OFFLINE])
			rc = count(r, &q, kinds, odd, &parts, diag);
	}
	free(kinds);
	return rc;
}

/* Highest first: that is where least of the kernel's own memory is. */
static int by_number_down(const struct dirent **a, const struct dirent **b)
{
	return versionsort(b, a);
}

static int is_block(const struct dirent *e)
{
	return !strncmp(e->d_name, "memory", 6) && e->d_name[6] >= '0' && e->d_name[6] <= '9';
}

static int memory_blocks(struct running *r, struct contig_diag *diag)
{
	struct dirent **entries;
	char text[32], path[300];
	int nr = scandir(MEMORY, &entries, is_block, by_number_down), rc = 0, tried = 0;

	if (nr < 0 || !read_text(MEMORY "block_size_bytes", text, sizeof(text))) {
		note(r, "%s", "memory blocks: this kernel can not take memory offline (CONFIG_MEMORY_HOTREMOVE)");
		return 0;
	}
	uint64_t pages = strtoull(text, NULL, 16) / (uint64_t)sysconf(_SC_PAGESIZE);

	for (int i = 0; i < nr && !rc && !*r->stop && r->offline < MAX_BLOCKS && tried < (int)MAX_TRIED; i++) {
		snprintf(path, sizeof(path), MEMORY "%s/state", entries[i]->d_name);
		if (read_text(path, text, sizeof(text)) && !strcmp(text, "online")) {
			rc = one_offline(r, entries[i]->d_name, pages, diag);
			tried++;
		}
		cli_progress("memory blocks", (uint64_t)i, (uint64_t)nr);
	}
	cli_progress(NULL, 0, 0);
	for (int i = 0; i < nr; i++)
		free(entries[i]);
	free(entries);
	if (!r->offline && !rc)
		note(r, "%s", "memory blocks: none could be taken offline, the kernel has memory of its own in each");
	return rc;
}

int running_measure(struct running *r, struct contig_diag *diag)
{
	int rc;

	observations_init(&r->seen);
	memcpy(r->seen.has, r->probes->has, sizeof(r->seen.has));
	r->notes[0] = '\0';
	rc = gigantic(r, diag);
	if (!rc && !*r->stop && r->probes->points)
		rc = compaction(r, diag);
	if (!rc && !*r->stop)
		rc = memory_blocks(r, diag);
	if (*r->stop)
		return contig_diag_set(diag, -EINTR, "interrupted: all was put back, and nothing is written");
	if (!rc && !r->seen.requests)
		rc = contig_diag_set(diag, -ENODATA, "nothing could be measured: %s",
		                     r->notes[0] ? r->notes
		                                 : "no request was granted for the range that was looked at");
	return rc;
}
