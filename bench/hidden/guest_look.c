// SPDX-License-Identifier: MIT
/* guest_look.c - what a trial came to in a guest, as a text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest_trial.h"

/* A number of "stats". */
static int64_t stat_of(const struct guest_answer *a, const char *key)
{
	size_t len = strlen(key);

	for (uint32_t i = 0; i < a->nr_lines; i++) {
		if (!strncmp(a->line[i], key, len) && a->line[i][len] == ' ')
			return strtoll(a->line[i] + len, NULL, 10);
	}
	return 0;
}

struct counters {
	int64_t isolated, drift, reserved, leak, warned;
};

/* HIGHATOMIC blocks of the node, in pages. */
static int reserve_blocks(struct trial *t, int64_t *pages, struct contig_diag *diag)
{
	uint64_t start = guest_number(t->g, "zone_start"), end = start + guest_number(t->g, "zone_pages");
	struct guest_answer *a;

	*pages = 0;
	start = (start + t->npb - 1) / t->npb * t->npb;
	int rc = trial_ask(t, &a, diag, "types %llu %llu", (unsigned long long)start,
	                   (unsigned long long)((end - start) / t->npb * t->npb));

	for (const char *at = rc || a->rc ? "" : a->words; *at; at++)
		*pages += *at == 'H' ? t->npb : 0;
	return rc;
}

static int look_at_counters(struct trial *t, struct counters *c, struct contig_diag *diag)
{
	struct guest_answer *a;
	int64_t blocks = 0;
	int rc = trial_ask(t, &a, diag, "stats");

	if (rc)
		return rc;
	*c = (struct counters){ .isolated = stat_of(a, "isolated"),
		                .drift = stat_of(a, "drift"),
		                .reserved = stat_of(a, "reserved_highatomic"),
		                .warned = stat_of(a, "tainted") };
	rc = t->e->view & VIEW_RESERVE ? reserve_blocks(t, &blocks, diag) : 0;
	c->leak = c->reserved - blocks;
	return rc;
}

int trial_begin_counters(struct trial *t, struct contig_diag *diag)
{
	struct counters c;

	/* a trial ends with a look at these, and nothing isolates anything between two */
	if (t->warned_known && !(t->e->view & VIEW_RESERVE))
		return 0;
	int rc = look_at_counters(t, &c, diag);

	if (rc)
		return rc;
	t->warned_known = true;
	t->leak = c.leak;
	t->warned = c.warned;
	if (c.isolated)
		return contig_diag_set(diag, -EAGAIN, "%s: %lld pageblocks are isolated before anything began",
		                       t->e->name, (long long)c.isolated);
	return 0;
}

/* "PFN NR ORDER KIND LIST MARKS" */
static bool parse_run(const char *line, struct outcome_run *r, uint64_t *pfn)
{
	unsigned long long at;
	unsigned int nr, order;
	char kind, list, marks[8];

	if (sscanf(line, "%llu %u %u %c %c %7s", &at, &nr, &order, &kind, &list, marks) != 6)
		return false;
	*pfn = at;
	*r = (struct outcome_run){ .nr = nr, .order = (uint8_t)order, .kind = kind, .pinned = strchr(marks, '!') };
	return true;
}

/* Kernel pages that a case has are results of a request to the module, and so it may call them. */
static uint32_t cut(const struct trial *t, const struct outcome_run *r, struct outcome_run *out)
{
	uint32_t nr = 0;

	if (r->order || r->kind == 'F') {
		out[0] = *r;
		return 1;
	}
	for (uint32_t i = 0; i < r->nr && r->at + i < t->pages; i++) {
		out[nr] = *r;
		out[nr].at = r->at + i;
		out[nr].nr = 1;
		if (r->kind == 'A' && t->role[r->at + i] == TRIAL_KERNEL)
			out[nr].kind = 'K';
		nr++;
	}
	return nr;
}

static int add_map(struct trial *t, char *text, size_t size, struct contig_diag *diag)
{
	struct outcome_run *runs = calloc(t->pages + 1, sizeof(*runs));
	struct guest_answer *a;
	uint32_t nr = 0;
	int rc = runs ? trial_ask(t, &a, diag, "look %llu %u", (unsigned long long)t->start, t->pages)
	              : contig_diag_set(diag, -ENOMEM, "no memory");

	for (uint32_t i = 0; !rc && i < a->nr_lines && nr < t->pages; i++) {
		struct outcome_run r;
		uint64_t pfn;

		if (!parse_run(a->line[i], &r, &pfn)) {
			rc = contig_diag_set(diag, -EPROTO, "the guest's look at its memory has a line '%.60s'",
			                     a->line[i]);
			break;
		}
		if (pfn < t->start) {
			r.nr -= r.nr < t->start - pfn ? r.nr : (uint32_t)(t->start - pfn);
			pfn = t->start;
		}
		r.at = (uint32_t)(pfn - t->start);
		nr += cut(t, &r, runs + nr);
	}
	if (!rc)
		outcome_map(text, size, runs, nr, t->pages, t->npb, t->e->view & VIEW_TAKEN);
	free(runs);
	return rc;
}

int trial_outcome(struct trial *t, char *text, size_t size, struct contig_diag *diag)
{
	struct guest_answer *a;
	struct counters c;
	int rc = 0;

	outcome_part(text, size, "%s", t->said);
	if (t->e->view & VIEW_TYPES) {
		rc = trial_ask(t, &a, diag, "types %llu %u", (unsigned long long)t->start, t->pages);
		if (rc)
			return rc;
		outcome_types(text, size, a->words);
	}
	rc = t->e->view & (VIEW_MAP | VIEW_TAKEN) ? add_map(t, text, size, diag) : 0;
	rc = rc ? rc : look_at_counters(t, &c, diag);
	if (rc)
		return rc;
	if (c.isolated)
		outcome_part(text, size, "isolated %lld", (long long)c.isolated);
	if (c.drift)
		outcome_part(text, size, "drift %lld", (long long)c.drift);
	if (t->e->view & VIEW_RESERVE)
		outcome_part(text, size, "reserved %lld; leak %lld", (long long)c.reserved,
		             (long long)(c.leak - t->leak));
	if (c.warned & ~t->warned)
		outcome_part(text, size, "the kernel warned");
	t->warned = c.warned;
	return 0;
}
