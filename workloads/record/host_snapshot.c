// SPDX-License-Identifier: MIT
/* host_snapshot.c - which pages are in use, and as what: /proc/kpageflags (Documentation/admin-guide/mm/pagemap.rst).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel-page-flags.h>

#include "host.h"

#define BIT(n) ((uint64_t)1 << (n))

/* Not in the uapi header: shown for hunting kernel problems, stable all the same since v2.6.31. */
#define KPF_RESERVED 32
/* v4.18 and later; older headers lack them. */
#define KPF_PGTABLE_ 26
#define KPF_OFFLINE_ 23

#define WINDOW         65536u /* pfns read at once */
#define SECOND_LOOK_MS 100

/* Pages that carry no flag at all, one after the other. */
struct bare_run {
	uint64_t start, nr;
};

struct snapshot {
	struct identity *idn;
	const struct host *host;
	/* a compound page whose tails are being counted; nr 0: none */
	uint64_t head, nr;
	enum page_kind kind;
	/* the current run of bare pages, and the long ones of this zone */
	struct bare_run bare;
	struct bare_run *long_runs;
	size_t nr_long, room_long;
	uint64_t busy;  /* pages of this zone that a flag shows managed: free, or in use */
	uint8_t *again; /* windows, by pfn / WINDOW, in which bare pages were taken for kernel memory */
};

enum use {
	USE_NONE,
	USE_FREE,
	USE_BARE,
	USE_PAGE,
	USE_TAIL
};

/* First match decides; SLAB comes first because slabs reuse the bits of ANON and KSM. */
static const struct {
	uint64_t flags;
	enum use use;
	enum page_kind kind;
} uses[] = {
	{ BIT(KPF_NOPAGE) | BIT(KPF_HWPOISON) | BIT(KPF_RESERVED) | BIT(KPF_OFFLINE_), USE_NONE, PAGE_RESERVED },
	{ BIT(KPF_BUDDY), USE_FREE, PAGE_FREE },
	{ BIT(KPF_COMPOUND_TAIL), USE_TAIL, PAGE_KERNEL },
	{ BIT(KPF_SLAB) | BIT(KPF_PGTABLE_) | BIT(KPF_HUGE), USE_PAGE, PAGE_KERNEL },
	{ BIT(KPF_LRU) | BIT(KPF_ANON), USE_PAGE, PAGE_LRU },
	{ ~(uint64_t)0, USE_PAGE, PAGE_KERNEL },
};

/* Naturally aligned pieces: a compound is one, unless it changed while its tails were counted. */
static void place(struct snapshot *s, uint64_t start, uint64_t nr, enum page_kind kind)
{
	while (nr) {
		unsigned int order = 63u - (unsigned int)__builtin_clzll(nr);

		if (start && order > (unsigned int)__builtin_ctzll(start))
			order = (unsigned int)__builtin_ctzll(start);
		if (order > CONTIG_MAX_ORDER)
			order = CONTIG_MAX_ORDER;
		identity_place(s->idn, start, order, kind == PAGE_LRU && order ? PAGE_LRU_COMPOUND : kind);
		start += BIT(order);
		nr -= BIT(order);
	}
}

static void place_bare(struct snapshot *s, const struct bare_run *run)
{
	for (uint64_t pfn = run->start; pfn < run->start + run->nr; pfn++) {
		identity_place(s->idn, pfn, 0, PAGE_KERNEL);
		s->again[pfn / WINDOW] = 1;
	}
	s->busy += run->nr;
}

static void end_compound(struct snapshot *s)
{
	if (s->nr)
		place(s, s->head, s->nr, s->kind);
	s->nr = 0;
}

static int end_bare(struct snapshot *s)
{
	struct bare_run run = s->bare;

	s->bare.nr = 0;
	if (run.nr < BIT(s->host->pageblock_order)) {
		place_bare(s, &run);
		return 0;
	}
	if (s->nr_long == s->room_long) {
		size_t room = s->room_long ? 2 * s->room_long : 64;
		struct bare_run *runs = realloc(s->long_runs, room * sizeof(*runs));

		if (!runs)
			return -ENOMEM;
		s->long_runs = runs;
		s->room_long = room;
	}
	s->long_runs[s->nr_long++] = run;
	return 0;
}

static int look(struct snapshot *s, uint64_t pfn, uint64_t flags)
{
	enum use use = USE_BARE;
	enum page_kind kind = PAGE_KERNEL;

	for (size_t i = 0; flags && i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (flags & uses[i].flags) {
			use = uses[i].use;
			kind = uses[i].kind;
			break;
		}
	}
	s->busy += use == USE_FREE || use == USE_PAGE || use == USE_TAIL;
	if (use == USE_TAIL && s->nr) {
		s->nr++;
		return 0;
	}
	end_compound(s);
	if (use == USE_BARE) {
		if (!s->bare.nr++)
			s->bare.start = pfn;
		return 0;
	}
	if (use == USE_PAGE || use == USE_TAIL) { /* a tail without a head: the compound came into being just now */
		s->head = pfn;
		s->nr = 1;
		s->kind = kind;
	}
	return s->bare.nr ? end_bare(s) : 0;
}

static int shorter(const void *a, const void *b)
{
	uint64_t x = ((const struct bare_run *)a)->nr, y = ((const struct bare_run *)b)->nr;

	return (x > y) - (x < y);
}

/*
 * Long runs of pages without a flag are either kernel memory (vmalloc, drivers, trace buffers) or no memory at all:
 * holes that have a struct page, and what virtio-mem and balloons have not plugged in. The zone knows how many
 * pages it manages; the shortest runs are taken for kernel memory as long as they fit.
 */
static void place_long_runs(struct snapshot *s, const struct host_zone *z)
{
	if (!s->nr_long)
		return;
	qsort(s->long_runs, s->nr_long, sizeof(s->long_runs[0]), shorter);
	for (size_t i = 0; i < s->nr_long; i++) {
		if (s->busy + s->long_runs[i].nr > z->managed)
			break;
		place_bare(s, &s->long_runs[i]);
	}
	s->nr_long = 0;
}

/* Flags of up to WINDOW pages of a zone; returns how many, 0 behind the last page there is, or -errno. */
static int64_t read_window(int fd, const struct host_zone *z, uint64_t pfn, uint64_t *window)
{
	uint64_t nr = WINDOW - pfn % WINDOW;

	if (nr > z->span.end - pfn)
		nr = z->span.end - pfn;
	ssize_t n = pread(fd, window, nr * sizeof(*window), (off_t)(pfn * sizeof(*window)));
	return n < 0 ? -errno : n / (ssize_t)sizeof(*window);
}

static int scan_zone(struct snapshot *s, int fd, const struct host_zone *z, uint64_t *window)
{
	int64_t nr = 1;
	int rc = 0;

	s->busy = 0;
	for (uint64_t pfn = z->span.start; !rc && nr > 0 && pfn < z->span.end; pfn += (uint64_t)nr) {
		nr = read_window(fd, z, pfn, window);
		for (int64_t i = 0; !rc && i < nr; i++)
			rc = look(s, pfn + (uint64_t)i, window[i]);
	}
	if (nr < 0)
		return (int)nr;
	end_compound(s);
	if (!rc && s->bare.nr)
		rc = end_bare(s);
	if (!rc)
		place_long_runs(s, z);
	return rc;
}

/*
 * Free page reporting (virtio-balloon) takes whole blocks out of the buddy for some milliseconds, and per-cpu lists are
 * trimmed now and then: what turns out to be free at a second look was free, or else its free event is still to come.
 */
static int scan_again(struct snapshot *s, int fd, const struct host_zone *z, uint64_t *window)
{
	int64_t nr = 1;

	for (uint64_t pfn = z->span.start; nr > 0 && pfn < z->span.end; pfn += (uint64_t)nr) {
		if (!s->again[pfn / WINDOW]) {
			nr = (int64_t)(WINDOW - pfn % WINDOW);
			continue;
		}
		nr = read_window(fd, z, pfn, window);
		for (int64_t i = 0; i < nr; i++) {
			if (window[i] & BIT(KPF_BUDDY))
				identity_forget(s->idn, pfn + (uint64_t)i);
		}
	}
	return nr < 0 ? (int)nr : 0;
}

/* ---- the recorder's own memory --------------------------------------------------------------- */

#define PM_PRESENT   BIT(63)
#define PM_FILE      BIT(61)
#define PM_EXCLUSIVE BIT(56)
#define OWN_MAX      BIT(36) /* larger mappings are a sanitizer's shadow: terabytes, hardly any of them present */
#define PM_PFN       (BIT(55) - 1)

static void forget_range(struct identity *idn, int pagemap, uint64_t first, uint64_t end)
{
	uint64_t entry[512];

	while (first < end) {
		uint64_t nr = end - first < 512 ? end - first : 512;
		ssize_t n = pread(pagemap, entry, nr * 8, (off_t)(first * 8));

		if (n < 8)
			return;
		for (ssize_t i = 0; i < n / 8; i++) {
			uint64_t e = entry[i];

			if ((e & PM_PRESENT) && (e & PM_EXCLUSIVE) && !(e & PM_FILE) && (e & PM_PFN))
				identity_forget(idn, e & PM_PFN);
		}
		first += (uint64_t)n / 8;
	}
}

/* The recorder is no part of the workload; what it shares with others (libraries) stays. */
static int forget_own(struct identity *idn, unsigned int page_shift, struct contig_diag *diag)
{
	char line[512];
	uint64_t start, end;
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	FILE *maps = fopen("/proc/self/maps", "re");

	if (pagemap < 0 || !maps) {
		int err = -errno;

		snprintf(diag->text, sizeof(diag->text), "can not read /proc/self/pagemap: %s", strerror(-err));
		if (pagemap >= 0)
			close(pagemap);
		if (maps)
			fclose(maps);
		return err;
	}
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) == 2 && end - start <= OWN_MAX)
			forget_range(idn, pagemap, start >> page_shift, end >> page_shift);
	}
	close(pagemap);
	fclose(maps);
	return 0;
}

int host_snapshot(const struct host *h, struct identity *idn, struct contig_diag *diag)
{
	struct snapshot s = { .idn = idn, .host = h };
	uint64_t *window = malloc(WINDOW * sizeof(*window)), end = 0;
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : 0;

	for (size_t i = 0; i < h->nr_zones; i++)
		end = h->zones[i].span.end > end ? h->zones[i].span.end : end;
	s.again = calloc(end / WINDOW + 1, 1);
	if (!rc && (!window || !s.again))
		rc = -ENOMEM;
	for (size_t i = 0; !rc && i < h->nr_zones; i++)
		rc = scan_zone(&s, fd, &h->zones[i], window);
	if (!rc)
		poll(NULL, 0, SECOND_LOOK_MS);
	for (size_t i = 0; !rc && i < h->nr_zones; i++)
		rc = scan_again(&s, fd, &h->zones[i], window);
	if (rc)
		snprintf(
			diag->text, sizeof(diag->text),
			"can not read /proc/kpageflags: %s (it needs root, and a kernel with CONFIG_PROC_PAGE_MONITOR)",
			strerror(-rc));
	else
		rc = forget_own(idn, h->page_shift, diag); /* while all of it is still in place */
	if (fd >= 0)
		close(fd);
	free(window);
	free(s.again);
	free(s.long_runs);
	return rc;
}
