// SPDX-License-Identifier: MIT
/* cmd_scenario.c - contigbench scenario: the matrix of generations and scenarios. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "backends.h"
#include "cli.h"
#include "help/commands.h"
#include "exact/scenario_print.h"
#include "shipped.h"

struct options {
	struct backend_list backends;
	bool chosen; /* with -b */
	bool verbose;
	bool json;
};

struct files {
	uint32_t nr;
	struct scenario_file *file;
	int status;
};

/* ---- reading --------------------------------------------------------------------------------- */

static bool add_file(void *ctx, const char *path)
{
	struct files *f = ctx;
	struct scenario_file *all = realloc(f->file, (f->nr + 1) * sizeof(*all));
	struct contig_diag diag;

	if (!all) {
		f->status = cli_error(CLI_MACHINE, "no memory");
		return false;
	}
	f->file = all;
	int rc = scenario_read(&f->file[f->nr++], path, &diag);

	if (rc)
		f->status = cli_error(cli_status_of(rc), "%s", diag.text);
	return !rc;
}

static int add_named(struct files *f, const char *name)
{
	char *path = shipped_find("scenarios", ".scn", name);

	if (!path)
		return f->status = cli_error(CLI_USAGE,
		                             "%s: there is no such file, and no scenario file of that name ships with "
		                             "the program (a case is run with its file)",
		                             name);
	add_file(f, path);
	free(path);
	return f->status;
}

static int read_files(struct files *f, int nr, char **names)
{
	for (int i = 0; i < nr && !f->status; i++)
		add_named(f, names[i]);
	if (!nr)
		shipped_each("scenarios", ".scn", add_file, f);
	if (!f->status && !f->nr)
		return cli_error(CLI_USAGE, "no scenarios are to be found: name a file");
	return f->status;
}

/* ---- running --------------------------------------------------------------------------------- */

static int add_result(struct scenario_row *row, const char *backend)
{
	struct scenario_result *all = realloc(row->result, (row->nr + 1) * sizeof(*all));
	struct contig_diag diag;

	if (!all)
		return cli_error(CLI_MACHINE, "no memory");
	row->result = all;
	int rc = scenario_run(&row->result[row->nr++], row->scenario, backend, &diag);

	return rc ? cli_error(cli_status_of(rc), "%s:%u: %s", row->file->path, row->scenario->line, diag.text) : CLI_OK;
}

static bool has_result(const struct scenario_row *row, const char *backend)
{
	for (uint32_t i = 0; i < row->nr; i++) {
		if (!strcmp(row->result[i].backend, backend))
			return true;
	}
	return false;
}

/* Composed backends that the scenario's own expectations name. */
static int run_composed(struct scenario_row *row)
{
	const struct scenario *s = row->scenario;
	int status = CLI_OK;

	for (uint32_t i = 0; i < s->nr_expects; i++) {
		const struct scenario_expect *e = &s->expect[i];

		for (uint32_t k = 0; k < e->nr_backends && !status; k++) {
			if (strchr(e->backend[k], '+') && !has_result(row, e->backend[k]))
				status = add_result(row, e->backend[k]);
		}
	}
	return status;
}

static int run_row(struct scenario_row *row, const struct options *o)
{
	int status = CLI_OK;

	for (uint32_t i = 0; i < o->backends.nr && !status; i++)
		status = add_result(row, o->backends.name[i]);
	return status || o->chosen ? status : run_composed(row);
}

static int run_all(struct scenario_matrix *m, const struct files *f, const struct options *o)
{
	uint32_t nr = 0;
	int status = CLI_OK;

	for (uint32_t i = 0; i < f->nr; i++)
		nr += f->file[i].nr;
	m->row = calloc(nr, sizeof(*m->row));
	if (!m->row)
		return cli_error(CLI_MACHINE, "no memory");
	for (uint32_t i = 0; i < f->nr; i++) {
		for (uint32_t k = 0; k < f->file[i].nr && !status; k++) {
			struct scenario_row *row = &m->row[m->nr_rows++];

			row->file = &f->file[i];
			row->scenario = f->file[i].scenario[k];
			status = run_row(row, o);
			cli_progress("scenarios", m->nr_rows, nr);
		}
	}
	return status;
}

static void free_matrix(struct scenario_matrix *m)
{
	for (uint32_t i = 0; i < m->nr_rows; i++) {
		for (uint32_t k = 0; k < m->row[i].nr; k++)
			scenario_result_free(&m->row[i].result[k]);
		free(m->row[i].result);
	}
	free(m->row);
}

/* ---- the command ----------------------------------------------------------------------------- */

static int parse_options(struct options *o, int argc, char **argv)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' },
		                                 { "backends", required_argument, NULL, 'b' },
		                                 { "verbose", no_argument, NULL, 'v' },
		                                 { "json", no_argument, NULL, 'j' },
		                                 { NULL, 0, NULL, 0 } };
	const struct contig_backend *b;
	int opt = 0, status = CLI_OK;

	while (cli_option(argc, argv, ":b:vh", options, &opt, &status)) {
		switch (opt) {
		case 'b':
			o->chosen = true;
			status = backends_add(&o->backends, optarg);
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'j':
			o->json = true;
			break;
		case 'h':
			help_print(stdout, &help_scenario);
			return -1;
		}
	}
	for (size_t i = 0; !o->chosen && (b = contig_backend_at(i)); i++) {
		if (!b->baseline && !contig_name_machine(b->name))
			o->backends.name[o->backends.nr++] = b->name;
	}
	return status;
}

static void print(const struct scenario_matrix *m, const struct options *o)
{
	if (o->json) {
		scenario_print_json(m);
		return;
	}
	for (uint32_t i = 0; o->verbose && i < m->nr_rows; i++)
		scenario_print_steps(&m->row[i]);
	scenario_print_matrix(m);
}

int cmd_scenario(int argc, char **argv)
{
	struct options o = { 0 };
	struct files f = { 0 };
	int status = parse_options(&o, argc, argv);

	if (status)
		return status < 0 ? CLI_OK : status;
	struct scenario_matrix m = { .nr_backends = o.backends.nr, .backends = o.backends.name };

	status = read_files(&f, argc - optind, argv + optind);
	status = status ? status : run_all(&m, &f, &o);
	if (!status) {
		print(&m, &o);
		status = scenario_differences(&m) ? CLI_NO : CLI_OK;
	}
	free_matrix(&m);
	for (uint32_t i = 0; i < f.nr; i++)
		scenario_free(&f.file[i]);
	free(f.file);
	return status;
}
