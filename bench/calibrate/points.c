// SPDX-License-Identifier: MIT
/*
 * points.c - spans of a request from tracepoints (spec 11.1), for kernels that have no kprobe events.
 *
 *	sys_write(...)                             a write to sysfs that makes the kernel ask for a range
 *	mm_compaction_isolate_migratepages         at the end of each pageblock that was looked at  --+ collect
 *	mm_migrate_pages_start                     -----------------------------------------------+ <-+
 *	mm_migrate_pages                           at its end                                   <-+ migrate
 *	test_pages_isolated                        at its end; what is before it is not the test alone
 *	mm_compaction_isolate_freepages            at the end of each pageblock that was taken  <--- grab
 *	sys_write -> ...
 *
 * Where collecting begins there is no tracepoint: the first pageblock is missing of it.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spans.h"

enum point {
	POINT_ENTER,
	POINT_EXIT,
	POINT_COLLECTED,
	POINT_MIGRATES,
	POINT_MIGRATED,
	POINT_TESTED,
	POINT_GRABBED,
	POINT_NR,
};

static const struct {
	const char *name;
	enum traced span; /* that it ends, if it follows what is said in `after`; TRACED_NR: none */
	unsigned int after;
} points[POINT_NR] = {
	[POINT_ENTER] = { "sys_write(", TRACED_NR, 0 },
	[POINT_EXIT] = { "sys_write -> ", TRACED_NR, 0 },
	[POINT_COLLECTED] = { "mm_compaction_isolate_migratepages: ", TRACED_COLLECT,
	                      1u << POINT_COLLECTED | 1u << POINT_MIGRATED },
	[POINT_MIGRATES] = { "mm_migrate_pages_start: ", TRACED_NR, 0 },
	[POINT_MIGRATED] = { "mm_migrate_pages: ", TRACED_MIGRATE, 1u << POINT_MIGRATES },
	[POINT_TESTED] = { "test_pages_isolated: ", TRACED_NR, 0 },
	[POINT_GRABBED] = { "mm_compaction_isolate_freepages: ", TRACED_GRAB,
	                    1u << POINT_TESTED | 1u << POINT_GRABBED },
};

struct walk {
	struct spans *out;
	uint32_t room;
	uint32_t top;    /* the write that is open, or NO_SPAN */
	enum point last; /* in it */
	uint64_t ticks;  /* of that */
	bool any;        /* something of a contiguous request was in it */
};

static int add(struct walk *w, enum traced what, uint64_t begin, uint64_t end)
{
	struct spans *s = w->out;

	if (s->nr == w->room) {
		uint32_t room = w->room ? w->room * 2 : 256;
		struct span *more = reallocarray(s->at, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		s->at = more;
		w->room = room;
	}
	s->at[s->nr++] = (struct span){ .what = (uint8_t)what, .parent = w->top, .begin = begin, .end = end };
	return 0;
}

/* Which one, and when: "  sh-71  [001] .....  5123456: NAME". */
static bool point_of(const char *line, enum point *point, uint64_t *ticks, const char **fields)
{
	for (unsigned int i = 0; i < POINT_NR; i++) {
		char *end;
		const char *at = strstr(line, points[i].name), *p;

		if (!at || at < line + 3 || at[-1] != ' ' || at[-2] != ':')
			continue;
		for (p = at - 2; p > line && (isdigit((unsigned char)p[-1]) || p[-1] == '.'); p--)
			;
		*ticks = strtoull(p, &end, 10);
		if (*end == '.')
			*ticks = *ticks * 1000000000 + strtoull(end + 1, &end, 10) * 1000;
		*point = (enum point)i;
		*fields = at + strlen(points[i].name);
		return end == at - 2 && end > p;
	}
	return false;
}

/* The request's range is all that its events name. */
static void widen(struct walk *w, const char *fields)
{
	const char *start = strstr(fields, "range=("), *end;
	struct span *top = &w->out->at[w->top];
	char *behind;

	if (start) {
		uint64_t from = strtoull(start + 7, &behind, 0);

		end = strstr(behind, "~ ");
		uint64_t to = end ? strtoull(end + 2, NULL, 0) : from;

		top->arg[0] = !top->arg[1] || from < top->arg[0] ? from : top->arg[0];
		top->arg[1] = to > top->arg[1] ? to : top->arg[1];
	}
}

/* What a call of migrate_pages() did. */
static void say_migrated(struct span *span, const char *fields)
{
	static const char *const names[SPANS_ARGS] = { "nr_succeeded=", "nr_failed=" };

	for (unsigned int i = 0; i < SPANS_ARGS; i++) {
		const char *at = strstr(fields, names[i]);

		span->arg[i] = at ? strtoull(at + strlen(names[i]), NULL, 10) : 0;
	}
}

/* A write that asked for no range is none of ours. */
static void close_top(struct walk *w, uint64_t ticks)
{
	if (w->top == NO_SPAN)
		return;
	w->out->at[w->top].end = ticks;
	if (!w->any)
		w->out->nr = w->top;
	w->top = NO_SPAN;
}

static int take(struct walk *w, const char *line)
{
	enum point point;
	uint64_t ticks;
	const char *fields;
	int rc = 0;

	if (strstr(line, "[LOST ")) {
		w->out->lost += strtoull(strstr(line, "[LOST ") + 6, NULL, 10);
		/* nothing is known of the request that was going on */
		w->out->unfinished += w->top != NO_SPAN;
		w->out->nr = w->top != NO_SPAN ? w->top : w->out->nr;
		w->top = NO_SPAN;
		return 0;
	}
	if (!point_of(line, &point, &ticks, &fields))
		return 0;
	if (point == POINT_ENTER) {
		w->top = NO_SPAN;
		rc = add(w, TRACED_RANGE, ticks, ticks);
		w->top = w->out->nr - 1;
		w->any = false;
	} else if (point == POINT_EXIT) {
		close_top(w, ticks);
	} else if (w->top != NO_SPAN) {
		if (points[point].after >> w->last & 1u)
			rc = add(w, points[point].span, w->ticks, ticks);
		/* nothing to migrate is a call, too: collecting ends where it begins */
		else if (point == POINT_MIGRATES && w->last == POINT_COLLECTED)
			rc = add(w, TRACED_COLLECT, w->ticks, ticks);
		if (!rc && point == POINT_MIGRATED && w->out->at[w->out->nr - 1].what == TRACED_MIGRATE)
			say_migrated(&w->out->at[w->out->nr - 1], fields);
		widen(w, fields);
		w->any = true;
	}
	w->last = point;
	w->ticks = ticks;
	return rc;
}

int points_parse(struct spans *out, const char *text)
{
	struct walk w = { .out = out, .top = NO_SPAN, .last = POINT_EXIT };
	char *copy = strdup(text), *rest = copy, *line;
	int rc = copy ? 0 : -ENOMEM;

	*out = (struct spans){ .nr = 0 };
	while (!rc && (line = strsep(&rest, "\n"))) {
		if (*line != '#')
			rc = take(&w, line);
	}
	/* a write that has not returned */
	if (w.top != NO_SPAN) {
		out->unfinished++;
		out->nr = w.top;
	}
	free(copy);
	return rc;
}
