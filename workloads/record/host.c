// SPDX-License-Identifier: MIT
/* host.c - zones and geometry of the running machine. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

static FILE *open_proc(const char *path, struct contig_diag *diag)
{
	FILE *f = fopen(path, "re");

	if (!f)
		snprintf(diag->text, sizeof(diag->text), "can not read %s: %s%s", path, strerror(errno),
		         errno == EACCES || errno == EPERM ? " (it needs root)" : "");
	return f;
}

static int zone_type(const char *name)
{
	static const struct {
		const char *name;
		int type;
	} types[] = {
		{ "DMA", ZONE_DMA32 },      { "DMA32", ZONE_DMA32 },     { "Normal", ZONE_NORMAL },
		{ "HighMem", ZONE_NORMAL }, { "Movable", ZONE_MOVABLE },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!strcmp(types[i].name, name))
			return types[i].type;
	}
	return -1; /* Device: not the page allocator's */
}

/* One line of /proc/zoneinfo; z is the zone it belongs to, or NULL. */
static void zone_line(struct host_zone *z, const char *line, uint64_t *spanned)
{
	unsigned long long v;

	if (!z)
		return;
	if (sscanf(line, " spanned %llu", &v) == 1)
		*spanned = v;
	else if (sscanf(line, " managed %llu", &v) == 1)
		z->managed = v;
	else if (sscanf(line, " count: %llu", &v) == 1)
		z->on_pcp += v;
	else if (sscanf(line, " start_pfn: %llu", &v) == 1)
		z->span.start = v;
	z->span.end = z->span.start + *spanned;
}

static int read_zones(struct host *h, struct contig_diag *diag)
{
	char line[256], name[32];
	struct host_zone *z = NULL;
	uint64_t spanned = 0;
	FILE *f = open_proc("/proc/zoneinfo", diag);

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		unsigned int node;

		if (sscanf(line, "Node %u, zone %31s", &node, name) != 2) {
			zone_line(z, line, &spanned);
			continue;
		}
		if (z && z->span.end > z->span.start)
			h->nr_zones++;
		z = NULL;
		spanned = 0;
		if (zone_type(name) < 0 || h->nr_zones == CONTIG_MAX_ZONES || node >= CONTIG_MAX_NODES)
			continue;
		z = &h->zones[h->nr_zones];
		*z = (struct host_zone){ .span = { .node = (uint8_t)node, .type = (uint8_t)zone_type(name) } };
		if (node >= h->nr_nodes)
			h->nr_nodes = node + 1;
	}
	if (z && z->span.end > z->span.start)
		h->nr_zones++;
	fclose(f);
	if (h->nr_zones)
		return 0;
	snprintf(diag->text, sizeof(diag->text), "/proc/zoneinfo shows no zone with memory");
	return -ENOTSUP;
}

/* The columns of /proc/buddyinfo are orders 0 to M. */
static int read_max_order(struct host *h, struct contig_diag *diag)
{
	char line[1024], *save = NULL;
	FILE *f = open_proc("/proc/buddyinfo", diag);
	int columns = 0;

	if (!f)
		return -errno;
	if (fgets(line, sizeof(line), f)) {
		for (char *word = strtok_r(line, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
			columns++;
	}
	fclose(f);
	columns -= 4; /* "Node", "0,", "zone", its name */
	if (columns < 1 || columns - 1 > (int)CONTIG_MAX_ORDER) {
		snprintf(diag->text, sizeof(diag->text), "/proc/buddyinfo shows %d orders, not 1 to %u", columns,
		         CONTIG_MAX_ORDER + 1);
		return -ENOTSUP;
	}
	h->max_order = (uint8_t)(columns - 1);
	return 0;
}

static int read_pageblock_order(struct host *h, struct contig_diag *diag)
{
	char line[256];
	unsigned int order = CONTIG_MAX_ORDER + 1;
	FILE *f = open_proc("/proc/pagetypeinfo", diag);

	if (!f)
		return -errno;
	while (order > CONTIG_MAX_ORDER && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Page block order: %u", &order) != 1)
			order = CONTIG_MAX_ORDER + 1;
	}
	fclose(f);
	if (order > CONTIG_MAX_ORDER) {
		snprintf(diag->text, sizeof(diag->text), "/proc/pagetypeinfo names no page block order up to %u",
		         CONTIG_MAX_ORDER);
		return -ENOTSUP;
	}
	h->pageblock_order = (uint8_t)order;
	return 0;
}

int host_read(struct host *h, struct contig_diag *diag)
{
	*h = (struct host){ 0 };
	h->page_shift = (uint8_t)__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE));
	int rc = read_zones(h, diag);
	if (!rc)
		rc = read_max_order(h, diag);
	if (!rc)
		rc = read_pageblock_order(h, diag);
	return rc;
}

/* ---- per-cpu lists --------------------------------------------------------------------------- */

#define SHORTEST     "2147483647" /* of percpu_pagelist_high_fraction: what we set for a moment */
#define FRACTION     "/proc/sys/vm/percpu_pagelist_high_fraction"
#define STAT_REFRESH "/proc/sys/vm/stat_refresh"

static bool read_text(const char *path, char *text, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, room - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	return n >= 0;
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

static uint64_t pages_on_pcp(void)
{
	struct contig_diag ignored;
	struct host h = { 0 };
	uint64_t sum = 0;

	if (read_zones(&h, &ignored))
		return 0;
	for (size_t i = 0; i < h.nr_zones; i++)
		sum += h.zones[i].on_pcp;
	return sum;
}

void host_drain_pcp(struct host_pcp *pcp)
{
	char nothing[32];

	/* the shortest lists there are: four batches; short ones are also refilled with little at a time */
	if (!read_text(FRACTION, pcp->fraction, sizeof(pcp->fraction)) || !write_text(FRACTION, SHORTEST))
		pcp->fraction[0] = 0;
	/* left behind by a recorder that was killed, or another's just now: nobody else would want it so */
	if (!strncmp(pcp->fraction, SHORTEST, strlen(SHORTEST)))
		strcpy(pcp->fraction, "0");
	/*
	 * Refreshing the counters runs the periodic work of every cpu at once, which since v6.7 (51a755c56dc0) lowers
	 * pcp->high by an eighth at a time, down to its minimum, and frees what is above. A list that was tuned up to
	 * tens of thousands of pages but holds few loses none at first: counting how many go says nothing.
	 */
	const uint64_t enough = 4 * 64 * (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	for (int round = 0; round < 64 && pages_on_pcp() > enough; round++) {
		if (!read_text(STAT_REFRESH, nothing, sizeof(nothing)))
			break;
	}
}

void host_release_pcp(struct host_pcp *pcp)
{
	if (pcp->fraction[0])
		write_text(FRACTION, pcp->fraction);
	pcp->fraction[0] = 0;
}
