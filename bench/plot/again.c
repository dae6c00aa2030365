// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../workloads/trace/sha256.h"
#include "../results/stored.h"
#include "again.h"
#include "draw.h"

/* ---- the record ------------------------------------------------------------------------------ */

static void cut_suffix(char *name, const char *suffix)
{
	size_t n = strlen(name), s = strlen(suffix);

	if (n > s && !strcmp(name + n - s, suffix))
		name[n - s] = '\0';
}

/* "DIR/latency-double-latex.pdf": DIR/latency.json */
static int record_path(char path[2048], char base[2048], const char *figure)
{
	static const char *const suffixes[] = { ".json", ".dat", ".pdf", ".svg", ".png", ".tex", "-latex", "-double" };
	char name[2048];

	if (snprintf(name, sizeof(name), "%s", figure) >= (int)sizeof(name) - 8)
		return cli_error(CLI_USAGE, "a name of more than 2000 bytes");
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		cut_suffix(name, suffixes[i]);
	snprintf(path, 2048, "%.2040s.json", name);
	char *slash = strrchr(name, '/');

	if (slash)
		*slash = '\0';
	snprintf(base, 2048, "%s", slash ? *name ? name : "/" : ".");
	return CLI_OK;
}

/* Names in a record are of files beside it; nothing else is read or compared. */
static bool is_plain(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/');
}

static int damaged(const char *path, const char *how)
{
	return cli_error(CLI_USAGE, "%s %s: draw the figure again with `contigbench plot`", path, how);
}

int again_open(struct again *a, const char *figure, const char *from)
{
	char path[2048];
	json_error_t error;

	*a = (struct again){ .from = from, .report = json_object() };
	int status = record_path(path, a->base, figure);

	if (status != CLI_OK)
		return status;
	FILE *f = fopen(path, "re");

	if (!f)
		return cli_error(cli_status_of(errno),
		                 "%s: %s; a figure of `contigbench plot` has such a record beside it", path,
		                 strerror(errno));
	a->record = json_loadf(f, 0, &error);
	fclose(f);
	if (!a->record)
		return damaged(path, "is damaged");
	if (strcmp(stored_text(a->record, "schema"), FIGURE_SCHEMA))
		return cli_error(CLI_USAGE,
		                 "%s has schema '%.40s', this program knows " FIGURE_SCHEMA ": draw it again", path,
		                 stored_text(a->record, "schema"));
	if (!figure_named(stored_text(a->record, "figure")))
		return damaged(path, "is of a figure that this program does not know");
	const char *folder = stored_text(json_object_get(a->record, "results"), "folder");

	if (from)
		a->results = strdup(from);
	else if (folder[0] == '/')
		a->results = strdup(folder);
	else if (asprintf(&a->results, "%s/%s", a->base, folder) < 0)
		a->results = NULL;
	return a->results ? CLI_OK : cli_error(CLI_MACHINE, "no memory");
}

void again_close(struct again *a)
{
	draw_remove(a->folder);
	json_decref(a->record);
	json_decref(a->report);
	free(a->results);
}

/* ---- inputs ---------------------------------------------------------------------------------- */

static int check_input(const struct again *a, const char *name, const char *wanted)
{
	char path[4096], hex[65] = "";

	snprintf(path, sizeof(path), "%s/%s", a->results, name);
	FILE *f = is_plain(name) ? fopen(path, "re") : NULL;
	int err = f ? sha256_stream(f, hex) : is_plain(name) ? errno : EINVAL;

	if (f)
		fclose(f);
	if (err)
		return cli_error(cli_status_of(err),
		                 "the figure was made from %s: %s; say where the results are with --from DIR", path,
		                 strerror(err));
	if (strcmp(hex, wanted))
		return cli_error(
			CLI_USAGE,
			"%s has changed since the figure was made (SHA-256 %.16s..., then %.16s...): nothing can "
			"be said of it; --from DIR names other results",
			path, hex, wanted);
	return CLI_OK;
}

static int check_inputs(const struct again *a)
{
	const json_t *inputs = json_object_get(json_object_get(a->record, "results"), "inputs");
	int status = CLI_OK;

	for (size_t i = 0; status == CLI_OK && i < json_array_size(inputs); i++)
		status = check_input(a, stored_text(json_array_get(inputs, i), "file"),
		                     stored_text(json_array_get(inputs, i), "sha256"));
	if (status == CLI_OK && !json_array_size(inputs))
		status = damaged(stored_text(a->record, "figure"), "names no inputs in its record");
	return status;
}

/* ---- comparing ------------------------------------------------------------------------------- */

long again_compare(const char *a, const char *b)
{
	FILE *f = fopen(a, "re"), *g = fopen(b, "re");
	long line = 1, result = f && g ? 0 : -1;
	int c = 0, d = 0;

	while (!result && c != EOF) {
		c = getc_unlocked(f);
		d = getc_unlocked(g);
		if (c != d)
			result = line;
		line += c == '\n';
	}
	if (f)
		fclose(f);
	if (g)
		fclose(g);
	return result;
}

/* The file beside the record, and the one made anew. */
static int compare_one(struct again *a, const char *file, const char *kind)
{
	char old[4096], new[4096];

	snprintf(old, sizeof(old), "%s/%s", a->base, file);
	snprintf(new, sizeof(new), "%s/%s", a->folder, file);
	long line = again_compare(old, new);

	if (line < 0)
		return cli_error(CLI_USAGE, "%s, which is part of the figure, can not be read: draw it again", old);
	json_t *files = json_object_get(a->report, "files");
	json_t *one = json_pack("{s:s, s:s, s:b}", "file", file, "kind", kind, "same", !line);

	if (line && strcmp(kind, "picture"))
		json_object_set_new(one, "line", json_integer(line));
	json_array_append_new(files, one);
	a->differs |= line != 0;
	return CLI_OK;
}

/* ---- drawing it again ------------------------------------------------------------------------ */

/* Names of a list with commas between them: what --backends takes. */
static char *joined(const json_t *names)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (size_t i = 0; f && i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));

		fprintf(f, "%s%s", i ? "," : "", name ? name : "");
	}
	return f && !fclose(f) ? text : NULL;
}

static const char *text_or_null(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static struct select_asked asked_of(const json_t *options, const char *backends)
{
	const json_t *percent = json_object_get(options, "occupancy_percent");
	const json_t *max_order = json_object_get(options, "max_order");

	return (struct select_asked){
		.workload = text_or_null(options, "workload"),
		.size = text_or_null(options, "size"),
		.geometry = text_or_null(options, "geometry"),
		.backends = backends && *backends ? backends : NULL,
		.occupancy = percent ? llround(json_number_value(percent) * 1000) : -1,
		.max_order = max_order ? json_integer_value(max_order) : -1,
	};
}

/* Why pictures can not be the same byte for byte; empty if they can. */
static void otherwise_drawn(const struct again *a, const struct gnuplot *g, char why[512])
{
	const json_t *by = json_object_get(a->record, "drawn_by"), *scripts = json_object_get(a->record, "scripts"), *s;
	size_t i;

	why[0] = '\0';
	if (strcmp(stored_text(by, "gnuplot"), g->version))
		snprintf(why, 512, "they were drawn by %.60s, and here is %.60s", stored_text(by, "gnuplot"),
		         g->version);
	else if (strcmp(stored_text(by, "font"), g->font))
		snprintf(why, 512, "they were drawn in %.60s, and here is %.60s", stored_text(by, "font"), g->font);
	json_array_foreach(scripts, i, s)
	{
		char path[4096], hex[65] = "";

		if (why[0] || !is_plain(stored_text(s, "file")))
			continue;
		snprintf(path, sizeof(path), "%s/%s", g->scripts, stored_text(s, "file"));
		FILE *f = fopen(path, "re");

		if (!f || sha256_stream(f, hex) || strcmp(hex, stored_text(s, "sha256")))
			snprintf(why, 512, "plots/%.100s has changed since they were drawn", stored_text(s, "file"));
		if (f)
			fclose(f);
	}
}

/* Widths and formats that the record has pictures of. */
static bool is_drawn(const json_t *files, enum draw_width width, enum draw_format format)
{
	const json_t *f;
	size_t i;

	json_array_foreach(files, i, f)
	{
		if (stored_number(f, "width_mm") == draw_width_mm[width] &&
		    !strcmp(stored_text(f, "format"), draw_format_names[format]))
			return true;
	}
	return false;
}

static int again_pictures(struct again *a, struct draw *d)
{
	const json_t *files = json_object_get(a->record, "files"), *f;
	int status = CLI_OK;
	size_t i;

	for (enum draw_width w = 0; w < DRAW_WIDTHS; w++) {
		for (enum draw_format n = 0; n < DRAW_FORMATS; n++) {
			if (status == CLI_OK && is_drawn(files, w, n))
				status = draw_picture(d, w, n);
		}
	}
	json_array_foreach(files, i, f)
	{
		if (status == CLI_OK && is_plain(stored_text(f, "file")))
			status = compare_one(a, stored_text(f, "file"), "picture");
	}
	return status;
}

static int draw_again(struct again *a, struct source *source, struct gnuplot *gnuplot, const char *backends)
{
	const json_t *options = json_object_get(a->record, "options");
	const struct select_asked asked = asked_of(options, backends);
	struct draw d = {
		.figure = figure_named(stored_text(a->record, "figure")),
		.source = source,
		.gnuplot = gnuplot,
		.asked = &asked,
		.files = json_array(),
	};
	char file[128], why[512];

	memcpy(d.folder, a->folder, sizeof(d.folder));
	int status = draw_data(&d);

	if (status == FIGURE_NO_DATA)
		status = cli_error(CLI_USAGE, "%s: %s %s", d.figure->name, a->results, d.why);
	snprintf(file, sizeof(file), "%s.dat", d.figure->name);
	if (status == CLI_OK)
		status = compare_one(a, file, "data");
	otherwise_drawn(a, gnuplot, why);
	if (status == CLI_OK && why[0])
		json_object_set_new(a->report, "pictures_not_compared", json_string(why));
	else if (status == CLI_OK)
		status = again_pictures(a, &d);
	draw_free(&d);
	return status;
}

int again_figure(struct again *a)
{
	const char *tmp = getenv("TMPDIR");
	struct source source = { .dir = a->results };
	struct gnuplot gnuplot = { .scripts = NULL };
	char *backends = joined(json_object_get(json_object_get(a->record, "options"), "backends"));
	int status = check_inputs(a);

	json_object_set_new(a->report, "files", json_array());
	if (status == CLI_OK)
		status = source_open(&source, a->results);
	if (status == CLI_OK)
		status = gnuplot_open(&gnuplot);
	if (status == CLI_OK)
		status = draw_folder(a->folder, tmp && *tmp ? tmp : "/tmp");
	if (status == CLI_OK)
		status = draw_again(a, &source, &gnuplot, backends);
	gnuplot_close(&gnuplot);
	source_close(&source);
	free(backends);
	return status;
}
