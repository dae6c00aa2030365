// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../workloads/trace/sha256.h"
#include "cli.h"
#include "plugins.h"

#define FLAG "--plugin"

static struct plugin plugins[CONTIG_MAX_BACKENDS]; /* each has a backend at least */
static size_t nr_plugins;

static int sum_up(const char *path, char hex[65])
{
	FILE *f = fopen(path, "r");
	int err = f ? sha256_stream(f, hex) : errno;

	if (f)
		fclose(f);
	return err ? cli_error(cli_status_of(err), "plugin %s: %s", path, strerror(err)) : CLI_OK;
}

static const struct plugin *named(const char *name)
{
	for (size_t i = 0; i < nr_plugins; i++) {
		if (name && !strcmp(plugins[i].is->name, name))
			return &plugins[i];
	}
	return NULL;
}

/* Texts of a plugin end up in JSON, which has no room for anything else. */
static bool is_utf8(const char *text)
{
	json_t *json = json_string(text);

	json_decref(json);
	return json;
}

static bool texts_are_utf8(const struct contig_plugin *p)
{
	bool ok = is_utf8(p->summary) && is_utf8(p->licence);

	for (uint32_t i = 0; i < p->nr_backends; i++)
		ok &= is_utf8(p->backends[i]->summary);
	return ok;
}

static int load(const char *path)
{
	struct plugin *p = &plugins[nr_plugins];
	const struct contig_plugin *is;
	struct contig_diag diag;
	char hex[65];

	if (!*path)
		return cli_error(CLI_USAGE, FLAG ": the name of a file, please");
	int status = sum_up(path, hex);

	if (status != CLI_OK)
		return status;
	if (contig_plugin_load(path, &is, &diag))
		return cli_error(CLI_USAGE, "plugin %s %s", path, diag.text);
	if (!texts_are_utf8(is))
		return cli_error(CLI_USAGE, "plugin %s has a summary or a licence that is no UTF-8", path);
	for (size_t i = 0; i < nr_plugins; i++) {
		if (plugins[i].is == is)
			return CLI_OK; /* by both ways, for example */
	}
	if (named(is->name))
		return cli_error(CLI_USAGE, "plugin %s is called '%s', as %s is", path, is->name,
		                 named(is->name)->file);
	*p = (struct plugin){ .is = is, .file = strdup(path) };
	memcpy(p->sha256, hex, sizeof(hex));
	nr_plugins++;
	return p->file ? CLI_OK : cli_error(CLI_MACHINE, "no memory");
}

static int load_list(const char *list)
{
	char *copy = strdup(list), *rest = copy, *path;
	int status = copy ? CLI_OK : cli_error(CLI_MACHINE, "no memory");

	while (status == CLI_OK && (path = strsep(&rest, ":"))) {
		if (*path)
			status = load(path);
	}
	free(copy);
	return status;
}

int plugins_take(int *argc, char ***argv)
{
	const char *list = getenv("CONTIGBENCH_PLUGINS");
	int status = list ? load_list(list) : CLI_OK;

	while (status == CLI_OK && *argc > 1 && !strncmp((*argv)[1], FLAG, strlen(FLAG))) {
		const char *rest = (*argv)[1] + strlen(FLAG);
		int words = *rest ? 1 : 2;

		if (*rest && *rest != '=')
			break;
		if (words == 2 && *argc < 3)
			return cli_error(CLI_USAGE, FLAG " wants a file: contigbench " FLAG " ./mine.so list backends");
		status = load(*rest ? rest + 1 : (*argv)[2]);
		(*argv)[words] = (*argv)[0];
		*argv += words;
		*argc -= words;
	}
	return status;
}

const struct plugin *plugin_at(size_t i)
{
	return i < nr_plugins ? &plugins[i] : NULL;
}

const struct plugin *plugin_of(const struct contig_backend *b)
{
	for (size_t i = 0; i < nr_plugins; i++) {
		for (uint32_t k = 0; k < plugins[i].is->nr_backends; k++) {
			if (plugins[i].is->backends[k] == b)
				return &plugins[i];
		}
	}
	return NULL;
}

bool plugins_decide(char *const *specs, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		const struct contig_backend *b = contig_backend_of(specs[i]);

		if (b && !contig_backend_built_in(b))
			return true;
	}
	return false;
}

void plugins_print_json(FILE *f)
{
	fputc('[', f);
	for (size_t i = 0; i < nr_plugins; i++)
		fprintf(f, "%s{\"name\":\"%s\",\"sha256\":\"%s\"}", i ? "," : "", plugins[i].is->name,
		        plugins[i].sha256);
	fputc(']', f);
}

json_t *plugins_json(void)
{
	json_t *all = json_array();

	for (size_t i = 0; i < nr_plugins; i++)
		json_array_append_new(
			all, json_pack("{s:s, s:s}", "name", plugins[i].is->name, "sha256", plugins[i].sha256));
	return all;
}

char *plugins_call(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	fputs("contigbench", f);
	for (size_t i = 0; i < nr_plugins; i++)
		fprintf(f, " " FLAG " %s", plugins[i].file);
	return fclose(f) ? NULL : text;
}

const json_t *plugins_missing(const json_t *array, bool *loaded)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *wanted = json_array_get(array, i);
		const char *sha256 = json_string_value(json_object_get(wanted, "sha256"));
		const struct plugin *p = named(json_string_value(json_object_get(wanted, "name")));

		*loaded = p;
		if (!p || !sha256 || strcmp(p->sha256, sha256))
			return wanted;
	}
	return NULL;
}
