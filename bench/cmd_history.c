// SPDX-License-Identifier: MIT
/* cmd_history.c - contigbench history: results kept, and what changed between them. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "help/commands.h"
#include "history/export.h"
#include "history/git.h"
#include "history/options.h"
#include "history/report.h"
#include "text/escape.h"
#include "text/outfile.h"

static int print_json(json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(json);
	return CLI_OK;
}

/* ---- add ------------------------------------------------------------------------------------- */

struct adder {
	const struct history_options *o;
	struct history *h; /* NULL: look whether all of it can be read, and add nothing */
	const char *db, *path;
	json_t *report;
	size_t added, there;
};

static void report(struct adder *a, const struct record_set *s, const char *revision,
                   const struct history_receipt *receipt)
{
	char name[256];

	if (receipt->there)
		a->there++;
	else
		a->added++;
	json_array_append_new(a->report,
	                      json_pack("{s:o, s:I, s:o, s:I, s:b}", "results", report_text_json(a->path), "run",
	                                (json_int_t)receipt->run, "revision", report_text_json(revision), "benchmarks",
	                                (json_int_t)s->nr, "added", !receipt->there));
	if (receipt->like[0])
		cli_warn(
			"%s has the very numbers of revision %s, measured in the same second: was the right folder added?",
			a->path, escape_short(name, sizeof(name), receipt->like));
	if (!a->o->json && receipt->there)
		printf("%s is there already, as run %lld: nothing was added\n", a->path, (long long)receipt->run);
	else if (!a->o->json)
		printf("%s: added as run %lld%s%s, %zu benchmark%s\n", a->path, (long long)receipt->run,
		       revision[0] ? " of revision " : "", escape_short(name, sizeof(name), revision), s->nr,
		       s->nr == 1 ? "" : "s");
}

static int add_set(void *ctx, struct record_set *s, const struct history_place *place)
{
	struct adder *a = ctx;
	struct history_receipt receipt;

	if (!a->h)
		return CLI_OK;
	int status = history_begin(a->h);

	if (status == CLI_OK)
		status = history_add(a->h, s, place, &receipt);
	if (status == CLI_OK)
		status = history_commit(a->h);
	if (status != CLI_OK) {
		history_cancel(a->h);
		return status;
	}
	report(a, s, place->revision ? place->revision : s->revision, &receipt);
	return CLI_OK;
}

/* A results folder, or somebody's file. */
static int add_results(struct adder *a)
{
	const struct history_options *o = a->o;
	struct history_place place = { .revision = o->revision, .date = o->date };
	struct record_set s = { 0 };
	int status = records_load(&s, a->path);

	if (status == CLI_OK && o->machine) {
		free(s.machine);
		s.machine = strdup(o->machine);
		status = s.machine ? CLI_OK : cli_error(CLI_MACHINE, "no memory");
	}
	if (status == CLI_OK) {
		const char *revision = o->revision ? o->revision : s.revision;

		place.commit = o->commit_date || git_commit(revision, &place.committed, &place.rank);
		if (o->commit_date)
			place.committed = o->committed;
		if (!revision[0])
			cli_warn(
				"%s does not say which revision was measured: `check` will name the run by its number; say "
				"--revision",
				a->path);
		status = add_set(a, &s, &place);
	}
	records_free(&s);
	return status;
}

/* Looked through first: of half a file nothing is added. */
static int add_export(struct adder *a)
{
	struct adder look = { .o = a->o, .path = a->path };

	if (a->o->revision || a->o->date || a->o->commit_date || a->o->machine)
		return cli_error(
			CLI_USAGE,
			"%s is an export of a history, whose runs have their own revisions, dates and machines: leave "
			"--revision, --date, --commit-date and --machine out",
			a->path);
	const int status = import_each(a->path, add_set, &look);

	return status == CLI_OK ? import_each(a->path, add_set, a) : status;
}

static int run_add(const struct history_options *o)
{
	struct adder a = { .o = o, .report = json_array() };
	char *db = o->nr_operands ? history_path(o->db) : NULL;
	int status = CLI_OK;

	if (!o->nr_operands)
		status = cli_error(CLI_USAGE, "add what? Say a results folder or a JSON file of Google Benchmark");
	else if (!db)
		status = CLI_USAGE;
	else
		status = history_open(&a.h, db, HISTORY_WRITE, (uint32_t)o->wait);
	for (int i = 0; i < o->nr_operands && status == CLI_OK; i++) {
		a.path = o->operands[i];
		status = import_is_export(a.path) ? add_export(&a) : add_results(&a);
	}
	history_close(a.h);
	free(db);
	if (o->json && json_array_size(a.report))
		print_json(json_incref(a.report));
	json_decref(a.report);
	return status;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct open_history {
	struct history *h;
	struct history_index index;
	char *db;
};

static int open_index(struct open_history *open, const struct history_options *o)
{
	*open = (struct open_history){ .db = history_path(o->db) };
	int status = open->db ? history_open(&open->h, open->db, HISTORY_READ, (uint32_t)o->wait) : CLI_USAGE;

	return status == CLI_OK ? history_index(open->h, &open->index) : status;
}

static void close_index(struct open_history *open)
{
	history_index_free(&open->index);
	history_close(open->h);
	free(open->db);
}

static int run_list(const struct history_options *o)
{
	static const struct {
		const char *name;
		void (*print)(FILE *f, const struct history_index *x, bool json);
	} lists[] = {
		{ "experiments", report_experiments },
		{ "runs", report_runs },
		{ "benchmarks", report_benchmarks },
	};
	const char *name = o->nr_operands ? o->operands[0] : lists[0].name;
	struct open_history open;
	size_t i = 0;

	while (i < 3 && strcmp(lists[i].name, name))
		i++;
	if (i == 3 || o->nr_operands > 1)
		return cli_error(CLI_USAGE, "list what? experiments, runs or benchmarks");
	int status = open_index(&open, o);

	if (status == CLI_OK)
		lists[i].print(stdout, &open.index, o->json);
	close_index(&open);
	return status;
}

static bool wanted(const void *ctx, const struct history_series *s)
{
	const struct history_options *o = ctx;
	bool named = !o->nr_operands;

	if (o->metric ? strcmp(o->metric, s->metric) != 0 : s->aside && !o->all)
		return false;
	for (int i = 0; i < o->nr_operands && !named; i++)
		named = !strcmp(o->operands[i], s->benchmark) || !fnmatch(o->operands[i], s->benchmark, 0);
	return named;
}

static int no_series(const struct history_options *o)
{
	char name[200];

	return cli_error(CLI_USAGE, "no series is of %s%s%s%s: `contigbench history list benchmarks` has them",
	                 o->nr_operands ? "benchmark " : "such a benchmark",
	                 o->nr_operands ? escape_short(name, sizeof(name), o->operands[0]) : "",
	                 o->metric ? " and metric " : "", o->metric ? o->metric : "");
}

/* Load what is wanted, look for changes, and have them printed. */
static int look(const struct history_options *o,
                void (*text)(const struct open_history *open, const struct tracks *t, const struct check *c,
                             const struct check_options *options),
                void (*json)(FILE *f, const struct history_index *x, const struct tracks *t, const struct check *c),
                size_t *worse)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const struct check_options options = { .threshold = o->threshold / 100,
		                               .since = o->since,
		                               .jobs = cpus > 0 ? (unsigned int)cpus : 1 };
	struct tracks t = { 0 };
	struct check c = { 0 };
	struct open_history open;
	int status = open_index(&open, o);

	if (status == CLI_OK)
		status = tracks_load(&t, open.h, &open.index, wanted, o);
	if (status == CLI_OK && !t.nr && (o->nr_operands || o->metric))
		status = no_series(o);
	if (status == CLI_OK)
		status = check_make(&c, &open.index, &t, &options);
	if (status == CLI_OK && o->json)
		json(stdout, &open.index, &t, &c);
	else if (status == CLI_OK)
		text(&open, &t, &c, &options);
	*worse = c.worse;
	check_free(&c);
	tracks_free(&t);
	close_index(&open);
	return status;
}

static void print_tracks(const struct open_history *open, const struct tracks *t, const struct check *c,
                         const struct check_options *options)
{
	(void)options;
	report_tracks(stdout, &open->index, t, c);
}

static int run_show(const struct history_options *o)
{
	size_t worse;

	if (!o->nr_operands)
		return cli_error(CLI_USAGE,
		                 "show which benchmark? `contigbench history list benchmarks` has their names");
	return look(o, print_tracks, report_tracks_json, &worse);
}

static void print_check(const struct open_history *open, const struct tracks *t, const struct check *c,
                        const struct check_options *options)
{
	report_check(stdout, &open->index, t, c, options);
}

static int run_check(const struct history_options *o)
{
	size_t worse;
	const int status = look(o, print_check, report_check_json, &worse);

	return status == CLI_OK && worse ? CLI_NO : status;
}

/* ---- export ---------------------------------------------------------------------------------- */

static int export_to(FILE *f, struct open_history *open, const struct history_options *o)
{
	const struct export_filter filter = { .revision = o->revision, .machine = o->machine, .run = (int64_t)o->run };
	static const struct {
		const char *name;
		int (*write)(FILE *f, struct history *h, const struct history_index *x,
		             const struct export_filter *filter);
	} formats[] = {
		{ "json", export_json },
		{ "csv", export_csv },
		{ "google", export_google },
	};
	bool any = false;

	for (size_t i = 0; i < open->index.nr_runs; i++)
		any |= export_wants(&filter, &open->index, &open->index.runs[i]);
	if (!any && (o->revision || o->machine || o->run))
		return cli_error(CLI_USAGE, "no run is such: `contigbench history list runs` has them");
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (!strcmp(formats[i].name, o->format))
			return formats[i].write(f, open->h, &open->index, &filter);
	}
	return CLI_USAGE;
}

static int run_export(const struct history_options *o)
{
	struct open_history open;

	if (o->nr_operands)
		return cli_error(CLI_USAGE, "'%s' is no option of export: see `contigbench history --help`",
		                 o->operands[0]);
	struct outfile out = { 0 };
	int status = open_index(&open, o);

	if (status == CLI_OK)
		status = outfile_open(&out, o->output);
	if (status == CLI_OK)
		status = outfile_close(&out, export_to(out.f, &open, o));
	close_index(&open);
	return status;
}

/* ---- the command ----------------------------------------------------------------------------- */

static const struct subcommand subcommands[] = {
	{ "add", FOR_ADD, run_add },       { "list", FOR_LIST, run_list },       { "show", FOR_SHOW, run_show },
	{ "check", FOR_CHECK, run_check }, { "export", FOR_EXPORT, run_export },
};

int cmd_history(int argc, char **argv)
{
	struct history_options o;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		help_print(stdout, &help_history);
		return CLI_OK;
	}
	if (argc < 2)
		return cli_error(CLI_USAGE, "add, list, show, check or export? See `contigbench history --help`");
	for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
		if (strcmp(subcommands[i].name, argv[1]))
			continue;
		const int status = history_options_parse(argc - 1, argv + 1, &subcommands[i], &o);

		if (status == CLI_OK && o.help)
			help_print(stdout, &help_history);
		return status != CLI_OK || o.help ? status : subcommands[i].main(&o);
	}
	return cli_error(CLI_USAGE, "'%s' is none of add, list, show, check, export: see `contigbench history --help`",
	                 argv[1]);
}
