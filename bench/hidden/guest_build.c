// SPDX-License-Identifier: MIT
/*
 * guest_build.c - putting an arena down in a guest, by the steps of recorded answers (docs/formats.md): what is done, and in which
 * order, decides how free runs merge and which one is taken next.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "guest_trial.h"

#define THP_ORDER 9u

/* A guest that is gone, or an agent that said no to something? */
static int refused(int rc)
{
	static const int gone[] = { 0, -EIO, -ETIMEDOUT, -EPROTO, -EMSGSIZE };

	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		if (rc == gone[i])
			return rc;
	}
	return -EAGAIN;
}

static int ask(struct trial *t, struct guest_answer **a, struct contig_diag *diag, char *line, size_t size,
               const char *fmt, va_list ap)
{
	vsnprintf(line, size, fmt, ap);
	return refused(guest_call(t->g, a, diag, "%s", line));
}

int trial_ask(struct trial *t, struct guest_answer **a, struct contig_diag *diag, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	int rc = ask(t, a, diag, line, sizeof(line), fmt, ap);

	va_end(ap);
	return rc;
}

int64_t trial_must(struct trial *t, struct contig_diag *diag, const char *fmt, ...)
{
	struct guest_answer *a;
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	int rc = ask(t, &a, diag, line, sizeof(line), fmt, ap);

	va_end(ap);
	if (rc)
		return rc;
	if (a->rc < 0)
		return contig_diag_set(diag, -EAGAIN, "%s: the guest answers %s with %lld %s", t->e->name, line,
		                       (long long)a->rc, a->words);
	return a->rc;
}

int trial_post(struct trial *t, struct contig_diag *diag, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	return refused(guest_post(t->g, diag, "%s", line));
}

int trial_drain(struct trial *t, struct contig_diag *diag)
{
	int rc = trial_post(t, diag, "lru");

	return rc ? rc : trial_post(t, diag, "drain");
}

/* ---- where ------------------------------------------------------------------------------------- */

/* A memory block that is not the first, which holds what the kernel needs of the node. */
static int take_memory_block(struct trial *t, struct contig_diag *diag)
{
	uint64_t block = 64u * t->npb, start = guest_number(t->g, "zone_start");
	uint64_t end = start + guest_number(t->g, "zone_pages");
	int rc = trial_post(t, diag, "reset");

	t->start = (start + block - 1) / block * block + block;
	if (t->start + block > end)
		return contig_diag_set(diag, -EOPNOTSUPP, "%s: the node has no two memory blocks", t->e->name);
	return rc;
}

/* The area of cma=, of which the kernel has taken what it takes at boot, and nothing else. */
static int find_area(struct trial *t, struct contig_diag *diag)
{
	uint32_t nr = 0, order;
	struct guest_answer *a;
	char kind = '?';
	int rc;

	t->start = guest_number(t->g, "cma_start");
	rc = trial_ask(t, &a, diag, "look %llu %u", (unsigned long long)t->start, t->pages);
	if (rc)
		return rc;
	if (a->nr_lines)
		sscanf(a->line[0], "%*u %u %u %c", &nr, &order, &kind);
	if (guest_number(t->g, "cma_pages") != t->pages || nr != HIDDEN_CMA_POOL || kind != 'K')
		return contig_diag_set(diag, -EOPNOTSUPP,
		                       "%s: the guest has no CMA area of %u pages of which the kernel has the first %u",
		                       t->e->name, t->pages, HIDDEN_CMA_POOL);
	return 0;
}

static int take_arena(struct trial *t, struct contig_diag *diag)
{
	uint32_t pool = t->e->cma ? HIDDEN_CMA_POOL : 0;

	if (t->e->cma) {
		int rc = trial_post(t, diag, "reset");

		rc = rc ? rc : find_area(t, diag);
		if (rc)
			return rc;
	} else if (t->e->memory) {
		int rc = take_memory_block(t, diag);

		if (rc)
			return rc;
	} else {
		int64_t pfn = trial_must(t, diag, "arena %u", t->sc->nr_blocks);

		if (pfn < 0)
			return (int)pfn;
		t->start = (uint64_t)pfn;
	}
	memset(t->role, TRIAL_KERNEL, pool);
	memset(t->role + pool, TRIAL_GOT, t->pages - pool);
	return trial_post(t, diag, "range %llu %u %s", (unsigned long long)t->start + pool, t->pages - pool,
	                  t->e->cma ? "cma" : "movable");
}

/* ---- what is in it ------------------------------------------------------------------------------- */

static int give(struct trial *t, uint32_t at, uint32_t nr, struct contig_diag *diag)
{
	memset(t->role + at, TRIAL_NONE, nr);
	return trial_post(t, diag, "give %llu %u", (unsigned long long)t->start + at, nr);
}

/* It must lie where pages were given just now. */
static int fault_in(struct trial *t, uint32_t at, char kind, unsigned int order, struct contig_diag *diag)
{
	int64_t pfn = trial_must(t, diag, "alloc %u %c %u M 1", ++t->nr_owners, kind, order);

	if (pfn >= 0 && (uint64_t)pfn != t->start + at)
		return contig_diag_set(diag, -EAGAIN, "%s: the page of offset %u landed at %lld", t->e->name, at,
		                       (long long)(pfn - (int64_t)t->start));
	return pfn < 0 ? (int)pfn : 0;
}

static int build_huge(struct trial *t, const struct case_spans *spans, char kind, struct contig_diag *diag)
{
	int rc = 0;

	for (uint32_t i = 0; i < spans->nr && !rc; i++) {
		rc = trial_drain(t, diag);
		rc = rc ? rc : give(t, spans->span[i].start, spans->span[i].nr, diag);
		rc = rc ? rc : trial_post(t, diag, "drain");
		rc = rc ? rc : fault_in(t, spans->span[i].start, kind, THP_ORDER, diag);
	}
	return rc;
}

static int build_users(struct trial *t, struct contig_diag *diag)
{
	int rc = 0;

	for (uint32_t i = 0; i < t->sc->user.nr && !rc; i++) {
		const struct case_span *s = &t->sc->user.span[i];

		memset(t->role + s->start, TRIAL_NONE, s->nr);
		rc = trial_post(t, diag, "place %u %llu %u", t->nr_owners + 1, (unsigned long long)t->start + s->start,
		                s->nr);
		t->nr_owners += s->nr;
	}
	return rc;
}

static int build_types(struct trial *t, struct contig_diag *diag)
{
	int rc = 0;

	for (uint32_t b = 0, end; b < t->sc->nr_blocks && !rc; b = end) {
		for (end = b; end < t->sc->nr_blocks && t->sc->types[end] == t->sc->types[b];)
			end++;
		if (t->sc->types[b] != 'M')
			rc = trial_post(t, diag, "type %llu %u %c", (unsigned long long)t->start + b * t->npb,
			                (end - b) * t->npb, t->sc->types[b]);
	}
	return rc;
}

static int build_kernel(struct trial *t, struct contig_diag *diag)
{
	int rc = 0;

	for (uint32_t i = 0; i < t->sc->kern.nr && !rc; i++) {
		const struct case_span *s = &t->sc->kern.span[i];

		memset(t->role + s->start, TRIAL_KERNEL, s->nr);
		rc = trial_post(t, diag, "convert %llu %u K", (unsigned long long)t->start + s->start, s->nr);
	}
	return rc;
}

static int free_rest(struct trial *t, struct contig_diag *diag)
{
	int rc = 0;

	for (uint32_t at = 0, end; at < t->pages && !rc; at = end) {
		for (end = at; end < t->pages && t->role[end] == TRIAL_GOT;)
			end++;
		if (end == at) {
			end++;
			continue;
		}
		rc = give(t, at, end - at, diag);
		rc = rc ? rc : trial_post(t, diag, "drain");
	}
	return rc;
}

static int pin(struct trial *t, struct contig_diag *diag)
{
	int rc = 0;

	for (uint32_t i = 0; i < t->sc->pin.nr && !rc; i++) {
		const struct case_span *s = &t->sc->pin.span[i];

		for (uint32_t at = s->start; at < s->start + s->nr && !rc; at++)
			rc = trial_post(t, diag, "pin %llu 1", (unsigned long long)t->start + at);
	}
	return rc;
}

static int hog(struct trial *t, struct contig_diag *diag)
{
	return t->e->left == HOG_NOTHING ? 0 : trial_post(t, diag, "hog %u", t->e->left);
}

int trial_build(struct trial *t, struct contig_diag *diag)
{
	int rc = take_arena(t, diag);

	rc = rc ? rc : build_huge(t, &t->sc->thp, 'T', diag);
	rc = rc ? rc : build_huge(t, &t->sc->htlb, 'Q', diag);
	rc = rc ? rc : build_users(t, diag);
	rc = rc || t->e->cma ? rc : build_types(t, diag);
	rc = rc ? rc : build_kernel(t, diag);
	rc = rc ? rc : free_rest(t, diag);
	rc = rc ? rc : pin(t, diag);
	rc = rc ? rc : hog(t, diag);
	return rc ? rc : trial_drain(t, diag);
}
