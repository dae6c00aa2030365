// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "users.h"

#define FIRST_OWNER (WORLD_PAGES + 1)

static void machine(struct users *u)
{
	u->w.g.section_order = 4;
	u->next = FIRST_OWNER;
	if (user_machine_init(&u->m, u->w.c, &u->w.g, &u->w.drivers, &u->diag))
		fail_msg("%s", u->diag.text);
}

void users_open(struct users *u, const char *backend, const char *drawing)
{
	memset(u, 0, sizeof(*u));
	world_open(&u->w, backend, drawing);
	machine(u);
}

void users_open_alone(struct users *u, const char *backend, const char *drawing)
{
	memset(u, 0, sizeof(*u));
	world_open_alone(&u->w, backend, drawing);
	machine(u);
}

void users_open_zone(struct users *u, const char *backend, uint32_t pages, enum contig_zone_type type)
{
	memset(u, 0, sizeof(*u));
	world_open_zone(&u->w, backend, pages, type);
	machine(u);
}

void users_close(struct users *u)
{
	world_close(&u->w);
}

enum user_progress users_step(struct user_request *r)
{
	struct contig_work work;

	return user_step(r, &work);
}

int users_finish(struct users *u, struct user_request *r)
{
	enum user_progress p;

	while ((p = users_step(r)) != USER_DONE) {
		assert_int_equal(p, USER_MORE);
		world_verify(&u->w);
	}
	user_end(r, &u->out);
	world_verify(&u->w);
	return u->out.rc;
}

int users_run(struct users *u, struct user_request *r)
{
	world_drain(&u->w);
	users_finish(u, r);
	world_drain(&u->w);
	return u->out.rc;
}

pfn_t users_alloc(struct users *u, enum page_kind kind, enum migratetype mt)
{
	const struct contig_what what = { .kind = (uint8_t)kind, .migratetype = (uint8_t)mt };
	int64_t pfn = contig_alloc(u->w.c, 0, what, u->next);

	if (pfn < 0)
		return PFN_NONE;
	assert_true(u->next < sizeof(u->w.at) / sizeof(u->w.at[0]));
	u->w.at[u->next++] = (pfn_t)pfn;
	return (pfn_t)pfn;
}

uint32_t users_fill(struct users *u)
{
	uint32_t n = 0;

	while (users_alloc(u, PAGE_LRU, MT_MOVABLE) != PFN_NONE)
		n++;
	return n;
}

void users_occupy(struct users *u, pfn_t pfn, uint32_t nr)
{
	enum migratetype mt = u->m.lab->type(u->w.c, pfn / NPB, NULL);
	const struct contig_range_args args = { .start = pfn,
		                                .nr = nr,
		                                .caller = mt == MT_CMA ? CALLER_CMA : CALLER_MOVABLE };
	struct contig_outcome out;

	assert_int_equal(contig_range_alloc(u->w.c, &args, &out), 0);
	world_drain(&u->w);
}

void users_expect_kind(struct users *u, pfn_t start, uint32_t nr, enum page_kind kind)
{
	struct contig_run run;

	for (pfn_t pfn = start; pfn < start + nr; pfn = run.pfn + run.nr) {
		u->m.lab->run(u->w.c, pfn, &run);
		if (run.kind != kind)
			fail_msg("%s: page %u is %s, not %s", u->w.c->ops->name, pfn, contig_kind_name(run.kind),
			         contig_kind_name(kind));
	}
}

void users_expect_said(const struct users *u, const char *text)
{
	if (!strstr(u->diag.text, text))
		fail_msg("'%s' is not in '%s'", text, u->diag.text);
}
