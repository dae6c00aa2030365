// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../workloads/trace/sha256.h"
#include "../results/results.h"
#include "../results/stored.h"
#include "source.h"
#include "source_inside.h"

#define SUMS "SHA256SUMS"

static FILE *open_file(const struct source *s, const char *name)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/%s", s->dir, name) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fopen(path, "re");
}

bool source_has(const struct source *s, const char *name)
{
	FILE *f = open_file(s, name);

	if (f)
		fclose(f);
	return f;
}

static int no_folder(const struct source *s, int err)
{
	if (source_has(s, "run.json"))
		return cli_error(CLI_USAGE, "%s is an interrupted run: finish it with `contigbench run --resume %s`",
		                 s->dir, s->dir);
	return cli_error(cli_status_of(err),
	                 "%s is no results folder (summary.csv: %s): `contigbench run -o DIR` makes one, --from DIR "
	                 "names it",
	                 s->dir, strerror(err));
}

static int read_sums(struct source *s)
{
	char line[512];
	FILE *f = open_file(s, SUMS);

	s->sums = json_object();
	if (!f)
		return cli_error(CLI_USAGE, "%s has no " SUMS ": its files can not be trusted; make the run again",
		                 s->dir);
	int err = sha256_stream(f, s->digest);

	rewind(f);
	while (!err && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strlen(line) > 66)
			json_object_set_new(s->sums, line + 66, json_stringn(line, 64));
	}
	fclose(f);
	return err ? cli_error(cli_status_of(err), "%s/" SUMS ": %s", s->dir, strerror(err)) : CLI_OK;
}

/* summary.csv begins with "# {parameters}", whatever the clock. */
static json_t *head_of(FILE *f)
{
	char *line = NULL;
	size_t cap = 0;
	json_t *head = getline(&line, &cap, f) > 2 && line[0] == '#' ? json_loads(line + 1, 0, NULL) : NULL;

	free(line);
	return head;
}

int source_open(struct source *s, const char *dir)
{
	*s = (struct source){ .dir = dir };
	FILE *f = open_file(s, "summary.csv");

	if (!f)
		return no_folder(s, errno);
	s->parameters = head_of(f);
	fclose(f);
	const char *schema = stored_text(s->parameters, "schema");

	s->wall = !strcmp(schema, RESULTS_WALL_SCHEMA);
	if (!s->wall && strcmp(schema, RESULTS_SCHEMA))
		return cli_error(CLI_USAGE,
		                 "%s has schema '%.40s', this program knows " RESULTS_SCHEMA " and " RESULTS_WALL_SCHEMA
		                 ": make the run again",
		                 dir, schema);
	return s->wall ? CLI_OK : read_sums(s);
}

void source_close(struct source *s)
{
	json_decref(s->parameters);
	json_decref(s->sums);
	s->parameters = s->sums = NULL;
}

void source_forget(struct source *s)
{
	s->nr_inputs = 0;
}

int source_damaged(const struct source *s, const char *name, const char *how)
{
	return cli_error(CLI_USAGE, "%s/%s %s: make the run again", s->dir, name, how);
}

FILE *source_take(struct source *s, const char *name, int *status)
{
	FILE *f = open_file(s, name);
	char hex[65];
	int err = f ? sha256_stream(f, hex) : errno;

	*status = CLI_OK;
	if (err) {
		*status = cli_error(cli_status_of(err), "%s/%s: %s", s->dir, name, strerror(err));
	} else if (!s->wall && !json_object_get(s->sums, name)) {
		*status = source_damaged(s, name, "is not in " SUMS);
	} else if (!s->wall && strcmp(hex, stored_text(s->sums, name))) {
		*status = source_damaged(s, name, "is not what " SUMS " says, it was changed or cut short");
	}
	if (*status != CLI_OK) {
		if (f)
			fclose(f);
		return NULL;
	}
	size_t i = 0;

	while (i < s->nr_inputs && strcmp(s->inputs[i].name, name))
		i++;
	if (i < SOURCE_MAX_INPUTS) {
		snprintf(s->inputs[i].name, sizeof(s->inputs[i].name), "%s", name);
		memcpy(s->inputs[i].sha256, hex, sizeof(hex));
		s->nr_inputs += i == s->nr_inputs;
	}
	rewind(f);
	return f;
}

int source_jsonl(struct source *s, const char *name, source_json_line one, void *ctx)
{
	char *line = NULL, how[64];
	size_t cap = 0, number = 0;
	bool more = true;
	int status;
	FILE *f = source_take(s, name, &status);

	while (status == CLI_OK && more && getline(&line, &cap, f) > 0) {
		if (!number++)
			continue;
		json_t *json = json_loads(line, 0, NULL);

		if (json) {
			more = one(ctx, json);
		} else {
			snprintf(how, sizeof(how), "is damaged: line %zu is no JSON", number);
			status = source_damaged(s, name, how);
		}
		json_decref(json);
	}
	free(line);
	if (f)
		fclose(f);
	return status;
}

json_t *source_object(struct source *s, const char *name, int *status)
{
	FILE *f = source_take(s, name, status);
	json_t *json = f ? json_loadf(f, 0, NULL) : NULL;

	if (f && !json)
		*status = source_damaged(s, name, "is no JSON");
	if (f)
		fclose(f);
	return json;
}
