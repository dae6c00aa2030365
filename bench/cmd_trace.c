// SPDX-License-Identifier: MIT
/* cmd_trace.c - contigbench trace info|cat: look into a recorded trace. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../workloads/trace/trace.h"
#include "cli.h"
#include "help/commands.h"

/* What the events are, counted. */
struct census {
	uint64_t op[TRACE_OP_NR];
	uint64_t order[CONTIG_MAX_ORDER + 1]; /* of allocations */
	uint64_t kind[PAGE_KIND_NR];
	uint64_t type[MT_NR];
	char sha256[65];
	uint64_t file_bytes, unpacked_bytes;
};

static const char *const op_names[TRACE_OP_NR] = { "alloc", "free", "split", "pin", "unpin", "mark" };
static const char *const zone_names[ZONE_TYPE_NR] = { "DMA32", "Normal", "Movable" };

/* ---- info ------------------------------------------------------------------------------------ */

static int take_census(struct trace_reader *r, struct census *c, struct contig_diag *diag)
{
	const struct trace_info *info = trace_reader_info(r);
	struct trace_event e;
	uint64_t n = 0;
	int rc;

	while ((rc = trace_reader_next(r, &e, diag)) == 1) {
		c->op[e.op]++;
		if (e.op == TRACE_ALLOC) {
			c->order[e.order]++;
			c->kind[e.kind]++;
			c->type[e.migratetype]++;
		}
		if (++n % 65536 == 0)
			cli_progress("reading", n, info->nr_events);
	}
	cli_progress(NULL, 0, 0);
	if (!rc)
		trace_reader_digest(r, c->sha256, &c->file_bytes, &c->unpacked_bytes);
	return rc;
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part * 100 / (double)whole : 0;
}

static void print_text(const char *path, const struct trace_info *i, const struct census *c)
{
	double mib = (double)(UINT64_C(1) << i->page_shift) / 1048576;
	uint64_t allocs = c->op[TRACE_ALLOC];

	printf("file         %s\n", path);
	printf("sha256       %s\n", c->sha256);
	printf("size         %" PRIu64 " bytes, %.2f an event (%.2f before compression)\n", c->file_bytes,
	       i->nr_events ? (double)c->file_bytes / (double)i->nr_events : 0,
	       i->nr_events ? (double)c->unpacked_bytes / (double)i->nr_events : 0);
	printf("label        %s\n", i->label);
	printf("recorded     %s, Linux %s\n", i->date, i->kernel);
	printf("machine      %u cpus, %u nodes, pages of %u bytes, pageblock_order %u, max_order %u\n", i->nr_cpus,
	       i->nr_nodes, 1u << i->page_shift, i->pageblock_order, i->max_order);
	printf("duration     %.3f s\n", (double)i->duration_ns / 1e9);
	printf("events       %" PRIu64 " (%" PRIu64 " of the kernel), %" PRIu64 " of them initial\n", i->nr_events,
	       i->raw_events, i->nr_initial);
	printf("peak         %" PRIu64 " pages (%.0f MiB)\n", i->peak_pages, (double)i->peak_pages * mib);
	for (int op = 0; op < TRACE_OP_NR; op++) {
		if (c->op[op])
			printf("  %-10s %" PRIu64 "\n", op_names[op], c->op[op]);
	}
	printf("allocations by order\n");
	for (unsigned int o = 0; o <= CONTIG_MAX_ORDER; o++) {
		if (c->order[o])
			printf("  %-10u %" PRIu64 " (%.3f %%)\n", o, c->order[o], share(c->order[o], allocs));
	}
	printf("allocations by kind\n");
	for (unsigned int k = 0; k < PAGE_KIND_NR; k++) {
		if (c->kind[k])
			printf("  %-18s %" PRIu64 " (%.3f %%)\n", contig_kind_name((enum page_kind)k), c->kind[k],
			       share(c->kind[k], allocs));
	}
	printf("allocations by migratetype\n");
	for (unsigned int t = 0; t < MT_NR; t++) {
		if (c->type[t])
			printf("  %-18s %" PRIu64 " (%.3f %%)\n", contig_type_name((enum migratetype)t), c->type[t],
			       share(c->type[t], allocs));
	}
	printf("lost         %" PRIu64 " events\n", i->lost);
	printf("implied      %" PRIu64 " frees of pages that were allocated again\n", i->implied_frees);
	printf("unmatched    %" PRIu64 " frees of pages that nobody knew\n", i->unmatched_frees);
	printf("failed       %" PRIu64 " allocations on the recording machine\n", i->failed_allocs);
}

static void set_count(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

/* Text of a header may be anything but control characters, which includes what is not UTF-8. */
static void set_text(json_t *o, const char *key, const char *text)
{
	json_t *s = json_string(text);

	json_object_set_new(o, key, s ? s : json_null());
}

static int print_json(const char *path, const struct trace_info *i, const struct census *c)
{
	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {
		{ "version", i->version },
		{ "file_bytes", c->file_bytes },
		{ "unpacked_bytes", c->unpacked_bytes },
		{ "page_shift", i->page_shift },
		{ "pageblock_order", i->pageblock_order },
		{ "max_order", i->max_order },
		{ "nr_cpus", i->nr_cpus },
		{ "nr_nodes", i->nr_nodes },
		{ "nr_events", i->nr_events },
		{ "nr_initial", i->nr_initial },
		{ "nr_ids", i->nr_ids },
		{ "duration_ns", i->duration_ns },
		{ "peak_pages", i->peak_pages },
		{ "raw_events", i->raw_events },
		{ "lost", i->lost },
		{ "splits", i->splits },
		{ "implied_frees", i->implied_frees },
		{ "unmatched_frees", i->unmatched_frees },
		{ "failed_allocs", i->failed_allocs },
	};
	json_t *root = json_object(), *ops = json_object(), *orders = json_array(), *kinds = json_object(),
	       *types = json_object();

	set_text(root, "file", path);
	set_text(root, "sha256", c->sha256);
	set_text(root, "label", i->label);
	set_text(root, "date", i->date);
	set_text(root, "kernel", i->kernel);
	for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++)
		set_count(root, counts[k].name, counts[k].value);
	for (int op = 0; op < TRACE_OP_NR; op++)
		set_count(ops, op_names[op], c->op[op]);
	for (unsigned int o = 0; o <= i->max_order; o++)
		json_array_append_new(orders, json_integer((json_int_t)c->order[o]));
	for (unsigned int k = 0; k < PAGE_KIND_NR; k++) {
		if (c->kind[k])
			set_count(kinds, contig_kind_name((enum page_kind)k), c->kind[k]);
	}
	for (unsigned int t = 0; t <= MT_RECLAIMABLE; t++)
		set_count(types, contig_type_name((enum migratetype)t), c->type[t]);
	json_object_set_new(root, "events", ops);
	json_object_set_new(root, "allocs_by_order", orders);
	json_object_set_new(root, "allocs_by_kind", kinds);
	json_object_set_new(root, "allocs_by_migratetype", types);
	int rc = json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
	return rc;
}

static int info(const char *path, bool json)
{
	struct census c = { 0 };
	struct contig_diag diag;
	struct trace_reader *r = trace_reader_open(path, &diag);

	if (!r)
		return cli_error(cli_status_of(errno), "%s", diag.text);
	int rc = take_census(r, &c, &diag);
	if (rc < 0) {
		trace_reader_close(r);
		return cli_error(cli_status_of(rc), "%s", diag.text);
	}
	if (json)
		print_json(path, trace_reader_info(r), &c);
	else
		print_text(path, trace_reader_info(r), &c);
	trace_reader_close(r);
	if (fflush(stdout) || ferror(stdout))
		return cli_error(CLI_MACHINE, "can not print: %s", strerror(errno));
	return CLI_OK;
}

/* ---- cat ------------------------------------------------------------------------------------- */

static int print_event(const struct trace_event *e)
{
	int n = printf("%" PRIu64 " %u %s %u", e->ns, e->cpu, op_names[e->op], e->id);

	if (e->op == TRACE_ALLOC)
		n = printf(" %u %s %s %u %s", e->order, contig_kind_name(e->kind), contig_type_name(e->migratetype),
		           e->node, zone_names[e->zone]);
	else if (e->op == TRACE_SPLIT)
		n = printf(" %u %u", e->order, e->aux);
	return n < 0 || putchar('\n') == EOF ? -errno : 0;
}

static int cat(const char *path)
{
	struct contig_diag diag;
	struct trace_event e;
	struct trace_reader *r = trace_reader_open(path, &diag);
	int rc = 0, printed;

	if (!r)
		return cli_error(cli_status_of(errno), "%s", diag.text);
	/* as with cat(1): whoever reads us has seen enough, which is no failure */
	signal(SIGPIPE, SIG_IGN);
	printed = puts("# contigbench trace, text 1: NS CPU OP ID ...") < 0 ? -errno : 0;
	while (!printed && (rc = trace_reader_next(r, &e, &diag)) == 1)
		printed = print_event(&e);
	if (!printed && fflush(stdout))
		printed = -errno;
	trace_reader_close(r);
	if (printed == -EPIPE)
		return CLI_OK;
	if (printed)
		return cli_error(CLI_MACHINE, "can not print: %s", strerror(-printed));
	return rc < 0 ? cli_error(cli_status_of(rc), "%s", diag.text) : CLI_OK;
}

int cmd_trace(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false;
	int c = 0, status = CLI_OK;

	while (cli_option(argc, argv, ":h", longs, &c, &status)) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'h':
			help_print(stdout, &help_trace);
			return CLI_OK;
		}
	}
	if (status != CLI_OK)
		return status;
	const char *what = optind < argc ? argv[optind] : NULL;
	bool is_info = what && !strcmp(what, "info"), is_cat = what && !strcmp(what, "cat");
	if (!is_info && !is_cat)
		return cli_error(CLI_USAGE,
		                 what ? "unknown action '%s': info or cat"
		                      : "%sinfo or cat? see `contigbench "
		                        "trace --help`",
		                 what ? what : "");
	if (argc - optind != 2)
		return cli_error(CLI_USAGE, "trace %s takes one FILE", what);
	if (is_cat && json)
		return cli_error(CLI_USAGE, "trace cat prints text only: leave --json out");
	return is_info ? info(argv[optind + 1], json) : cat(argv[optind + 1]);
}
