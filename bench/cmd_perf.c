// SPDX-License-Identifier: MIT
/* cmd_perf.c - `contigbench perf`: is the model as small and as fast as it promises to be? */
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "help/commands.h"
#include "micro/perf.h"
#include "../allocators/contig.h"

static const struct {
	const char *name;
	int (*measure)(struct perf *p, const char *backend);
} figures[] = {
	{ "metadata", perf_memory }, { "instructions", perf_instructions }, { "aged-time", perf_aged_time },
	{ "contig", perf_contig },   { "isolate", perf_isolate },           { "migrate", perf_migrate },
	{ "replay", perf_replay },   { "threads", perf_threads },           { "harness", perf_wall },
};
#define NR_FIGURES (sizeof(figures) / sizeof(figures[0]))

/* ---- lines ----------------------------------------------------------------------------------- */

void perf_report(struct perf *p, const struct perf_figure *f, const char *note, ...)
{
	bool ok = f->at_least ? f->value >= f->limit : f->value <= f->limit;
	char text[256];
	va_list ap;

	va_start(ap, note);
	vsnprintf(text, sizeof(text), note, ap);
	va_end(ap);
	p->nr_short += !ok;
	cli_progress(NULL, 0, 0);
	if (p->json)
		printf("{\"figure\": \"%s\", \"backend\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", \"limit\": %.6g, "
		       "\"limit_is\": \"%s\", \"verdict\": \"%s\", \"note\": \"%s\"}\n",
		       f->name, f->backend, f->value, f->unit, f->limit, f->at_least ? "floor" : "ceiling",
		       ok ? "ok" : "short", text);
	else
		printf("%-17s %-12s %9.2f %-22s %s %6.6g  %-5s  %s\n", f->name, f->backend, f->value, f->unit,
		       f->at_least ? ">=" : "<=", f->limit, ok ? "ok" : "short", text);
	fflush(stdout);
}

void perf_missing(struct perf *p, const char *name, const char *backend, const char *why)
{
	p->nr_missing++;
	cli_progress(NULL, 0, 0);
	if (p->json)
		printf("{\"figure\": \"%s\", \"backend\": \"%s\", \"value\": null, \"verdict\": \"missing\", \"note\": "
		       "\"%s\"}\n",
		       name, backend, why);
	else
		printf("%-17s %-12s %9s %s\n", name, backend, "-", why);
	fflush(stdout);
}

/* ---- the command ----------------------------------------------------------------------------- */

/* One cpu for everything timed: the last allowed one, as interrupts and other work gather on the first. */
static void pin(struct perf *p)
{
	cpu_set_t one;

	CPU_ZERO(&p->allowed);
	if (sched_getaffinity(0, sizeof(p->allowed), &p->allowed))
		return;
	for (size_t cpu = CPU_SETSIZE; cpu-- > 0;) {
		if (!CPU_ISSET(cpu, &p->allowed))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (sched_setaffinity(0, sizeof(one), &one))
			cli_warn("cannot stay on one cpu: times will vary more");
		return;
	}
}

/* Cut the list into backends, in order; 0 after a message if one does not exist. */
static size_t split_backends(char *list, const char **specs, size_t max)
{
	struct contig_diag diag;
	size_t nr = 0;

	for (char *spec; (spec = strsep(&list, ","));) {
		if (contig_spec_check(spec, &diag)) {
			cli_error(CLI_USAGE, "%s", diag.text);
			return 0;
		}
		if (nr == max) {
			cli_error(CLI_USAGE, "more than %zu backends", max);
			return 0;
		}
		specs[nr++] = spec;
	}
	return nr;
}

static int measure(struct perf *p, const char *only, const char *const *specs, size_t nr)
{
	for (size_t b = 0; b < nr; b++) {
		for (size_t f = 0; f < NR_FIGURES; f++) {
			if (only && strcmp(only, figures[f].name))
				continue;
			cli_progress(figures[f].name, b * NR_FIGURES + f, nr * NR_FIGURES);
			int rc = figures[f].measure(p, specs[b]);
			if (rc)
				return (int)cli_status_of(rc);
		}
	}
	if (p->nr_short)
		return cli_error(CLI_NO, "%u figure%s short of the limit", p->nr_short,
		                 p->nr_short == 1 ? " is" : "s are");
	if (p->nr_missing)
		return cli_error(CLI_MACHINE, "%u figure%s could not be had", p->nr_missing,
		                 p->nr_missing == 1 ? "" : "s");
	return CLI_OK;
}

static bool is_figure(const char *name)
{
	for (size_t f = 0; f < NR_FIGURES; f++) {
		if (!strcmp(name, figures[f].name))
			return true;
	}
	return false;
}

struct options {
	struct perf perf;
	const char *figure;   /* NULL: all */
	const char *backends; /* NULL: those that the limits are for */
	const char *counted;  /* WHAT=COUNT: see perf_counted() */
	bool help;
};

static int parse(int argc, char **argv, struct options *o)
{
	enum {
		OPT_TRACE = 256,
		OPT_QUICK,
		OPT_JSON,
		OPT_COUNTED
	};
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "figure", required_argument, NULL, 'f' },
		{ "trace", required_argument, NULL, OPT_TRACE },
		{ "quick", no_argument, NULL, OPT_QUICK },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "counted", required_argument, NULL, OPT_COUNTED },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt = 0, status = CLI_OK;

	while (cli_option(argc, argv, ":b:f:h", options, &opt, &status)) {
		switch (opt) {
		case 'b':
			o->backends = optarg;
			break;
		case 'f':
			o->figure = optarg;
			break;
		case OPT_TRACE:
			o->perf.trace = optarg;
			break;
		case OPT_QUICK:
			o->perf.quick = true;
			break;
		case OPT_JSON:
			o->perf.json = true;
			break;
		case OPT_COUNTED:
			o->counted = optarg;
			break;
		case 'h':
			o->help = true;
			break;
		}
	}
	if (status != CLI_OK)
		return status;
	if (optind < argc)
		return cli_error(CLI_USAGE, "'%s' is no option: see `contigbench perf --help`", argv[optind]);
	if (o->figure && !is_figure(o->figure))
		return cli_error(CLI_USAGE, "no figure is called '%s': see `contigbench perf --help`", o->figure);
	return CLI_OK;
}

static int run_counted(const char *counted, const char *backend)
{
	const char *equals = strchr(counted, '=');
	uint64_t count;
	char what[16];

	if (!equals || !cli_u64(equals + 1, 0, 1u << 24, &count))
		return cli_error(CLI_USAGE, "--counted %s: must be WHAT=COUNT", counted);
	snprintf(what, sizeof(what), "%.*s", (int)(equals - counted), counted);
	return perf_counted(what, backend, count);
}

int cmd_perf(int argc, char **argv)
{
	struct options o = { 0 };
	const char *specs[32];
	int rc = parse(argc, argv, &o);

	if (rc != CLI_OK)
		return rc;
	if (o.help) {
		help_print(stdout, &help_perf);
		return CLI_OK;
	}
	char *list = strdup(o.backends ? o.backends : "linux-6.1,linux-7.2");
	if (!list)
		return cli_error(CLI_MACHINE, "no memory");
	if (o.counted) {
		rc = run_counted(o.counted, list);
	} else {
		size_t nr = split_backends(list, specs, sizeof(specs) / sizeof(specs[0]));

		pin(&o.perf);
		rc = nr ? measure(&o.perf, o.figure, specs, nr) : CLI_USAGE;
	}
	free(list);
	return rc;
}
