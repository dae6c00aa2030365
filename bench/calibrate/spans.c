// SPDX-License-Identifier: MIT
#include "spans.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../stats/resample.h"

static const char *const names[TRACED_NR] = { "range",   "offline", "isolate", "undo", "drain", "lru",
	                                      "collect", "migrate", "test",    "grab", "empty", "twice" };

const char *traced_name(enum traced t)
{
	return names[t];
}

#define MAX_OPEN 64u /* deeper than any request nests */

/* A task's calls that have not returned yet. */
struct task {
	uint32_t task;
	uint32_t nr;
	struct span open[MAX_OPEN];
	uint32_t place[MAX_OPEN]; /* in the spans */
};

struct parser {
	struct spans *out;
	uint32_t room;
	bool *done; /* by span: it has returned */
	struct task *tasks;
	uint32_t nr_tasks;
};

struct event {
	uint8_t what;
	bool ret;
	uint32_t task;
	uint64_t ticks;
	uint64_t arg[SPANS_ARGS];
};

/* ---- lines ----------------------------------------------------------------------------------- */

/* "isolate0r": what, and whether it is the return. False: none of ours. */
static bool event_name(const char *at, size_t len, struct event *e)
{
	e->ret = len && at[len - 1] == 'r';
	len -= e->ret;
	while (len && isdigit((unsigned char)at[len - 1]))
		len--;
	for (uint8_t t = 0; t < TRACED_NR; t++) {
		if (strlen(names[t]) == len && !strncmp(names[t], at, len)) {
			e->what = t;
			return true;
		}
	}
	return false;
}

/* "  sh-71  [001] .....  5123456: " before `end`: the task and the time. A command may hold anything but a line's end. */
static bool line_head(const char *line, const char *end, struct event *e, bool *us)
{
	const char *p = end, *cpu;
	uint64_t whole, part = 0;
	char *after;

	while (p > line && (isdigit((unsigned char)p[-1]) || p[-1] == '.'))
		p--;
	if (p == end)
		return false;
	whole = strtoull(p, &after, 10);
	*us = *after == '.';
	if (*us) {
		/* seconds and microseconds */
		part = strtoull(after + 1, &after, 10);
		whole = whole * 1000000000 + part * 1000;
	}
	if (after != end)
		return false;
	e->ticks = whole;
	for (cpu = p; cpu > line && *cpu != '['; cpu--)
		;
	while (cpu > line && cpu[-1] == ' ')
		cpu--;
	/* with the option record-tgid: "(  71) " in between */
	if (cpu > line && cpu[-1] == ')') {
		while (cpu > line && *cpu != '(')
			cpu--;
		while (cpu > line && cpu[-1] == ' ')
			cpu--;
	}
	while (cpu > line && isdigit((unsigned char)cpu[-1]))
		cpu--;
	if (cpu == line || cpu[-1] != '-')
		return false;
	e->task = (uint32_t)strtoul(cpu, NULL, 10);
	return true;
}

static uint64_t field(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at ? strtoull(at + strlen(key), NULL, 0) : 0;
}

/* ---- nesting --------------------------------------------------------------------------------- */

static struct task *task_of(struct parser *p, uint32_t task)
{
	for (uint32_t i = 0; i < p->nr_tasks; i++) {
		if (p->tasks[i].task == task)
			return &p->tasks[i];
	}
	struct task *more = reallocarray(p->tasks, p->nr_tasks + 1, sizeof(*more));

	if (!more)
		return NULL;
	p->tasks = more;
	more[p->nr_tasks] = (struct task){ .task = task };
	return &more[p->nr_tasks++];
}

/* Nothing is known of calls that were open. */
static void forget(struct parser *p)
{
	for (uint32_t i = 0; i < p->nr_tasks; i++) {
		p->out->unfinished += p->tasks[i].nr;
		p->tasks[i].nr = 0;
	}
}

static int enter(struct parser *p, struct task *t, const struct event *e)
{
	struct spans *s = p->out;

	if (t->nr == MAX_OPEN) {
		s->unfinished += t->nr;
		t->nr = 0;
	}
	if (s->nr == p->room) {
		uint32_t room = p->room ? p->room * 2 : 64;
		struct span *more = reallocarray(s->at, room, sizeof(*more));

		if (more)
			s->at = more;
		bool *done = reallocarray(p->done, room, sizeof(*done));

		if (done)
			p->done = done;
		if (!more || !done)
			return -ENOMEM;
		p->room = room;
	}
	s->at[s->nr] = (struct span){ .what = e->what,
		                      .task = e->task,
		                      .parent = t->nr ? t->place[t->nr - 1] : NO_SPAN,
		                      .begin = e->ticks,
		                      .arg = { e->arg[0], e->arg[1] } };
	p->done[s->nr] = false;
	t->place[t->nr++] = s->nr++;
	return 0;
}

static void leave(struct parser *p, struct task *t, const struct event *e)
{
	struct spans *s = p->out;
	uint32_t n = t->nr;

	while (n && s->at[t->place[n - 1]].what != e->what)
		n--;
	if (!n) {
		s->orphans++;
		return;
	}
	/* what was called from it has not returned, and must have */
	s->unfinished += t->nr - n;
	struct span *span = &s->at[t->place[n - 1]];

	span->end = e->ticks;
	span->ret = e->arg[0];
	p->done[t->place[n - 1]] = t->nr == n;
	s->unfinished += t->nr != n;
	t->nr = n - 1;
}

static int take_line(struct parser *p, const char *line)
{
	const char *name = strstr(line, ": " SPANS_EVENT);
	struct event e = { .ret = false };
	bool us;

	if (strstr(line, "[LOST ")) {
		p->out->lost += strtoull(strstr(line, "[LOST ") + 6, NULL, 10);
		forget(p);
		return 0;
	}
	if (!name)
		return 0;
	const char *at = name + strlen(": " SPANS_EVENT), *end = strchr(at, ':');

	if (!end || !event_name(at, (size_t)(end - at), &e) || !line_head(line, name, &e, &us)) {
		p->out->strange++;
		return 0;
	}
	p->out->ns = us;
	e.arg[0] = field(end, e.ret ? " ret=" : " a=");
	e.arg[1] = field(end, " b=");
	struct task *t = task_of(p, e.task);

	if (!t)
		return -ENOMEM;
	if (!e.ret)
		return enter(p, t, &e);
	leave(p, t, &e);
	return 0;
}

/* "# entries-in-buffer/entries-written: 4/10": what the buffer had no room for any more */
static void overwritten(struct spans *s, const char *line)
{
	static const char head[] = "entries-in-buffer/entries-written:";
	const char *at = strstr(line, head);
	char *end;

	if (!at)
		return;
	uint64_t in = strtoull(at + strlen(head), &end, 10), written = *end == '/' ? strtoull(end + 1, NULL, 10) : in;

	s->lost += written > in ? written - in : 0;
}

/* Leave out what has not returned; parents are found by their new places. */
static int compact(struct parser *p)
{
	struct spans *s = p->out;
	uint32_t *place = calloc((size_t)s->nr + 1, sizeof(*place)), n = 0;

	if (!place)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->nr; i++) {
		uint32_t parent = s->at[i].parent;

		place[i] = p->done[i] ? n : NO_SPAN;
		if (!p->done[i])
			continue;
		s->at[n] = s->at[i];
		s->at[n++].parent = parent == NO_SPAN ? NO_SPAN : place[parent];
	}
	s->nr = n;
	free(place);
	return 0;
}

int spans_parse(struct spans *out, const char *text)
{
	struct parser p = { .out = out };
	char *copy = strdup(text), *rest = copy, *line;
	int rc = copy ? 0 : -ENOMEM;

	*out = (struct spans){ .nr = 0 };
	while (!rc && (line = strsep(&rest, "\n"))) {
		if (*line == '#')
			overwritten(out, line);
		else
			rc = take_line(&p, line);
	}
	forget(&p);
	if (!rc)
		rc = compact(&p);
	free(copy);
	free(p.tasks);
	free(p.done);
	return rc;
}

void spans_free(struct spans *s)
{
	free(s->at);
	*s = (struct spans){ .nr = 0 };
}

/* ---- parts ----------------------------------------------------------------------------------- */

uint32_t spans_request(const struct spans *s, uint32_t from)
{
	for (; from < s->nr; from++) {
		if (s->at[from].what == TRACED_RANGE || s->at[from].what == TRACED_OFFLINE)
			return from;
	}
	return NO_SPAN;
}

/* Is it inside of the request, and how far: the span directly below `top`... or itself */
static bool inside(const struct spans *s, uint32_t i, uint32_t top)
{
	while (i != NO_SPAN && i > top)
		i = s->at[i].parent;
	return i == top;
}

void spans_parts(const struct spans *s, uint32_t top, const struct overhead *o, struct parts *out)
{
	*out = (struct parts){ .other = (double)(s->at[top].end - s->at[top].begin) - o->inside };
	for (uint32_t i = top + 1; i < s->nr; i++) {
		const struct span *span = &s->at[i];

		if (span->task != s->at[top].task || !inside(s, i, top))
			continue;
		double length = (double)(span->end - span->begin);
		uint8_t around = s->at[span->parent].what;

		/* its own time, and that and the tracing are not of what is around it */
		out->ticks[span->what] += length - o->inside;
		if (span->parent == top)
			out->other -= length - o->inside + o->outside;
		else
			out->ticks[around] -= length - o->inside + o->outside;
		/* one that calls its like is one call */
		out->calls[span->what] += span->parent == top || around != span->what;
	}
	for (unsigned int t = 0; t < TRACED_NR; t++)
		out->ticks[t] = out->ticks[t] > 0 ? out->ticks[t] : 0;
	/* in some releases one alloc_contig_range() calls another */
	out->other = (out->other > 0 ? out->other : 0) + out->ticks[TRACED_RANGE] + out->ticks[TRACED_OFFLINE];
}

static bool median_of(const struct spans *s, enum traced what, double *out)
{
	double *lengths = calloc((size_t)s->nr + 1, sizeof(*lengths));
	size_t nr = 0;

	for (uint32_t i = 0; lengths && i < s->nr; i++) {
		if (s->at[i].what == what)
			lengths[nr++] = (double)(s->at[i].end - s->at[i].begin);
	}
	if (nr)
		*out = sort_median(lengths, nr);
	free(lengths);
	return nr > 0;
}

bool spans_overhead(const struct spans *once, const struct spans *twice, struct overhead *out)
{
	double first, second, outer = 0;

	*out = (struct overhead){ 0 };
	if (!median_of(once, TRACED_EMPTY, &out->inside))
		return false;
	/* whichever of the two is the outer one has the other one's tracing in it */
	if (median_of(twice, TRACED_EMPTY, &first) && median_of(twice, TRACED_TWICE, &second))
		outer = first > second ? first : second;
	out->outside = outer > out->inside ? outer - out->inside : 0;
	return true;
}
