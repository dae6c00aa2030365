// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"

/* ---- the replay ------------------------------------------------------------------------------ */

struct look {
	struct explanation *e;
	const struct contig_geometry *geometry;
	uint32_t request;
	pfn_t blocker;
};

/* The last step of the phase that failed is the one that met the blocking page: what comes after it is undoing. */
static void stepped(void *ctx, struct contig *backend, uint32_t k, const struct contig_work *work,
                    const struct request_record *ended)
{
	struct look *l = ctx;
	struct explanation *e = l->e;

	if (k != l->request)
		return;
	if (work->phase == e->phase)
		picture_take(backend, l->geometry, l->blocker, &e->picture);
	if (!ended)
		return;
	e->record = *ended;
	e->seen = true;
	atomic_store(&e->stop, true);
}

static enum contig_phase phase_of(const char *name)
{
	enum contig_phase p = 0;

	while (p < PHASE_DONE && strcmp(contig_phase_name(p), name))
		p++;
	return p;
}

static const json_t *autopsy(const struct explanation *e)
{
	return json_object_get(e->line, "autopsy");
}

/* PFN_NONE or EVENT_NONE where there is none */
static uint32_t number_or_none(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return v ? (uint32_t)json_integer_value(v) : UINT32_MAX;
}

static bool same(const struct explanation *e)
{
	const struct request_record *q = &e->record;
	const json_t *a = autopsy(e);

	return e->seen && q->rc == stored_number(e->line, "rc") && q->start == number_or_none(e->line, "start_pfn") &&
	       q->begin_ns == (uint64_t)stored_number(e->line, "begin_ns") &&
	       q->end_ns == (uint64_t)stored_number(e->line, "end_ns") && q->blocker == number_or_none(a, "pfn") &&
	       q->event == number_or_none(json_object_get(a, "owner"), "event") &&
	       !strcmp(contig_reason_name((enum contig_reason)q->reason), stored_text(a, "reason"));
}

static int replay(struct explanation *e)
{
	struct look look = {
		.e = e,
		.request = (uint32_t)stored_number(e->line, "request"),
		.blocker = number_or_none(autopsy(e), "pfn"),
	};
	const struct replay_watch watch = { .ctx = &look, .stepped = stepped };
	struct replay_params params = plan_params(&e->replay.plan, 0);
	struct replay_result result;
	struct contig_diag diag = { "" };

	look.geometry = params.geometry;
	params.stop = &e->stop;
	params.watch = &watch;
	cli_progress("replaying", 0, 1);
	int rc = replay_run(&params, &result, &diag);

	cli_progress(NULL, 0, 0);
	if (!rc)
		replay_result_free(&result);
	if (rc && rc != -EINTR)
		return cli_error(rc == -EUCLEAN ? CLI_NO : cli_status_of(rc), "%s", diag.text);
	e->the_same = same(e);
	if (!e->the_same)
		return cli_error(CLI_NO,
		                 "replayed, this request ends otherwise than it is stored: %s was made by revision %s, "
		                 "this is %s; make the run again",
		                 e->stored->dir, stored_text(e->stored->parameters, "revision"), cli_revision());
	return CLI_OK;
}

/* ---- the same request on other backends ------------------------------------------------------ */

static bool is_peer(const json_t *line, const json_t *of)
{
	static const char *const keys[] = { "workload", "geometry", "max_order", "occupancy_percent",
		                            "size",     "seed",     "request",   NULL };

	return stored_alike(line, of, keys) && strcmp(stored_text(line, "backend"), stored_text(of, "backend"));
}

static bool add_peer(void *ctx, const json_t *line)
{
	struct explanation *e = ctx;

	if (is_peer(line, e->line))
		json_array_append_new(e->others, json_deep_copy(line));
	return true;
}

int explanation_make(struct explanation *e, const struct stored *s, uint64_t n, const char *trace)
{
	*e = (struct explanation){ .stored = s, .line = stored_failure(s, n), .others = json_array() };
	if (!e->line)
		return CLI_USAGE;
	e->phase = phase_of(stored_text(autopsy(e), "phase"));
	int status = stored_replay(s, e->line, trace, &e->replay);

	if (status == CLI_OK)
		status = replay(e);
	return status == CLI_OK ? stored_each(s, false, add_peer, e) : status;
}

void explanation_free(struct explanation *e)
{
	json_decref(e->line);
	json_decref(e->others);
	stored_replay_free(&e->replay);
	picture_free(&e->picture);
}

/* ---- as text --------------------------------------------------------------------------------- */

static const char *const reasons[WHY_NR] = {
	[WHY_NONE] = "no single page is to blame",
	[WHY_UNMOVABLE] = "it can not be moved, and isolation refuses a pageblock with such a page",
	[WHY_PINNED] = "it is movable, but somebody holds a reference to it",
	[WHY_PCP] = "it is free, but lies on a per-cpu list, where nobody can take it",
	[WHY_STRADDLES] = "its run crosses the border of what the request may take",
	[WHY_ALREADY_ISOLATED] = "another request has isolated its pageblock",
	[WHY_WRONG_TYPE] = "its pageblock belongs to a CMA area, and the request does not",
	[WHY_NOT_LRU] = "it is a user page on its way to the LRU, still in a per-cpu batch",
	[WHY_NO_TARGET] = "there was no free page to migrate it to",
	[WHY_RACED] = "it was allocated or un-isolated while the request ran",
	[WHY_ZONE_EDGE] = "the range leaves its zone",
	[WHY_RESERVED] = "it is boot memory, which is never given away",
	[WHY_COMPOUND] = "it is a compound page, which this release does not migrate for contiguous requests",
	[WHY_HUGETLB] = "it is a hugetlb page, which this release does not replace, or which nothing can replace",
	[WHY_HWPOISON] = "it is bad memory",
	[WHY_OFFLINE] = "it is PageOffline, and its driver has not let go of it",
	[WHY_ABSENT] = "there is no memory: it is offline",
	[WHY_WATERMARK] = "it is free, but taking it would break the min watermark",
	[WHY_VETO] = "a driver said no",
	[WHY_IN_USE] = "it is in use, and this release asks for no such range for a gigantic page",
	[WHY_NO_CANDIDATE] = "there was no range to ask for: none is large enough, or all are taken",
};

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

static const struct program *program_of(const struct explanation *e)
{
	return plan_program(&e->replay.plan, &(struct run_place){ 0 });
}

/* How long the blocking page's owner had been there when the request began; negative: it came while that ran. */
static int64_t age_of(const struct explanation *e)
{
	const struct request_record *q = &e->record;
	int64_t pass = (int64_t)q->pass - q->passes;

	return (int64_t)q->begin_ns - pass * (int64_t)program_of(e)->duration_ns - (int64_t)q->since_ns;
}

static void print_event(FILE *f, const struct program *p, uint32_t event)
{
	const struct program_op *op = &p->ops[event];

	if (program_code(op) == TRACE_SPLIT)
		fprintf(f, "event %u of the trace, which split an allocation of order %u into pieces of order %u",
		        event, op->split.whole_order, op->split.pieces_order);
	else
		fprintf(f, "event %u of the trace, which allocated %s of order %u as %s on cpu %u", event,
		        contig_kind_name((enum page_kind)op->kind), op->order,
		        contig_type_name((enum migratetype)op->migratetype), program_cpu(op));
}

static void print_blocker(FILE *f, const struct explanation *e)
{
	const struct request_record *q = &e->record;

	if (q->blocker != PFN_NONE)
		fprintf(f, "in the way  pfn %u, %s: %s\n", q->blocker, contig_kind_name((enum page_kind)q->kind),
		        contig_reason_name((enum contig_reason)q->reason));
	else
		fprintf(f, "reason      %s\n", contig_reason_name((enum contig_reason)q->reason));
	fprintf(f, "            %s\n", reasons[q->reason < WHY_NR ? q->reason : WHY_NONE]);
	if (q->event == EVENT_NONE)
		return;
	fputs("its owner   ", f);
	print_event(f, program_of(e), q->event);
	fprintf(f, ",\n            at %.6f s", seconds(q->since_ns));
	if (q->passes)
		fprintf(f, " of a pass %u before this one", q->passes);
	else if (e->replay.options.passes > 1)
		fputs(" of this pass", f);
	fprintf(f, ": %.6f s %s the request%s\n", seconds((uint64_t)llabs(age_of(e))),
	        age_of(e) < 0 ? "after" : "before", age_of(e) < 0 ? " began" : "");
}

static void print_cost(FILE *f, const struct request_record *q, const char *costs)
{
	const struct contig_work *w = &q->total, *u = &q->undo;

	fprintf(f,
	        "cost        %.3f ms (modelled, cost table %s) until it failed: %u pageblocks worked on, %u pfns looked at, %u free pages "
	        "moved,\n            %u pages drained, %u migrated, %u not migrated, %u grabbed\n",
	        (double)(q->failed_ns - q->begin_ns) / 1e6, costs, w->blocks - u->blocks, w->scanned - u->scanned,
	        w->moved - u->moved, w->drained - u->drained, w->migrated - u->migrated,
	        w->not_migrated - u->not_migrated, w->grabbed - u->grabbed);
}

/* So many other backends are named one by one. */
#define LISTED_BY_NAME 12

/* "test/pinned", or NULL where the request was granted. */
static const char *how_it_ended(const json_t *line, char *buf, size_t size)
{
	const json_t *a = json_object_get(line, "autopsy");

	if (!a)
		return NULL;
	snprintf(buf, size, "%s/%s", stored_text(a, "phase"), stored_text(a, "reason"));
	return buf;
}

static bool ended_alike(const json_t *a, const json_t *b)
{
	char one[64], two[64];
	const char *p = how_it_ended(a, one, sizeof(one)), *q = how_it_ended(b, two, sizeof(two));

	return p && q ? !strcmp(p, q) : p == q;
}

/* Backends that ended in the same way are a line: one by name, several (an ablation has a hundred) by number. */
static void print_others(FILE *f, const json_t *others)
{
	size_t nr = json_array_size(others);
	const char *lead = "elsewhere   ";
	char how[64];

	for (size_t i = 0; i < nr; i++) {
		const json_t *line = json_array_get(others, i);
		size_t same = 0;
		bool seen = false;

		for (size_t j = 0; j < nr; j++) {
			if (ended_alike(line, json_array_get(others, j))) {
				seen = seen || j < i;
				same++;
			}
		}
		if (seen && nr > LISTED_BY_NAME)
			continue;
		const char *end = how_it_ended(line, how, sizeof(how));

		fprintf(f, "%s%-14s ", lead, stored_text(line, "backend"));
		if (same > 1 && nr > LISTED_BY_NAME)
			fprintf(f, "and %zu others ", same - 1);
		if (end)
			fprintf(f, "failed, too: %s\n", end);
		else if (same > 1 && nr > LISTED_BY_NAME)
			fputs("got it\n", f);
		else
			fprintf(f, "got it, %lld pages migrated\n",
			        (long long)stored_number(json_object_get(line, "work"), "migrated"));
		lead = "            ";
	}
}

static void print_question(FILE *f, const struct explanation *e, uint32_t pages, unsigned int order)
{
	const struct request_record *q = &e->record;
	enum run_caller who = e->replay.plan.options->caller.who;

	if (who == RUN_PLAIN)
		fprintf(f, "asked for   pfns %u to %u (pageblocks %u to %u)", q->start, q->start + pages - 1,
		        q->start >> order, (q->start + pages - 1) >> order);
	else
		fprintf(f, "asked for   %u pages", pages);
	fprintf(f, ", by cpu %u at %.6f s", q->cpu, seconds(q->begin_ns));
	if (e->replay.options.passes > 1)
		fprintf(f, " (ended in counted pass %u of %u)", q->pass + 1, e->replay.options.passes);
	fputc('\n', f);
	if (who != RUN_PLAIN)
		fprintf(f, "            %s: %u calls, %u pages got", caller_name(who), q->calls, q->got);
	if (who != RUN_PLAIN && q->calls)
		fprintf(f, ", the last call at pfn %u (pageblock %u)", q->start, q->start >> order);
	if (who != RUN_PLAIN)
		fputc('\n', f);
}

void explanation_print(FILE *f, const struct explanation *e)
{
	const struct request_record *q = &e->record;
	const struct run_plan *plan = &e->replay.plan;
	const struct picture *p = &e->picture;
	uint32_t pages = (uint32_t)stored_number(e->line, "pages");
	unsigned int order = plan->geometries[0].pageblock_order;

	char place[256];

	stored_place(e->line, place);
	fprintf(f, "failure %lld of %llu: request %lld of %s at %g %%, size %s, on %s, seed %lld\n",
	        (long long)stored_number(e->line, "failure"), (unsigned long long)e->stored->nr_failures,
	        (long long)stored_number(e->line, "request"), place,
	        json_number_value(json_object_get(e->line, "occupancy_percent")), stored_text(e->line, "size"),
	        stored_text(e->line, "backend"), (long long)stored_number(e->line, "seed"));
	print_question(f, e, pages, order);
	fprintf(f, "answer      %s (%d), failed in phase %s\n", strerror(-q->rc), q->rc,
	        contig_phase_name((enum contig_phase)q->phase));
	print_blocker(f, e);
	print_cost(f, q, e->replay.plan.costs.table->name);
	print_others(f, e->others);
	if (p->map) {
		fprintf(f, "\nmemory when it failed, before anything was undone; pageblock%s %u", p->nr > 1 ? "s" : "",
		        p->first);
		if (p->nr > 1)
			fprintf(f, " to %u", p->first + p->nr - 1);
		fputs(" (docs/formats.md, layout string):\n", f);
		picture_print(f, "  ", p);
	} else if (q->blocker != PFN_NONE) {
		fprintf(f, "\n(%s does not let itself be looked at: no picture)\n", stored_text(e->line, "backend"));
	}
}

/* ---- as JSON --------------------------------------------------------------------------------- */

static json_t *picture_json(const struct picture *p)
{
	if (!p->map)
		return json_null();
	return json_pack("{s:I, s:I, s:s, s:s, s:I, s:I}", "first_pageblock", (json_int_t)p->first, "pageblocks",
	                 (json_int_t)p->nr, "types", p->types, "map", p->map, "pfn", (json_int_t)p->mark, "column",
	                 (json_int_t)p->column);
}

static json_t *owner_json(const struct explanation *e)
{
	const struct request_record *q = &e->record;

	if (q->event == EVENT_NONE)
		return json_null();
	const struct program_op *op = &program_of(e)->ops[q->event];
	bool split = program_code(op) == TRACE_SPLIT;
	json_t *o = json_pack("{s:I, s:s, s:i, s:I, s:I}", "event", (json_int_t)q->event, "what",
	                      split ? "split" : "alloc", "order", split ? op->split.pieces_order : op->order, "cpu",
	                      (json_int_t)program_cpu(op), "age_ns", (json_int_t)age_of(e));

	if (o && !split) {
		json_object_set_new(o, "kind", json_string(contig_kind_name((enum page_kind)op->kind)));
		json_object_set_new(o, "migratetype", json_string(contig_type_name((enum migratetype)op->migratetype)));
	}
	return o;
}

void explanation_json(FILE *f, const struct explanation *e)
{
	json_t *all =
		json_pack("{s:I, s:O, s:s, s:o, s:o, s:O}", "failures", (json_int_t)e->stored->nr_failures, "request",
	                  e->line, "meaning", reasons[e->record.reason < WHY_NR ? e->record.reason : WHY_NONE], "owner",
	                  owner_json(e), "layout", picture_json(&e->picture), "others", e->others);

	if (all)
		json_dumpf(all, f, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	fputc('\n', f);
	json_decref(all);
}
