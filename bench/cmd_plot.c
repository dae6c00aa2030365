// SPDX-License-Identifier: MIT
/* cmd_plot.c - contigbench plot: figures of a results folder. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "help/commands.h"
#include "plot/draw.h"
#include "text/escape.h"

#define DEFAULT_FROM "results/latest"

struct plot_options {
	struct select_asked asked;
	const char *from;
	const char *out;
	unsigned int widths, formats; /* bits */
	char **figures;
	int nr_figures;
	bool json, list, help;
};

/* Words of a list as bits; false if one is unknown. */
static bool bits_of(const char *list, const char *const *names, unsigned int nr, unsigned int *bits)
{
	*bits = 0;
	while (*list) {
		size_t len = strcspn(list, ",");
		unsigned int i = 0;

		while (i < nr && (strlen(names[i]) != len || strncmp(names[i], list, len)))
			i++;
		if (i == nr)
			return false;
		*bits |= 1u << i;
		list += len;
		list += *list == ',';
	}
	return *bits;
}

static int set_option(struct plot_options *o, int opt)
{
	double percent;
	uint64_t order;

	switch (opt) {
	case 'f':
		o->from = optarg;
		break;
	case 'o':
		o->out = optarg;
		break;
	case 'w':
		o->asked.workload = optarg;
		break;
	case 'O':
		if (!cli_double(optarg, 0, 100, &percent))
			return cli_error(CLI_USAGE, "--occupancy %s: a percentage, as in --occupancy 70", optarg);
		o->asked.occupancy = llround(percent * 1000);
		break;
	case 's':
		o->asked.size = optarg;
		break;
	case 'b':
		o->asked.backends = optarg;
		break;
	case 'M':
		if (!cli_u64(optarg, 0, 20, &order))
			return cli_error(CLI_USAGE, "--max-order %s: an order from 0 to 20", optarg);
		o->asked.max_order = (int64_t)order;
		break;
	case 'g':
		o->asked.geometry = optarg;
		break;
	case 'W':
		if (!strcmp(optarg, "both"))
			o->widths = (1u << DRAW_WIDTHS) - 1;
		else if (!bits_of(optarg, draw_width_names, DRAW_WIDTHS, &o->widths))
			return cli_error(CLI_USAGE, "--width %s: single, double or both", optarg);
		break;
	case 'F':
		if (!bits_of(optarg, draw_format_names, DRAW_FORMATS, &o->formats))
			return cli_error(CLI_USAGE, "--format %s: a list of pdf, svg, png and tex", optarg);
		break;
	case 'j':
		o->json = true;
		break;
	case 'l':
		o->list = true;
		break;
	default:
		o->help = true;
	}
	return CLI_OK;
}

static int parse(int argc, char **argv, struct plot_options *o)
{
	static const struct option options[] = {
		{ "from", required_argument, NULL, 'f' },     { "output", required_argument, NULL, 'o' },
		{ "workload", required_argument, NULL, 'w' }, { "occupancy", required_argument, NULL, 'O' },
		{ "size", required_argument, NULL, 's' },     { "backends", required_argument, NULL, 'b' },
		{ "width", required_argument, NULL, 'W' },    { "max-order", required_argument, NULL, 'M' },
		{ "format", required_argument, NULL, 'F' },   { "geometry", required_argument, NULL, 'g' },
		{ "json", no_argument, NULL, 'j' },           { "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },           { NULL, 0, NULL, 0 },
	};
	int opt = 0, status = CLI_OK;

	*o = (struct plot_options){
		.asked = { .occupancy = -1, .max_order = -1 },
		.from = DEFAULT_FROM,
		.widths = (1u << DRAW_WIDTHS) - 1,
		.formats = 1u << DRAW_PDF | 1u << DRAW_SVG | 1u << DRAW_PNG,
	};
	while (cli_option(argc, argv, ":ho:b:", options, &opt, &status))
		status = set_option(o, opt);
	o->figures = argv + optind;
	o->nr_figures = argc - optind;
	return status;
}

/* ---- which there are ------------------------------------------------------------------------- */

static int list(bool json)
{
	json_t *all = json_array();

	for (const struct figure *f = figures; f->name; f++) {
		if (json)
			json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:b, s:s, s:s}", "figure", f->name,
			                                     "title", f->title, "shows", f->shows, "wall_clock",
			                                     f->wall, "make", f->make, "columns", f->columns));
		else
			printf("%-21s %s\n%-21s   needs %s of `%s`%s\n", f->name, f->shows, "", f->file, f->make,
			       f->wall ? ", also of --clock wall" : "");
	}
	if (json) {
		json_dumpf(all, stdout, JSON_INDENT(1));
		putchar('\n');
	}
	json_decref(all);
	return CLI_OK;
}

static int unknown_figure(const char *name)
{
	char known[512];
	size_t len = 0;

	for (const struct figure *f = figures; f->name; f++)
		len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", len ? ", " : "", f->name);
	return cli_error(CLI_USAGE, "no figure is called '%s': there are %s", name, known);
}

/* ---- drawing --------------------------------------------------------------------------------- */

struct plotting {
	const struct plot_options *options;
	struct source source;
	struct gnuplot gnuplot;
	json_t *drawn;    /* records */
	json_t *left_out; /* {"figure", "why", "next"} */
};

static void report(struct plotting *p, const struct draw *d)
{
	if (p->options->json) {
		json_array_append_new(p->drawn, draw_record(d));
		return;
	}
	const char *out = p->options->out;
	char shown[256];

	printf("figure:  %s/%s.json .dat", out, d->figure->name);
	for (size_t i = 0; i < json_array_size(d->files); i++)
		printf(" %s", json_string_value(json_object_get(json_array_get(d->files, i), "file")) +
		                      strlen(d->figure->name));
	putchar('\n');
	if (d->selection.nr_workloads > 1 && !p->options->asked.workload)
		printf("         of workload %s, one of %zu: --workload chooses another\n",
		       escape_short(shown, sizeof(shown), d->selection.workload), d->selection.nr_workloads);
}

/* Asked for by name, it is an error that there is nothing to draw. */
static int leave_out(struct plotting *p, const struct figure *f, const char *why, const char *next)
{
	const char *from = p->options->from;

	if (p->options->nr_figures)
		return cli_error(CLI_USAGE, "%s: %s %s: %s", f->name, from, why, next);
	json_array_append_new(p->left_out, json_pack("{s:s, s:s, s:s}", "figure", f->name, "why", why, "next", next));
	if (!p->options->json)
		printf("left out: %s: %s %s: %s\n", f->name, from, why, next);
	return CLI_OK;
}

static int draw_one(struct plotting *p, const struct figure *f)
{
	struct draw d = {
		.figure = f,
		.source = &p->source,
		.gnuplot = &p->gnuplot,
		.asked = &p->options->asked,
		.out = p->options->out,
		.widths = p->options->widths,
		.formats = p->options->formats,
	};
	int status;

	status = draw_make(&d);
	if (status == FIGURE_NO_DATA)
		status = leave_out(p, f, d.why, d.next);
	else if (status == CLI_OK)
		report(p, &d);
	draw_free(&d);
	return status;
}

static int draw_all(struct plotting *p)
{
	const struct plot_options *o = p->options;
	uint64_t done = 0, all = 0;
	int status = CLI_OK;

	for (const struct figure *f = figures; f->name; f++)
		all++;
	all = o->nr_figures ? (uint64_t)o->nr_figures : all;
	for (int i = 0; i < o->nr_figures && status == CLI_OK; i++) {
		cli_progress("figures", done++, all);
		status = draw_one(p, figure_named(o->figures[i]));
	}
	for (const struct figure *f = figures; f->name && !o->nr_figures && status == CLI_OK; f++) {
		cli_progress("figures", done++, all);
		status = draw_one(p, f);
	}
	cli_progress(NULL, 0, 0);
	if (status == CLI_OK && o->json) {
		json_t *both = json_pack("{s:O, s:O}", "figures", p->drawn, "left_out", p->left_out);

		json_dumpf(both, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(both);
	}
	return status;
}

static int plot(struct plot_options *o)
{
	struct plotting p = { .options = o, .drawn = json_array(), .left_out = json_array() };
	int status = source_open(&p.source, o->from);

	o->out = o->out ? o->out : o->from;
	if (status == CLI_OK)
		status = gnuplot_open(&p.gnuplot);
	if (status == CLI_OK && mkdir(o->out, 0777) && errno != EEXIST)
		status = cli_error(cli_status_of(errno), "-o %s can not be made: %s", o->out, strerror(errno));
	if (status == CLI_OK)
		status = draw_all(&p);
	gnuplot_close(&p.gnuplot);
	source_close(&p.source);
	json_decref(p.drawn);
	json_decref(p.left_out);
	return status;
}

int cmd_plot(int argc, char **argv)
{
	struct plot_options o;
	int status = parse(argc, argv, &o);

	if (status != CLI_OK)
		return status;
	if (o.help) {
		help_print(stdout, &help_plot);
		return CLI_OK;
	}
	if (o.list)
		return list(o.json);
	for (int i = 0; i < o.nr_figures; i++) {
		if (!figure_named(o.figures[i]))
			return unknown_figure(o.figures[i]);
	}
	return plot(&o);
}
