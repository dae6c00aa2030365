// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../workloads/trace/sha256.h"
#include "../results/folder.h"
#include "../results/stored.h"
#include "draw.h"
#include "stamp.h"

const char *const draw_width_names[DRAW_WIDTHS] = { "single", "double" };
const unsigned int draw_width_mm[DRAW_WIDTHS] = { 85, 176 };
const char *const draw_format_names[DRAW_FORMATS] = { "pdf", "svg", "png", "tex" };

static int can_not(const char *path, int err)
{
	return cli_error(CLI_MACHINE, "%s can not be written: %s", path, strerror(err));
}

/* ---- the folder in which it is made ---------------------------------------------------------- */

int draw_folder(char folder[2048], const char *parent)
{
	if (snprintf(folder, 2048, "%s/.plot-XXXXXX", parent) >= 2048) {
		folder[0] = '\0';
		return cli_error(CLI_USAGE, "-o: a name of more than 2000 bytes");
	}
	if (mkdtemp(folder))
		return CLI_OK;
	int err = errno;

	folder[0] = '\0';
	return cli_error(err == ENOTDIR ? CLI_USAGE : CLI_MACHINE,
	                 "%s: %s; choose another folder for the figures with -o", parent, strerror(err));
}

void draw_remove(const char *folder)
{
	if (folder[0])
		folder_remove(folder);
}

/* ---- data ------------------------------------------------------------------------------------ */

static void head(struct draw *d, FILE *f)
{
	json_t *parameters =
		json_pack("{s:s, s:s, s:s, s:s, s:O}", "schema", FIGURE_SCHEMA, "figure", d->figure->name, "revision",
	                  cli_revision(), "digest", d->source->digest, "parameters", d->source->parameters);

	fputs("# ", f);
	json_dumpf(parameters, f, JSON_COMPACT);
	fprintf(f, "\n" DATA_PLACE "\t%s\n", d->figure->columns);
	json_decref(parameters);
}

static int finish(FILE *f, const char *path, char sha256[65])
{
	errno = 0;
	int err = fflush(f) || ferror(f) ? errno ? errno : EIO : 0;

	rewind(f);
	if (!err)
		err = sha256_stream(f, sha256);
	if (fclose(f) && !err)
		err = errno;
	return err ? can_not(path, err) : CLI_OK;
}

static int too_many(struct draw *d)
{
	snprintf(d->why, sizeof(d->why), "%s %zu backends, and the figure has room for %u",
	         d->asked->backends ? "is asked for" : "has", d->selection.backends.nr, d->figure->wants.backends);
	snprintf(d->next, sizeof(d->next), "choose with --backends");
	return FIGURE_NO_DATA;
}

int draw_data(struct draw *d)
{
	char path[4096];

	d->why[0] = '\0';
	snprintf(d->next, sizeof(d->next), "make one that has with `%s`", d->figure->make);
	if (d->source->wall && !d->figure->wall) {
		snprintf(d->why, sizeof(d->why), "is of the wall clock, and the figure is of virtual time");
		return FIGURE_NO_DATA;
	}
	if (!source_has(d->source, d->source->wall ? "wall.jsonl" : d->figure->file)) {
		snprintf(d->why, sizeof(d->why), "has no %s", d->source->wall ? "wall.jsonl" : d->figure->file);
		return FIGURE_NO_DATA;
	}
	source_forget(d->source);
	int status = select_make(&d->selection, d->source, d->asked, &d->figure->wants);

	if (status != CLI_OK)
		return status == SELECT_TOO_MANY ? too_many(d) : status;
	snprintf(path, sizeof(path), "%s/%s.dat", d->folder, d->figure->name);
	FILE *f = fopen(path, "w+e");

	if (!f)
		return can_not(path, errno);
	struct data data = { .f = f, .selection = &d->selection };
	struct figure_job job = { .source = d->source, .selection = &d->selection, .data = &data };

	head(d, f);
	status = d->figure->extract(&job);
	if (status == CLI_OK && !data.lines)
		status = figure_nothing(&job, "has nothing to draw in it at this workload, occupancy and size");
	snprintf(d->why, sizeof(d->why), "%s", job.why);
	if (status != CLI_OK)
		fclose(f);
	else
		status = finish(f, path, d->sha256);
	return status;
}

/* ---- pictures -------------------------------------------------------------------------------- */

static int sum(const char *path, char sha256[65])
{
	FILE *f = fopen(path, "re");
	int err = f ? sha256_stream(f, sha256) : errno;

	if (f)
		fclose(f);
	return err ? cli_error(cli_status_of(err), "%s: %s", path, strerror(err)) : CLI_OK;
}

static int add_file(struct draw *d, const char *file, enum draw_width width, enum draw_format format)
{
	char path[4096], sha256[65];
	const struct stamp stamp = {
		.figure = d->figure->name,
		.title = d->figure->title,
		.digest = d->source->digest[0] ? d->source->digest : d->source->inputs[0].sha256,
		.revision = stored_text(d->source->parameters, "revision"),
		.data = d->sha256,
	};

	snprintf(path, sizeof(path), "%s/%s", d->folder, file);
	int status = stamp_file(path, &stamp);

	if (status == CLI_OK)
		status = sum(path, sha256);
	if (status == CLI_OK)
		json_array_append_new(d->files, json_pack("{s:s, s:s, s:i, s:s}", "file", file, "format",
		                                          draw_format_names[format], "width_mm",
		                                          (int)draw_width_mm[width], "sha256", sha256));
	return status;
}

int draw_picture(struct draw *d, enum draw_width width, enum draw_format format)
{
	const char *const *suffixes = format == DRAW_TEX   ? (const char *const[]){ "-latex.tex", "-latex.pdf", NULL }
	                              : format == DRAW_PDF ? (const char *const[]){ ".pdf", NULL }
	                              : format == DRAW_SVG ? (const char *const[]){ ".svg", NULL }
	                                                   : (const char *const[]){ ".png", NULL };
	int status = gnuplot_draw(d->gnuplot, d->folder, d->figure->name, draw_format_names[format],
	                          draw_width_names[width]);
	char file[128];

	for (; status == CLI_OK && *suffixes; suffixes++) {
		snprintf(file, sizeof(file), "%s%s%s", d->figure->name, width == DRAW_DOUBLE ? "-double" : "",
		         *suffixes);
		status = add_file(d, file, width, format);
	}
	return status;
}

/* ---- the record ------------------------------------------------------------------------------ */

/* Of the scripts that drew it, in the folder where they are. */
static void add_script(const struct draw *d, json_t *scripts, const char *name)
{
	char path[4096], sha256[65];

	snprintf(path, sizeof(path), "%s/%s", d->gnuplot->scripts, name);
	if (sum(path, sha256) == CLI_OK)
		json_array_append_new(scripts, json_pack("{s:s, s:s}", "file", name, "sha256", sha256));
}

static json_t *scripts(const struct draw *d)
{
	json_t *all = json_array();
	char own[64];

	snprintf(own, sizeof(own), "%s.gp", d->figure->name);
	add_script(d, all, own);
	add_script(d, all, "style.gp");
	for (size_t i = 0; i < 2 && d->figure->scripts[i]; i++)
		add_script(d, all, d->figure->scripts[i]);
	return all;
}

static json_t *inputs(const struct source *s)
{
	json_t *all = json_array();

	for (size_t i = 0; i < s->nr_inputs; i++)
		json_array_append_new(
			all, json_pack("{s:s, s:s}", "file", s->inputs[i].name, "sha256", s->inputs[i].sha256));
	return all;
}

/* The results folder as it is named from the figure's: both may be moved together. */
static char *relative(const char *from, const char *to)
{
	char a[PATH_MAX], b[PATH_MAX], *text = NULL;
	size_t len, same = 0;

	if (!realpath(from, a) || !realpath(to, b))
		return strdup(to);
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (size_t i = 0;; i++) {
		if ((!a[i] || a[i] == '/') && (!b[i] || b[i] == '/'))
			same = i;
		if (a[i] != b[i] || !a[i])
			break;
	}
	for (const char *up = a + same; (up = strchr(up, '/')); up++)
		fputs("../", f);
	fprintf(f, "%s", b[same] ? b + same + 1 : ".");
	return fclose(f) ? NULL : text;
}

/* What was chosen, as options that choose it again. */
static json_t *options(const struct draw *d)
{
	const struct selection *s = &d->selection;
	const struct select_wants *wants = &d->figure->wants;
	json_t *all = json_pack("{s:s}", "workload", s->workload), *backends = json_array();

	if (s->occupancies.nr == 1)
		json_object_set_new(all, "occupancy_percent", json_real((double)s->occupancies.percent[0] / 1000));
	if (s->sizes.nr == 1)
		json_object_set_new(all, "size", json_string(s->sizes.label[0]));
	if (wants->geometries == SELECT_ONE && *s->geometries.at[0].preset)
		json_object_set_new(all, "geometry", json_string(s->geometries.at[0].preset));
	if (wants->geometries == SELECT_ONE && s->geometries.at[0].max_order >= 0)
		json_object_set_new(all, "max_order", json_integer(s->geometries.at[0].max_order));
	for (size_t i = 0; i < s->backends.nr; i++)
		json_array_append_new(backends, json_string(s->backends.spec[i]));
	json_object_set_new(all, "backends", backends);
	return all;
}

json_t *draw_record(const struct draw *d)
{
	const json_t *p = d->source->parameters;
	char *folder = relative(d->out, d->source->dir);
	json_t *record = json_pack(
		"{s:s, s:s, s:s, s:s, s:o, s:o, s:{s:s, s:s, s:s, s:s, s:O, s:o}, s:{s:s, s:s, s:s}, s:{s:s, s:s}, s:O}",
		"schema", FIGURE_SCHEMA, "figure", d->figure->name, "title", d->figure->title, "clock",
		d->source->wall ? "wall clock; measured" : "virtual time; modelled", "scripts", scripts(d), "options",
		options(d), "results", "folder", folder ? folder : "", "schema", stored_text(p, "schema"), "digest",
		d->source->digest, "revision", stored_text(p, "revision"), "seeds", json_object_get(p, "seeds"),
		"inputs", inputs(d->source), "drawn_by", "revision", cli_revision(), "gnuplot", d->gnuplot->version,
		"font", d->gnuplot->font, "data", "file", "", "sha256", d->sha256, "files", d->files);
	char file[64];

	free(folder);
	/* by which table times are modelled; of the wall clock none is */
	if (!d->source->wall)
		json_object_set_new(record, "costs",
		                    json_pack("{s:s, s:s}", "name", stored_text(p, "cost_table"), "sha256",
		                              stored_text(p, "cost_sha256")));
	snprintf(file, sizeof(file), "%s.dat", d->figure->name);
	json_object_set_new(json_object_get(record, "data"), "file", json_string(file));
	return record;
}

static int write_record(const struct draw *d)
{
	char path[4096], sha256[65];
	json_t *record = draw_record(d);

	snprintf(path, sizeof(path), "%s/%s.json", d->folder, d->figure->name);
	FILE *f = record ? fopen(path, "w+e") : NULL;
	int status = f ? CLI_OK : can_not(path, record ? errno : ENOMEM);

	if (f) {
		json_dumpf(record, f, JSON_INDENT(1));
		fputc('\n', f);
		status = finish(f, path, sha256);
	}
	json_decref(record);
	return status;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int move(const struct draw *d, const char *file)
{
	char from[4096], to[4096];

	snprintf(from, sizeof(from), "%s/%s", d->folder, file);
	snprintf(to, sizeof(to), "%s/%s", d->out, file);
	return rename(from, to) ? can_not(to, errno) : CLI_OK;
}

/* The record comes last: what it names is then there. */
static int move_all(const struct draw *d)
{
	static const char *const last[] = { ".dat", ".json" };
	char file[128];
	int status = CLI_OK;

	for (size_t i = 0; status == CLI_OK && i < json_array_size(d->files); i++)
		status = move(d, stored_text(json_array_get(d->files, i), "file"));
	for (size_t i = 0; status == CLI_OK && i < 2; i++) {
		snprintf(file, sizeof(file), "%s%s", d->figure->name, last[i]);
		status = move(d, file);
	}
	return status;
}

int draw_make(struct draw *d)
{
	int status = draw_folder(d->folder, d->out);

	d->files = json_array();
	if (status == CLI_OK)
		status = draw_data(d);
	for (enum draw_width w = 0; w < DRAW_WIDTHS; w++) {
		for (enum draw_format f = 0; f < DRAW_FORMATS; f++) {
			if (status == CLI_OK && d->widths & 1u << w && d->formats & 1u << f)
				status = draw_picture(d, w, f);
		}
	}
	if (status == CLI_OK)
		status = write_record(d);
	if (status == CLI_OK)
		status = move_all(d);
	draw_remove(d->folder);
	return status;
}

void draw_free(struct draw *d)
{
	json_decref(d->files);
	d->files = NULL;
}
