// SPDX-License-Identifier: MIT
/* cmd_explain.c - contigbench explain: failures of a results folder, or why one request failed. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "help/commands.h"
#include "results/explain.h"

struct explain_options {
	const char *dir;
	const char *trace;
	uint64_t failure;
	bool json;
	bool help;
};

static int parse(int argc, char **argv, struct explain_options *o)
{
	static const struct option options[] = {
		{ "failure", required_argument, NULL, 'f' },
		{ "trace", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt = 0, status = CLI_OK;

	*o = (struct explain_options){ 0 };
	while (cli_option(argc, argv, ":h", options, &opt, &status)) {
		switch (opt) {
		case 'f':
			if (!cli_u64(optarg, 1, UINT64_MAX, &o->failure))
				return cli_error(CLI_USAGE, "--failure %s: failures are counted from 1", optarg);
			break;
		case 't':
			o->trace = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case 'h':
			o->help = true;
			return CLI_OK;
		}
	}
	if (status != CLI_OK)
		return status;
	if (optind + 1 != argc)
		return cli_error(CLI_USAGE, "%s: see `contigbench explain --help`",
		                 optind < argc ? "one results folder at a time" : "which results folder?");
	o->dir = argv[optind];
	return CLI_OK;
}

/* ---- which failures there are ---------------------------------------------------------------- */

/* Failures of one backend, size and reason. */
struct kind_of_failure {
	json_t *like; /* the first of them */
	uint64_t nr;
	uint64_t migrated;
	uint64_t ns;
};

struct survey {
	struct kind_of_failure *kinds;
	size_t nr;
	bool no_memory;
};

static bool alike(const json_t *a, const json_t *b)
{
	static const char *const keys[] = { "workload", "geometry", "max_order", "occupancy_percent",
		                            "size",     "backend",  NULL };
	const json_t *x = json_object_get(a, "autopsy"), *y = json_object_get(b, "autopsy");

	return stored_alike(a, b, keys) && !strcmp(stored_text(x, "phase"), stored_text(y, "phase")) &&
	       !strcmp(stored_text(x, "reason"), stored_text(y, "reason"));
}

static bool add(void *ctx, const json_t *line)
{
	struct survey *s = ctx;
	size_t i = s->nr;

	/* lines of a replay follow each other: what is looked for is near the end */
	while (i && !alike(s->kinds[i - 1].like, line))
		i--;
	if (!i) {
		struct kind_of_failure *kinds = reallocarray(s->kinds, s->nr + 1, sizeof(*kinds));

		s->no_memory = !kinds;
		if (!kinds)
			return false;
		s->kinds = kinds;
		s->kinds[s->nr++] = (struct kind_of_failure){ .like = json_deep_copy(line) };
		i = s->nr;
	}
	const json_t *autopsy = json_object_get(line, "autopsy");
	struct kind_of_failure *k = &s->kinds[i - 1];

	k->nr++;
	k->migrated += (uint64_t)stored_number(json_object_get(autopsy, "cost"), "migrated");
	k->ns += (uint64_t)(stored_number(autopsy, "failed_ns") - stored_number(line, "begin_ns"));
	return true;
}

static void print_survey(const struct stored *stored, const struct survey *s)
{
	printf("%s: %llu of %llu requests failed; `contigbench explain %s --failure N` explains one\n", stored->dir,
	       (unsigned long long)stored->nr_failures, (unsigned long long)stored->nr_requests, stored->dir);
	if (s->nr)
		printf("%10s %8s %12s %10s  %s\n", "first N", "failures", "migrated", "model ms",
		       "(sums over these failures)");
	for (size_t i = 0; i < s->nr; i++) {
		const struct kind_of_failure *k = &s->kinds[i];
		const json_t *autopsy = json_object_get(k->like, "autopsy");
		char place[256];

		stored_place(k->like, place);
		printf("%10lld %8llu %12llu %10.3f  %s, %g %%, %s, %s: %s/%s\n",
		       (long long)stored_number(k->like, "failure"), (unsigned long long)k->nr,
		       (unsigned long long)k->migrated, (double)k->ns / 1e6, place,
		       json_number_value(json_object_get(k->like, "occupancy_percent")), stored_text(k->like, "size"),
		       stored_text(k->like, "backend"), stored_text(autopsy, "phase"), stored_text(autopsy, "reason"));
	}
}

static void print_survey_json(const struct stored *stored, const struct survey *s)
{
	json_t *kinds = json_array();
	json_t *all = json_pack("{s:I, s:I, s:O}", "requests", (json_int_t)stored->nr_requests, "failures",
	                        (json_int_t)stored->nr_failures, "kinds", kinds);

	for (size_t i = 0; i < s->nr; i++) {
		const struct kind_of_failure *k = &s->kinds[i];
		const json_t *autopsy = json_object_get(k->like, "autopsy");

		json_t *kind = json_pack(
			"{s:O, s:O, s:O, s:O, s:O, s:O, s:O, s:I, s:I, s:I}", "first",
			json_object_get(k->like, "failure"), "workload", json_object_get(k->like, "workload"),
			"occupancy_percent", json_object_get(k->like, "occupancy_percent"), "size",
			json_object_get(k->like, "size"), "backend", json_object_get(k->like, "backend"), "phase",
			json_object_get(autopsy, "phase"), "reason", json_object_get(autopsy, "reason"), "failures",
			(json_int_t)k->nr, "migrated_pages", (json_int_t)k->migrated, "modelled_ns", (json_int_t)k->ns);

		json_object_set(kind, "geometry", json_object_get(k->like, "geometry"));
		json_object_set(kind, "max_order", json_object_get(k->like, "max_order"));
		json_array_append_new(kinds, kind);
	}
	json_decref(kinds);
	json_dumpf(all, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
}

static int survey(const struct stored *stored, bool json)
{
	struct survey s = { 0 };
	int status = stored_each(stored, true, add, &s);

	if (s.no_memory)
		status = cli_error(CLI_MACHINE, "no memory");
	if (status == CLI_OK)
		(json ? print_survey_json : print_survey)(stored, &s);
	for (size_t i = 0; i < s.nr; i++)
		json_decref(s.kinds[i].like);
	free(s.kinds);
	return status;
}

static int explain(const struct stored *stored, const struct explain_options *o)
{
	struct explanation e;
	int status = explanation_make(&e, stored, o->failure, o->trace);

	if (status == CLI_OK)
		(o->json ? explanation_json : explanation_print)(stdout, &e);
	explanation_free(&e);
	return status;
}

int cmd_explain(int argc, char **argv)
{
	struct explain_options o;
	struct stored stored;
	int status = parse(argc, argv, &o);

	if (status == CLI_OK && o.help)
		help_print(stdout, &help_explain);
	if (status != CLI_OK || o.help)
		return status;
	status = stored_open(&stored, o.dir);
	if (status == CLI_OK)
		status = o.failure ? explain(&stored, &o) : survey(&stored, o.json);
	stored_close(&stored);
	return status;
}
