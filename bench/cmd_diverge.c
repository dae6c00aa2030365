// SPDX-License-Identifier: MIT
/* cmd_diverge.c - contigbench diverge: where two backends part on the same events, and which knob makes them. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "help/commands.h"
#include "text/escape.h"
#include "virtual/attribute.h"
#include "virtual/picture.h"
#include "virtual/plan.h"

/* Pages that the difference is about, and the memory around them on both sides. */
#define MAX_VIEWS 3u

struct diverge {
	struct run_options options;
	struct run_plan plan;
	struct replay_params params; /* of A */
	struct attribution found;
	struct picture view[MAX_VIEWS][2];
	uint32_t nr_views;
};

static const char *backend(const struct diverge *d, int side)
{
	return d->options.backends[side];
}

static const struct program *program(const struct diverge *d)
{
	return d->params.program;
}

/* ---- looking --------------------------------------------------------------------------------- */

/* Both sides show the pageblock already. */
static bool in_view(const struct diverge *d, const struct picture view[2], pfn_t mark)
{
	block_t b = mark >> d->params.geometry->pageblock_order;

	for (int side = 0; side < 2; side++) {
		const struct picture *p = &view[side];

		if (p->map ? b < p->first || b - p->first >= p->nr
		           : b != p->mark >> d->params.geometry->pageblock_order)
			return false;
	}
	return true;
}

static void add_view(struct diverge *d, const struct lockstep *l, pfn_t mark)
{
	if (mark == PFN_NONE || d->nr_views == MAX_VIEWS)
		return;
	for (uint32_t i = 0; i < d->nr_views; i++) {
		if (in_view(d, d->view[i], mark))
			return;
	}
	for (int side = 0; side < 2; side++) {
		struct picture *p = &d->view[d->nr_views][side];

		picture_take(lockstep_backend(l, side), d->params.geometry, mark, p);
		p->mark = mark;
	}
	d->nr_views++;
}

static void look(void *ctx, const struct lockstep *l, const struct divergence *at)
{
	struct diverge *d = ctx;

	switch (at->what) {
	case PART_REQUEST_ANSWER:
		for (int side = 0; side < 2; side++) {
			if (at->record[side].rc)
				add_view(d, l, at->record[side].blocker);
		}
		add_view(d, l, at->record[0].start);
		break;
	case PART_REQUEST_MOVES:
		add_view(d, l, at->from);
		/* fall through */
	default:
		add_view(d, l, at->place[0]);
		add_view(d, l, at->place[1]);
	}
}

/* ---- as text --------------------------------------------------------------------------------- */

static void print_place(const struct diverge *d, int side, const char *what, pfn_t pfn)
{
	printf("  %-*s  ",
	       (int)(strlen(backend(d, 0)) > strlen(backend(d, 1)) ? strlen(backend(d, 0)) : strlen(backend(d, 1))),
	       backend(d, side));
	if (pfn == PFN_NONE)
		printf("%s\n", what);
	else
		printf("pfn %u (pageblock %u)\n", pfn, pfn >> d->params.geometry->pageblock_order);
}

static void print_answer(const struct diverge *d, int side, const struct request_record *q)
{
	char text[160];

	if (!q->rc)
		snprintf(text, sizeof(text), "got it, %u pages migrated", q->total.migrated);
	else if (q->blocker == PFN_NONE)
		snprintf(text, sizeof(text), "%s in phase %s: %s", strerror(-q->rc),
		         contig_phase_name((enum contig_phase)q->phase),
		         contig_reason_name((enum contig_reason)q->reason));
	else
		snprintf(text, sizeof(text), "%s in phase %s: %s, pfn %u (%s)", strerror(-q->rc),
		         contig_phase_name((enum contig_phase)q->phase),
		         contig_reason_name((enum contig_reason)q->reason), q->blocker,
		         contig_kind_name((enum page_kind)q->kind));
	print_place(d, side, text, PFN_NONE);
}

/* Which pass, of how many. */
static void print_pass(const struct diverge *d, uint32_t pass)
{
	if (pass == d->params.age)
		fputs("the pass that counts", stdout);
	else
		printf("ageing pass %u of %u", pass + 1, d->params.age);
}

/* As a terminal may have it. */
struct shown {
	char text[256];
};

static struct shown workload(const struct diverge *d)
{
	struct shown s;

	escape_short(s.text, sizeof(s.text), d->plan.workloads[0].name);
	return s;
}

static void print_alloc(const struct diverge *d, const struct divergence *at)
{
	const struct program_op *op = &program(d)->ops[at->event];

	printf("event %u of %s, %.6f s into ", at->event, workload(d).text, (double)at->ns / 1e9);
	print_pass(d, at->pass);
	printf(": allocation of %s, order %u, %s, on cpu %u of node %u\n", contig_kind_name((enum page_kind)op->kind),
	       op->order, contig_type_name((enum migratetype)op->migratetype), program_cpu(op), op->node);
	print_place(d, 0, "nothing: no free run for it", at->place[0]);
	print_place(d, 1, "nothing: no free run for it", at->place[1]);
}

static void print_request(const struct diverge *d, const struct divergence *at)
{
	const struct request_record *q = at->record;

	printf("request %u, made at %.6f s of the pass that counts, for ", at->request, (double)q[0].begin_ns / 1e9);
	if (d->params.caller.who == RUN_PLAIN)
		printf("pfns %u to %u", q[0].start, q[0].start + d->params.request_pages - 1);
	else
		printf("%u pages", d->params.request_pages);
	printf(" by cpu %u; found after event %u of %s\n", q[0].cpu, at->event, workload(d).text);
	if (at->what == PART_REQUEST_ANSWER) {
		print_answer(d, 0, &q[0]);
		print_answer(d, 1, &q[1]);
		return;
	}
	printf("it is answered alike, but what was at pfn %u is migrated to\n", at->from);
	print_place(d, 0, "nowhere", at->place[0]);
	print_place(d, 1, "nowhere", at->place[1]);
}

static void print_views(const struct diverge *d)
{
	for (uint32_t i = 0; i < d->nr_views; i++) {
		printf("\nmemory after event %u, around pfn %u (docs/formats.md, layout string)\n",
		       d->found.all[0].first.event, d->view[i][0].mark);
		for (int side = 0; side < 2; side++) {
			const struct picture *p = &d->view[i][side];

			printf("  %s", backend(d, side));
			if (!p->map) {
				puts(": does not let itself be looked at");
				continue;
			}
			printf(", pageblock%s %u", p->nr > 1 ? "s" : "", p->first);
			printf(p->nr > 1 ? " to %u:\n" : ":\n", p->first + p->nr - 1);
			picture_print(stdout, "    ", p);
		}
	}
}

/* "event 17 of the pass that counts", or that of an ageing pass. */
static void print_first(const struct diverge *d, const struct comparison *c)
{
	if (!c->differs)
		fputs("never", stdout);
	else if (attribution_explains(&d->found, c))
		fputs("at the same event, alike", stdout);
	else if (c->first.events == d->found.all[0].first.events)
		fputs("at the same event, otherwise", stdout);
	else
		printf("%s, at event %u of pass %u",
		       c->first.events < d->found.all[0].first.events ? "sooner" : "later", c->first.event,
		       c->first.pass + 1);
}

static void print_why(const struct diverge *d)
{
	const struct attribution *t = &d->found;
	uint32_t nr = 0;

	fputs("\nwhy: ", stdout);
	if (t->no_knobs) {
		puts("one of the two has no knobs that could be switched one by one");
		return;
	}
	for (uint32_t i = 1; i < t->nr; i++) {
		if (attribution_explains(t, &t->all[i]))
			printf("%s%s", nr++ ? "; or " : "", t->all[i].knobs);
	}
	puts(nr ? ", switched alone, does the same" : "no knob alone does this; it takes several of those that differ");
}

/* The first of the knobs of a group, and where its text ends. */
static size_t first_knob(const char *text)
{
	const char *end = strstr(text, " and ");

	return end ? (size_t)(end - text) : strlen(text);
}

static void print_knobs(const struct diverge *d)
{
	const struct attribution *t = &d->found;

	if (t->nr < 2)
		return;
	printf("\nknobs that differ, each alone in %s, and where that parts from %s first\n", backend(d, 0),
	       backend(d, 0));
	for (uint32_t i = 1; i < t->nr; i++) {
		const struct comparison *c = &t->all[i];

		printf("  %-42.*s  ", (int)first_knob(c->knobs), c->knobs);
		print_first(d, c);
		putchar('\n');
		for (const char *more = strstr(c->knobs, " and "); more; more = strstr(more, " and ")) {
			more += strlen(" and ");
			printf("  + %.*s\n", (int)first_knob(more), more);
		}
		if (c->group.why[0])
			printf("    together, since %s\n", c->group.why);
	}
}

static void print_count(const char *name, const struct comparison *c)
{
	char text[64];

	snprintf(text, sizeof(text), "%.*s%s", (int)first_knob(name), name, c->group.list.nr > 1 ? " + ..." : "");
	printf("  %-42s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64 "\n", text, c->count[PART_ALLOC_ANSWER],
	       c->count[PART_ALLOC_PLACE], c->count[PART_REQUEST_ANSWER], c->count[PART_REQUEST_MOVES]);
}

static void print_counts(const struct diverge *d)
{
	const struct attribution *t = &d->found;
	uint64_t allocs = program(d)->nr_allocs * (d->params.age + UINT64_C(1));

	printf("\ndifferences to %s to the end of the trace, of %" PRIu64
	       " allocations and the requests laid over it;\n"
	       "what comes behind the first one differs by what that led to, too\n",
	       backend(d, 0), allocs);
	printf("  %-42s %12s %12s %12s %12s\n", "", "allocations", "allocations", "requests", "requests");
	printf("  %-42s %12s %12s %12s %12s\n", "", "answered", "placed", "answered", "migrated");
	for (uint32_t i = 1; i < t->nr; i++)
		print_count(t->all[i].knobs, &t->all[i]);
	print_count(backend(d, 1), &t->all[0]);
}

static void print_text(const struct diverge *d)
{
	const struct comparison *b = &d->found.all[0];

	if (!b->differs) {
		printf("%s and %s %s all %" PRIu64 " events of %s alike, and all requests\n", backend(d, 0),
		       backend(d, 1), d->options.answers ? "answer" : "answer and place",
		       (uint64_t)program(d)->nr_ops * (d->params.age + UINT64_C(1)), workload(d).text);
		return;
	}
	printf("%s and %s part at ", backend(d, 0), backend(d, 1));
	if (b->first.what == PART_ALLOC_ANSWER || b->first.what == PART_ALLOC_PLACE)
		print_alloc(d, &b->first);
	else
		print_request(d, &b->first);
	print_views(d);
	print_why(d);
	print_knobs(d);
	if (d->options.count)
		print_counts(d);
}

/* ---- as JSON --------------------------------------------------------------------------------- */

static json_t *pfn_json(pfn_t pfn)
{
	return pfn == PFN_NONE ? json_null() : json_integer(pfn);
}

static json_t *answer_json(const struct request_record *q)
{
	json_t *o = json_pack("{s:i, s:I}", "rc", q->rc, "migrated", (json_int_t)q->total.migrated);

	if (q->rc) {
		json_object_set_new(o, "phase", json_string(contig_phase_name((enum contig_phase)q->phase)));
		json_object_set_new(o, "reason", json_string(contig_reason_name((enum contig_reason)q->reason)));
		json_object_set_new(o, "pfn", pfn_json(q->blocker));
	}
	return o;
}

static json_t *divergence_json(const struct divergence *at)
{
	static const char *const what[PART_NR] = {
		[PART_ALLOC_ANSWER] = "allocation answered",
		[PART_ALLOC_PLACE] = "allocation placed",
		[PART_REQUEST_ANSWER] = "request answered",
		[PART_REQUEST_MOVES] = "request migrated",
	};
	json_t *o = json_pack("{s:s, s:I, s:I, s:I}", "what", what[at->what], "pass", (json_int_t)at->pass, "event",
	                      (json_int_t)at->event, "ns", (json_int_t)at->ns);

	if (at->what != PART_REQUEST_ANSWER)
		json_object_set_new(o, "pfns", json_pack("[o, o]", pfn_json(at->place[0]), pfn_json(at->place[1])));
	if (at->what == PART_REQUEST_MOVES)
		json_object_set_new(o, "from_pfn", pfn_json(at->from));
	if (at->what == PART_REQUEST_ANSWER || at->what == PART_REQUEST_MOVES) {
		json_object_set_new(o, "request", json_integer(at->request));
		json_object_set_new(o, "start_pfn", pfn_json(at->record[0].start));
		json_object_set_new(o, "answers",
		                    json_pack("[o, o]", answer_json(&at->record[0]), answer_json(&at->record[1])));
	}
	return o;
}

static json_t *views_json(const struct diverge *d)
{
	json_t *views = json_array();

	for (uint32_t i = 0; i < d->nr_views; i++) {
		json_t *sides = json_array();

		for (int side = 0; side < 2; side++) {
			const struct picture *p = &d->view[i][side];

			json_array_append_new(sides, p->map ? json_pack("{s:I, s:s, s:s, s:I}", "first_pageblock",
			                                                (json_int_t)p->first, "types", p->types, "map",
			                                                p->map, "column", (json_int_t)p->column)
			                                    : json_null());
		}
		json_array_append_new(views,
		                      json_pack("{s:I, s:o}", "pfn", (json_int_t)d->view[i][0].mark, "sides", sides));
	}
	return views;
}

static json_t *comparison_json(const struct diverge *d, const struct comparison *c)
{
	json_t *o = json_pack("{s:s, s:o}", "backend", c->backend, "first",
	                      c->differs ? divergence_json(&c->first) : json_null());

	if (c->knobs) {
		json_object_set_new(o, "knobs", json_string(c->knobs));
		json_object_set_new(o, "before", json_string(c->before));
		json_object_set_new(o, "explains", json_boolean(attribution_explains(&d->found, c)));
	}
	if (c->group.why[0])
		json_object_set_new(o, "together_because", json_string(c->group.why));
	if (d->options.count)
		json_object_set_new(o, "counts",
		                    json_pack("{s:I, s:I, s:I, s:I}", "allocations_answered",
		                              (json_int_t)c->count[PART_ALLOC_ANSWER], "allocations_placed",
		                              (json_int_t)c->count[PART_ALLOC_PLACE], "requests_answered",
		                              (json_int_t)c->count[PART_REQUEST_ANSWER], "requests_migrated",
		                              (json_int_t)c->count[PART_REQUEST_MOVES]));
	return o;
}

static void print_json(const struct diverge *d)
{
	const struct run_workload *w = &d->plan.workloads[0];
	json_t *knobs = json_array();

	for (uint32_t i = 1; i < d->found.nr; i++)
		json_array_append_new(knobs, comparison_json(d, &d->found.all[i]));
	json_t *all = json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o}", "revision", cli_revision(), "workload",
	                        w->name, "sha256", w->sha256, "a", backend(d, 0), "differ", d->found.all[0].differs,
	                        "b", comparison_json(d, &d->found.all[0]), "layouts", views_json(d), "knobs", knobs);

	if (all)
		json_dumpf(all, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
}

/* ---- the command ----------------------------------------------------------------------------- */

static int check(const struct run_options *o)
{
	if (o->nr_backends != 2)
		return cli_error(CLI_USAGE, "two backends are compared, and %u given: say -b A,B", o->nr_backends);
	if (o->nr_workloads > 1)
		return cli_error(CLI_USAGE, "one workload at a time");
	if (o->nr_geometries > 1)
		return cli_error(CLI_USAGE, "one geometry at a time: give one of --%s, not %u",
		                 o->nr_presets > 1 ? "geometry" : "max-order",
		                 o->nr_presets > 1 ? o->nr_presets : o->nr_max_orders);
	if (o->nr_seeds > 1 || o->nr_sizes > 1 || (!o->nr_zones && o->nr_occupancies > 1))
		return cli_error(CLI_USAGE, "one replay is compared with one: give one of %s, not %u",
		                 o->nr_seeds > 1   ? "--seeds"
		                 : o->nr_sizes > 1 ? "--sizes"
		                                   : "--occupancy",
		                 o->nr_seeds > 1   ? o->nr_seeds
		                 : o->nr_sizes > 1 ? o->nr_sizes
		                                   : o->nr_occupancies);
	return CLI_OK;
}

static int diverge(struct diverge *d)
{
	struct contig_diag diag = { "" };
	int status = check(&d->options);

	if (status == CLI_OK)
		status = plan_make(&d->plan, &d->options);
	if (status != CLI_OK)
		return status;
	d->params = plan_params(&d->plan, 0);
	const struct comparing how = { d->options.answers, d->options.count, look, d };
	int rc = attribute(&d->found, &d->params, backend(d, 1), &how, &diag);

	if (rc)
		return cli_error(rc == -EUCLEAN ? CLI_NO : cli_status_of(rc), "%s", diag.text);
	(d->options.json ? print_json : print_text)(d);
	return d->found.all[0].differs ? CLI_NO : CLI_OK;
}

int cmd_diverge(int argc, char **argv)
{
	struct diverge d = { .nr_views = 0 };
	int status = run_options_parse_as(&diverge_dialect, argc, argv, &d.options);

	if (status == CLI_OK && d.options.help)
		help_print(stdout, &help_diverge);
	else if (status == CLI_OK)
		status = diverge(&d);
	for (uint32_t i = 0; i < MAX_VIEWS; i++) {
		picture_free(&d.view[i][0]);
		picture_free(&d.view[i][1]);
	}
	attribution_free(&d.found);
	plan_free(&d.plan);
	run_options_free(&d.options);
	return status;
}
