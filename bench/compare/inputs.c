// SPDX-License-Identifier: MIT
/* inputs.c - was the same asked for on both sides? What differs is named, and decides what may be compared. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../text/escape.h"
#include "inside.h"

/* Lists whose members are part of names or keys: what both have is paired up. */
static const char *const lists[] = { "backends", "seeds", "sizes", "threads", "plugins" };
/* What no number depends on that is compared. */
static const char *const ignored[] = { "schema", "clock", "samples", "bootstrap", "workloads" };

static bool among(const char *key, const char *const *words, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (!strcmp(key, words[i]))
			return true;
	}
	return false;
}
#define AMONG(key, words) among(key, words, sizeof(words) / sizeof(words[0]))

static int add(struct compare *c, const char *key, char *old, char *new, bool matters)
{
	struct compare_difference *more = reallocarray(c->differences, c->nr_differences + 1, sizeof(*more));
	char *copy = strdup(key);

	if (more)
		c->differences = more;
	if (!more || !copy || !old || !new) {
		free(copy);
		free(old);
		free(new);
		return cli_error(CLI_MACHINE, "no memory");
	}
	more[c->nr_differences++] = (struct compare_difference){ copy, old, new, matters };
	return CLI_OK;
}

static char *text_of(const json_t *value)
{
	if (json_is_string(value))
		return strdup(json_string_value(value));
	return value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS) : strdup("(not there)");
}

/* ---- workloads: by name, each with its input and its machines -------------------------------- */

static const json_t *named(const json_t *workloads, const char *name)
{
	size_t i;
	json_t *w;

	json_array_foreach(workloads, i, w)
	{
		const char *is = json_string_value(json_object_get(w, "name"));

		if (is && !strcmp(is, name))
			return w;
	}
	return NULL;
}

/* The machine of the same preset, M and occupancy. */
static const json_t *same_place(const json_t *geometries, const json_t *g)
{
	static const char *const keys[] = { "geometry", "max_order", "occupancy_percent" };
	size_t i;
	json_t *other;

	json_array_foreach(geometries, i, other)
	{
		bool same = true;

		for (size_t k = 0; k < 3; k++) {
			const json_t *a = json_object_get(g, keys[k]), *b = json_object_get(other, keys[k]);

			same &= (!a && !b) || json_equal((json_t *)(uintptr_t)a, (json_t *)(uintptr_t)b);
		}
		if (same)
			return other;
	}
	return NULL;
}

/* Another M alone is another machine, and not another place. */
static bool same_machines(const json_t *a, const json_t *b)
{
	const json_t *all = json_object_get(a, "geometries"), *others = json_object_get(b, "geometries");
	size_t i, shared = 0;
	json_t *g;

	json_array_foreach(all, i, g)
	{
		const json_t *other = same_place(others, g);

		shared += other != NULL;
		if (other && !json_equal(g, (json_t *)(uintptr_t)other))
			return false;
	}
	return shared > 0 || !json_array_size(all);
}

static int workloads(struct compare *c, const json_t *old, const json_t *new)
{
	int status = CLI_OK;
	size_t i;
	json_t *w;

	json_array_foreach(json_object_get(old, "workloads"), i, w)
	{
		const char *name = json_string_value(json_object_get(w, "name"));
		const json_t *other = name ? named(json_object_get(new, "workloads"), name) : NULL;
		const json_t *sum = json_object_get(w, "sha256"), *other_sum = json_object_get(other, "sha256");
		char key[200];

		if (!other || status != CLI_OK)
			continue;
		snprintf(key, sizeof(key), "input %.150s", name);
		if (!json_equal((json_t *)(uintptr_t)sum, (json_t *)(uintptr_t)other_sum)) {
			status = add(c, key, text_of(sum), text_of(other_sum), true);
		} else if (!same_machines(w, other)) {
			snprintf(key, sizeof(key), "geometry of %.150s", name);
			status = add(c, key, text_of(json_object_get(w, "geometries")),
			             text_of(json_object_get(other, "geometries")), true);
		}
	}
	return status;
}

bool compare_is_comparable(const struct compare *c, const char *benchmark)
{
	static const char *const prefixes[] = { "input ", "geometry of " };

	for (size_t i = 0; i < c->nr_differences; i++) {
		for (size_t k = 0; k < 2 && c->differences[i].matters; k++) {
			size_t prefix = strlen(prefixes[k]), n = strlen(c->differences[i].key) - prefix;
			const char *name = c->differences[i].key + prefix;

			if (!strncmp(c->differences[i].key, prefixes[k], prefix) && !strncmp(benchmark, name, n) &&
			    benchmark[n] == '/')
				return false;
		}
	}
	return true;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static int keys(struct compare *c, const json_t *old, const json_t *new, bool again)
{
	/* a foreign program says nothing of what was asked of it: its name may change from build to build */
	bool ours = strcmp(c->old.schema, "google-benchmark") != 0;
	/* benchmark.json of the wall clock says it in other words than its folder */
	bool same_words = !json_object_get(old, "inputs") == !json_object_get(new, "inputs");
	int status = CLI_OK;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)old, key, value)
	{
		json_t *other = json_object_get(new, key);

		/* keys that only the second has come when their turns are changed */
		if (status != CLI_OK || !same_words || AMONG(key, ignored) || (again && other) ||
		    json_equal(value, other))
			continue;
		status = add(c, key, text_of(again ? other : value), text_of(again ? value : other),
		             ours && !AMONG(key, lists));
	}
	return status;
}

static int texts(struct compare *c, const char *key, const char *old, const char *new)
{
	return strcmp(old, new) ? add(c, key, strdup(old), strdup(new), false) : CLI_OK;
}

static int refuse(const struct compare *c)
{
	char list[512] = "";

	for (size_t i = 0, len = 0; i < c->nr_differences && len < 360; i++) {
		const struct compare_difference *d = &c->differences[i];
		char old[64], new[64];

		if (!d->matters || !strncmp(d->key, "input ", 6) || !strncmp(d->key, "geometry of ", 12))
			continue;
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%.40s is %s and %s", len ? ", " : "", d->key,
		                        escape_short(old, sizeof(old), d->old), escape_short(new, sizeof(new), d->new));
	}
	return *list ? cli_error(CLI_USAGE, "OLD and NEW are not of one experiment, nothing can be compared: %s", list)
	             : CLI_OK;
}

int compare_inputs(struct compare *c)
{
	json_t *old = json_loads(c->old.parameters, 0, NULL), *new = json_loads(c->new.parameters, 0, NULL);
	int status = CLI_OK;

	if (strcmp(c->old.schema, c->new.schema))
		status = cli_error(CLI_USAGE, "OLD is %s and NEW is %s: nothing can be compared", c->old.schema,
		                   c->new.schema);
	if (status == CLI_OK)
		status = keys(c, old, new, false);
	if (status == CLI_OK)
		status = keys(c, new, old, true);
	if (status == CLI_OK)
		status = workloads(c, old, new);
	c->one_experiment = status == CLI_OK && !c->nr_differences;
	json_decref(old);
	json_decref(new);
	if (status == CLI_OK)
		status = texts(c, "revision", c->old.revision, c->new.revision);
	if (status == CLI_OK)
		status = texts(c, "machine", c->old.machine, c->new.machine);
	return status == CLI_OK ? refuse(c) : status;
}
