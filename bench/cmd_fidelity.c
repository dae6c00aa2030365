// SPDX-License-Identifier: MIT
/* cmd_fidelity.c - contigbench fidelity: real kernels against the model. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "exact/arena.h"
#include "fidelity/experiment.h"
#include "fidelity/fidelity.h"
#include "fidelity/report.h"
#include "help/commands.h"
#include "shipped.h"

enum form {
	TEXT,
	JSON,
	MARKDOWN
};

struct options {
	char *kernels; /* -b */
	const char *model, *out, *replay;
	uint64_t requests, seed;
	uint32_t layouts;         /* bits */
	bool no_scenarios, asked; /* an option that is not for --replay was given */
	enum form form;
	bool both, help;
};

/* ---- options --------------------------------------------------------------------------------- */

static int number(const char *option, uint64_t most, uint64_t *out)
{
	return cli_u64(optarg, 0, most, out) ? CLI_OK
	                                     : cli_error(CLI_USAGE, "%s %s: not a number up to %llu", option, optarg,
	                                                 (unsigned long long)most);
}

/* "natural-90,scattered-50" */
static int layouts(char *list, uint32_t *bits)
{
	char *save = NULL, name[64];

	*bits = 0;
	for (char *word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		uint32_t i = 0;

		while (experiment_name(i, name) && strcmp(name, word) != 0)
			i++;
		if (i == EXPERIMENTS)
			return cli_error(CLI_USAGE,
			                 "--layouts %s: scattered, clustered or natural, then -50, -70 or -90", word);
		*bits |= 1u << i;
	}
	return *bits ? CLI_OK : cli_error(CLI_USAGE, "--layouts names none");
}

static int parse(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{ "backends", required_argument, NULL, 'b' },
		{ "model", required_argument, NULL, 'M' },
		{ "requests", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "layouts", required_argument, NULL, 'l' },
		{ "no-scenarios", no_argument, NULL, 'S' },
		{ "replay", required_argument, NULL, 'r' },
		{ "json", no_argument, NULL, 'j' },
		{ "markdown", no_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt = 0, status = CLI_OK;

	*o = (struct options){ .requests = EXPERIMENT_DEFAULT, .seed = 1, .layouts = (1u << EXPERIMENTS) - 1 };
	while (cli_option(argc, argv, ":b:o:h", options, &opt, &status)) {
		o->asked |= strchr("bonslS", opt) != NULL;
		switch (opt) {
		case 'b':
			o->kernels = optarg;
			break;
		case 'M':
			o->model = optarg;
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'n':
			status = number("--requests", 100000, &o->requests);
			break;
		case 'l':
			status = layouts(optarg, &o->layouts);
			break;
		case 's':
			status = number("--seed", UINT64_MAX / 2, &o->seed);
			break;
		case 'S':
			o->no_scenarios = true;
			break;
		case 'r':
			o->replay = optarg;
			break;
		case 'j':
		case 'm':
			o->both = o->both || (o->form != TEXT && o->form != (opt == 'j' ? JSON : MARKDOWN));
			o->form = opt == 'j' ? JSON : MARKDOWN;
			break;
		case 'h':
			o->help = true;
			return CLI_OK;
		}
	}
	if (status != CLI_OK)
		return status;
	if (o->both)
		return cli_error(CLI_USAGE, "--json or --markdown, not both");
	if (o->replay && (o->asked || optind < argc))
		return cli_error(CLI_USAGE, "--replay asks no kernel: only --model, --json and --markdown go with it");
	if (o->no_scenarios && optind < argc)
		return cli_error(CLI_USAGE, "--no-scenarios and %s: which of them?", argv[optind]);
	if (o->no_scenarios && !o->requests)
		return cli_error(CLI_USAGE, "--no-scenarios --requests 0: nothing is left to ask");
	return CLI_OK;
}

/* ---- the report ------------------------------------------------------------------------------ */

/* Where nothing was compared nothing disagrees: that is no agreement. */
static int something_compared(const struct fidelity_report *r)
{
	bool model = false;

	for (uint32_t i = 0; i < r->c->nr_kernels; i++) {
		model |= r->c->kernel[i].backend[0] != '\0';
		if (fidelity_compared(r, i))
			return CLI_OK;
	}
	return model ? cli_error(CLI_MACHINE, "no answer was compared: none is possible on both sides")
	             : cli_error(CLI_USAGE, "no answer was compared: %s has none of a kernel whose model that is",
	                         r->dir);
}

static int report(const struct options *o, const char *dir)
{
	const char *const *backends = o->replay && o->model ? &o->model : NULL;
	struct fidelity_report r;
	struct contig_diag diag;
	int rc = fidelity_report_read(&r, dir, backends, backends != NULL, &diag), status;

	if (rc) {
		status = cli_error(cli_status_of(rc), "%s", diag.text);
	} else {
		if (o->form == JSON)
			fidelity_print_json(&r);
		else if (o->form == MARKDOWN)
			fidelity_print_markdown(&r);
		else
			fidelity_print_text(&r);
		status = fidelity_agrees(&r) ? CLI_OK : CLI_NO;
		status = status ? status : something_compared(&r);
	}
	fidelity_report_free(&r);
	return status;
}

/* ---- what is asked --------------------------------------------------------------------------- */

static int add_kernels(struct fidelity_run *run, const struct options *o)
{
	const struct recorded_kernel *k;
	struct contig_diag diag;
	char *save = NULL;
	int rc = 0;

	for (size_t i = 0; !o->kernels && !rc && (k = recorded_kernel_at(i)); i++)
		rc = fidelity_add_kernel(run, k->backend, o->model, &diag);
	for (char *name = o->kernels ? strtok_r(o->kernels, ",", &save) : NULL; name && !rc;
	     name = strtok_r(NULL, ",", &save))
		rc = fidelity_add_kernel(run, name, o->model, &diag);
	if (!rc && !run->nr_kernels)
		rc = contig_diag_set(&diag, -EINVAL, "-b names no kernel");
	return rc ? cli_error(CLI_USAGE, "%s", diag.text) : CLI_OK;
}

struct adding {
	struct scenario_set *set;
	int status;
};

static bool add_file(void *ctx, const char *path)
{
	struct adding *a = ctx;
	struct contig_diag diag;
	int rc = scenario_set_add(a->set, path, &diag);

	if (rc)
		a->status = cli_error(cli_status_of(rc), "%s", diag.text);
	return !rc;
}

static int add_files(struct fidelity_run *run, const struct options *o, int nr, char **names)
{
	struct adding a = { &run->set, CLI_OK };

	if (o->no_scenarios)
		return CLI_OK;
	for (int i = 0; i < nr && !a.status; i++) {
		char *path = shipped_find("scenarios", ".scn", names[i]);

		if (!path)
			return cli_error(CLI_USAGE,
			                 "%s: there is no such file, and no scenario file of that name ships",
			                 names[i]);
		add_file(&a, path);
		free(path);
	}
	if (!nr) {
		shipped_each("tests/conformance", ".txt", add_file, &a);
		shipped_each("scenarios", ".scn", add_file, &a);
	}
	return a.status;
}

static int ask(const struct fidelity_run *run, const struct options *o)
{
	struct fidelity_record r;
	int status = recording_open(&r, o->out);

	if (status)
		return status;
	uint32_t incomplete = fidelity_ask(run, &r);

	if (!r.lines) {
		recording_discard(&r);
		return CLI_MACHINE;
	}
	status = recording_publish(&r);
	if (status)
		return status;
	status = report(o, r.path);
	if (o->form == TEXT)
		printf("\nkept in %s: contigbench fidelity --replay %s\n", r.path, r.path);
	return status == CLI_OK && incomplete ? CLI_MACHINE : status;
}

int cmd_fidelity(int argc, char **argv)
{
	struct options o;
	int status = parse(&o, argc, argv);

	if (o.help)
		help_print(stdout, &help_fidelity);
	if (status || o.help)
		return status;
	if (o.replay)
		return report(&o, o.replay);
	struct fidelity_run *run = calloc(1, sizeof(*run));

	if (!run)
		return cli_error(CLI_MACHINE, "no memory");
	run->requests = (uint32_t)o.requests;
	run->layouts = o.layouts;
	run->seed = o.seed;
	status = add_kernels(run, &o);
	status = status ? status : add_files(run, &o, argc - optind, argv + optind);
	status = status ? status : ask(run, &o);
	scenario_set_free(&run->set);
	free(run);
	return status;
}
