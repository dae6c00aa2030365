// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../results/stored.h"
#include "../virtual/plan.h"
#include "select.h"

/* Thousandths of a percent. */
static int64_t percent_of(double value)
{
	return llround(value * 1000);
}

static int unknown(const char *option, const char *given, const struct source *s, const char *has)
{
	return cli_error(CLI_USAGE, "--%s %s: %s has %s", option, given, s->dir, has);
}

/* Names, cut where the message would become too long. */
struct names {
	char text[512];
	size_t len;
};

static void add_name(struct names *n, const char *name)
{
	int len = snprintf(n->text + n->len, sizeof(n->text) - n->len, "%s%s", n->len ? ", " : "", name);

	n->len += len > 0 ? (size_t)len : 0;
	if (n->len >= sizeof(n->text)) {
		n->len = sizeof(n->text) - 1;
		memcpy(n->text + n->len - 3, "...", 3);
	}
}

/* ---- what there is --------------------------------------------------------------------------- */

static int find_workload(struct selection *out, const struct source *s, const char *asked, const json_t **found)
{
	const json_t *all = json_object_get(s->parameters, "workloads");
	struct names names = { "", 0 };

	out->nr_workloads = json_array_size(all);
	*found = NULL;
	for (size_t i = 0; i < json_array_size(all) && !*found; i++) {
		const json_t *w = json_array_get(all, i);

		add_name(&names, stored_text(w, "name"));
		if (!asked || !strcmp(asked, stored_text(w, "name")))
			*found = w;
	}
	if (!*found && asked)
		return unknown("workload", asked, s, names.text);
	if (!*found)
		return cli_error(CLI_USAGE, "%s names no workload in its parameters: make the run again", s->dir);
	out->workload = stored_text(*found, "name");
	return CLI_OK;
}

static void add_occupancy(struct selection *out, int64_t percent)
{
	size_t i = out->occupancies.nr;

	for (size_t k = 0; k < i; k++) {
		if (out->occupancies.percent[k] == percent)
			return;
	}
	if (i == SELECT_MAX)
		return;
	for (; i && out->occupancies.percent[i - 1] > percent; i--)
		out->occupancies.percent[i] = out->occupancies.percent[i - 1];
	out->occupancies.percent[i] = percent;
	out->occupancies.nr++;
}

static int choose_occupancy(struct selection *out, const struct source *s, const json_t *workload,
                            const struct select_asked *asked, enum select_default how)
{
	const json_t *all = json_object_get(workload, "geometries");
	struct names names = { "", 0 };
	char label[16];
	bool found = false;

	for (size_t i = 0; i < json_array_size(all); i++)
		add_occupancy(out, percent_of(json_number_value(
					   json_object_get(json_array_get(all, i), "occupancy_percent"))));
	if (!out->occupancies.nr)
		return cli_error(CLI_USAGE, "%s names no occupancy in its parameters: make the run again", s->dir);
	for (size_t i = 0; i < out->occupancies.nr; i++) {
		occupancy_label((uint32_t)out->occupancies.percent[i], label);
		add_name(&names, label);
		found |= out->occupancies.percent[i] == asked->occupancy;
	}
	if (asked->occupancy >= 0 && !found) {
		occupancy_label((uint32_t)asked->occupancy, label);
		return unknown("occupancy", label, s, names.text);
	}
	if (asked->occupancy >= 0 || how == SELECT_ONE) {
		out->occupancies.percent[0] =
			asked->occupancy >= 0 ? asked->occupancy : out->occupancies.percent[out->occupancies.nr - 1];
		out->occupancies.nr = 1;
	}
	return CLI_OK;
}

static int choose_size(struct selection *out, const struct source *s, const struct select_asked *asked,
                       enum select_default how)
{
	const json_t *all = json_object_get(s->parameters, "sizes");
	const char *wanted = asked->size ? asked->size : "1b";
	struct names names = { "", 0 };
	const char *found = NULL;

	for (size_t i = 0; i < json_array_size(all) && i < SELECT_MAX; i++) {
		const char *label = json_string_value(json_array_get(all, i));

		out->sizes.label[out->sizes.nr++] = label ? label : "";
		add_name(&names, label ? label : "");
		if (label && !strcmp(label, wanted))
			found = label;
	}
	if (!out->sizes.nr)
		return cli_error(CLI_USAGE, "%s names no size in its parameters: make the run again", s->dir);
	if (asked->size && !found)
		return unknown("size", asked->size, s, names.text);
	if (asked->size || how == SELECT_ONE) {
		out->sizes.label[0] = found ? found : out->sizes.label[0];
		out->sizes.nr = 1;
	}
	return CLI_OK;
}

static void label_geometry(struct select_geometry *g)
{
	char order[32] = "";

	if (g->max_order >= 0)
		snprintf(order, sizeof(order), "%s%lld", *g->preset ? ", " : "", (long long)g->max_order);
	snprintf(g->label, sizeof(g->label), "%.30s%.33s", g->preset, order);
}

/* Each geometry stands once for each occupancy. */
static int choose_geometry(struct selection *out, const struct source *s, const json_t *workload,
                           const struct select_asked *asked, enum select_default how)
{
	const json_t *all = json_object_get(workload, "geometries");
	struct names presets = { "", 0 };
	bool presets_differ = false, orders_differ = false;
	const json_t *first = json_array_get(all, 0);

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *g = json_array_get(all, i);

		presets_differ |= strcmp(stored_text(g, "geometry"), stored_text(first, "geometry")) != 0;
		orders_differ |= stored_number(g, "max_order") != stored_number(first, "max_order");
	}
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *g = json_array_get(all, i);
		struct select_geometry at = {
			.preset = presets_differ ? stored_text(g, "geometry") : "",
			.max_order = orders_differ ? stored_number(g, "max_order") : -1,
		};
		bool known = false;

		for (size_t k = 0; k < out->geometries.nr; k++)
			known |= out->geometries.at[k].max_order == at.max_order &&
			         !strcmp(out->geometries.at[k].preset, at.preset);
		if (known || out->geometries.nr == SELECT_MAX)
			continue;
		label_geometry(&at);
		add_name(&presets, at.label);
		if ((asked->geometry && strcmp(asked->geometry, at.preset)) ||
		    (asked->max_order >= 0 && asked->max_order != at.max_order))
			continue;
		out->geometries.at[out->geometries.nr++] = at;
	}
	if (!out->geometries.nr)
		return cli_error(CLI_USAGE, "--%s: %s has no such geometry%s%s",
		                 asked->geometry ? "geometry" : "max-order", s->dir, presets.len > 0 ? ", but " : "",
		                 presets.text);
	if (how == SELECT_ONE)
		out->geometries.nr = 1;
	return CLI_OK;
}

/* ---- backends -------------------------------------------------------------------------------- */

static const char *backend_named(const json_t *all, const char *name, size_t len)
{
	for (size_t i = 0; i < json_array_size(all); i++) {
		const char *spec = json_string_value(json_array_get(all, i));

		if (spec && strlen(spec) == len && !strncmp(spec, name, len))
			return spec;
	}
	return NULL;
}

static bool add_backend(struct selection *out, const char *spec)
{
	for (size_t i = 0; i < out->backends.nr; i++) {
		if (!strcmp(out->backends.spec[i], spec))
			return true;
	}
	if (out->backends.nr == SELECT_MAX)
		return false;
	out->backends.spec[out->backends.nr++] = spec;
	return true;
}

static int choose_asked(struct selection *out, const struct source *s, const char *names)
{
	const json_t *all = json_object_get(s->parameters, "backends");

	for (const char *at = names; *at;) {
		size_t len = strcspn(at, ",");
		const char *spec = backend_named(all, at, len);

		if (!spec)
			return cli_error(CLI_USAGE,
			                 "--backends %.*s: not one of the %zu backends in %s; its table.txt has them",
			                 (int)len, at, json_array_size(all), s->dir);
		add_backend(out, spec);
		at += len;
		at += *at == ',';
	}
	return out->backends.nr ? CLI_OK : cli_error(CLI_USAGE, "--backends: name one at least");
}

/* The first and the last that is no baseline: what came of it all. */
static void first_and_last(struct selection *out)
{
	size_t last = out->backends.nr - 1;

	while (last && plan_is_baseline(out->backends.spec[last]))
		last--;
	out->backends.spec[1] = out->backends.spec[last];
	out->backends.nr = last ? 2 : 1;
}

static int choose_backends(struct selection *out, const struct source *s, const char *asked, uint32_t max)
{
	const json_t *all = json_object_get(s->parameters, "backends");

	if (asked) {
		int status = choose_asked(out, s, asked);

		if (status != CLI_OK)
			return status;
	}
	for (size_t i = 0; !asked && i < json_array_size(all); i++) {
		const char *spec = json_string_value(json_array_get(all, i));

		if (spec && !add_backend(out, spec))
			break;
	}
	if (!out->backends.nr)
		return cli_error(CLI_USAGE, "%s names no backends in its parameters: make the run again", s->dir);
	if (max == 2 && !asked)
		first_and_last(out);
	if (out->backends.nr <= max)
		return CLI_OK;
	out->backends.nr = asked ? out->backends.nr : json_array_size(all);
	return SELECT_TOO_MANY;
}

int select_make(struct selection *out, const struct source *s, const struct select_asked *asked,
                const struct select_wants *wants)
{
	const json_t *workload;

	*out = (struct selection){
		.nr_seeds = json_array_size(json_object_get(s->parameters, "seeds")),
		.clock = s->wall ? "wall" : "virtual",
		.costs = s->wall ? "" : stored_text(s->parameters, "cost_table"),
	};
	int status = find_workload(out, s, asked->workload, &workload);

	if (status == CLI_OK)
		status = choose_occupancy(out, s, workload, asked, wants->occupancies);
	if (status == CLI_OK)
		status = choose_size(out, s, asked, wants->sizes);
	if (status == CLI_OK)
		status = choose_geometry(out, s, workload, asked, wants->geometries);
	if (status == CLI_OK && wants->backends)
		status = choose_backends(out, s, asked->backends, wants->backends);
	return status;
}

/* ---- where a line lies ----------------------------------------------------------------------- */

static bool index_of(const char *const *all, size_t nr, const char *text, size_t *at)
{
	for (*at = 0; *at < nr; ++*at) {
		if (!strcmp(all[*at], text))
			return true;
	}
	return false;
}

static bool place(const struct selection *s, const char *size, double occupancy, const char *preset, int64_t max_order,
                  struct select_place *at)
{
	int64_t percent = percent_of(occupancy);

	at->occupancy = at->geometry = 0;
	while (at->occupancy < s->occupancies.nr && s->occupancies.percent[at->occupancy] != percent)
		at->occupancy++;
	while (at->geometry < s->geometries.nr &&
	       ((s->geometries.at[at->geometry].max_order >= 0 &&
	         s->geometries.at[at->geometry].max_order != max_order) ||
	        (*s->geometries.at[at->geometry].preset && strcmp(s->geometries.at[at->geometry].preset, preset))))
		at->geometry++;
	return at->occupancy < s->occupancies.nr && at->geometry < s->geometries.nr &&
	       index_of(s->sizes.label, s->sizes.nr, size, &at->size);
}

bool select_json(const struct selection *s, const json_t *line, struct select_place *at)
{
	return select_json_group(s, line, at) &&
	       index_of(s->backends.spec, s->backends.nr, stored_text(line, "backend"), &at->backend);
}

bool select_json_group(const struct selection *s, const json_t *line, struct select_place *at)
{
	at->backend = 0;
	return !strcmp(stored_text(line, "workload"), s->workload) &&
	       place(s, stored_text(line, "size"), json_number_value(json_object_get(line, "occupancy_percent")),
	             stored_text(line, "geometry"), stored_number(line, "max_order"), at);
}

bool select_csv_group(const struct selection *s, const struct csv_line *line, struct select_place *at)
{
	at->backend = 0;
	return !strcmp(csv_field(line, "workload"), s->workload) &&
	       place(s, csv_field(line, "size"), csv_number(line, "occupancy_percent"), csv_field(line, "geometry"),
	             (int64_t)csv_number(line, "max_order"), at);
}

bool select_csv(const struct selection *s, const struct csv_line *line, struct select_place *at)
{
	return select_csv_group(s, line, at) &&
	       index_of(s->backends.spec, s->backends.nr, csv_field(line, "backend"), &at->backend);
}
