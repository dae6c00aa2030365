// SPDX-License-Identifier: MIT
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../workloads/trace/sha256.h"
#include "../plugins.h"
#include "state.h"

#define STATE_MAGIC UINT64_C(0x31594c5052425443) /* CTBRPLY1 */

struct state_header {
	uint64_t magic;
	uint32_t size; /* of this header: changes with the layout */
	uint32_t replay;
	struct replay_result result;
};

/* What is written of a map; the text follows. */
struct state_map {
	uint32_t zone;
	pfn_t start;
	uint32_t pages;
	uint32_t length;
};

static void state_path(char out[4096], const char *dir, uint32_t replay, const char *suffix)
{
	snprintf(out, 4096, "%s/replay-%07u%s", dir, replay, suffix);
}

static struct state_map state_map_of(const struct zone_map *z)
{
	return (struct state_map){ z->zone, z->start, z->pages, (uint32_t)strlen(z->text) };
}

static void digest(const struct state_header *h, const struct replay_result *r, char hex[65])
{
	struct sha256 sum;

	sha256_init(&sum);
	sha256_add(&sum, h, sizeof(*h));
	sha256_add(&sum, r->requests, r->nr_requests * sizeof(*r->requests));
	sha256_add(&sum, r->samples, r->nr_samples * sizeof(*r->samples));
	for (uint32_t i = 0; i < r->nr_maps; i++) {
		const struct state_map m = state_map_of(&r->maps[i]);

		sha256_add(&sum, &m, sizeof(m));
		sha256_add(&sum, r->maps[i].text, m.length);
	}
	sha256_hex(&sum, hex);
}

int state_save(const char *dir, uint32_t replay, const struct replay_result *r)
{
	struct state_header h;
	char path[4096], temporary[4096], hex[65];

	memset(&h, 0, sizeof(h));
	h.magic = STATE_MAGIC;
	h.size = sizeof(h);
	h.replay = replay;
	h.result = *r;
	h.result.requests = NULL;
	h.result.samples = NULL;
	h.result.maps = NULL;
	digest(&h, r, hex);
	state_path(path, dir, replay, "");
	state_path(temporary, dir, replay, ".tmp");
	FILE *f = fopen(temporary, "w");

	if (!f)
		return -errno;
	bool ok = fwrite(&h, sizeof(h), 1, f) == 1;

	ok &= fwrite(r->requests, sizeof(*r->requests), r->nr_requests, f) == r->nr_requests;
	ok &= fwrite(r->samples, sizeof(*r->samples), r->nr_samples, f) == r->nr_samples;
	for (uint32_t i = 0; i < r->nr_maps; i++) {
		const struct state_map m = state_map_of(&r->maps[i]);

		ok &= fwrite(&m, sizeof(m), 1, f) == 1 && fwrite(r->maps[i].text, 1, m.length, f) == m.length;
	}
	ok &= fwrite(hex, 64, 1, f) == 1;
	int err = ok ? 0 : errno;

	if (fclose(f) && !err)
		err = errno;
	if (!err && rename(temporary, path))
		err = errno;
	if (err)
		unlink(temporary);
	return -err;
}

static int load_maps(FILE *f, struct replay_result *r)
{
	uint32_t nr = r->nr_maps;

	r->nr_maps = 0;
	r->maps = calloc((size_t)nr + 1, sizeof(*r->maps));
	if (!r->maps)
		return -ENOMEM;
	for (; r->nr_maps < nr; r->nr_maps++) {
		struct zone_map *z = &r->maps[r->nr_maps];
		struct state_map m;

		if (fread(&m, sizeof(m), 1, f) != 1 || m.length > 1u << 30)
			return -EBADMSG;
		*z = (struct zone_map){ m.zone, m.start, m.pages, calloc((size_t)m.length + 1, 1) };
		if (!z->text)
			return -ENOMEM;
		if (fread(z->text, 1, m.length, f) != m.length) {
			free(z->text);
			return -EBADMSG;
		}
	}
	return 0;
}

static int load(FILE *f, uint32_t replay, struct replay_result *r)
{
	struct state_header h;
	char hex[65], stored[65] = "";

	if (fread(&h, sizeof(h), 1, f) != 1 || h.magic != STATE_MAGIC || h.size != sizeof(h) || h.replay != replay)
		return -EBADMSG;
	*r = h.result; /* without what it points to */
	if (r->nr_requests > 1u << 28 || r->nr_samples > 1u << 28 || r->nr_maps > CONTIG_MAX_ZONES)
		return -EBADMSG;
	r->requests = calloc((size_t)r->nr_requests + 1, sizeof(*r->requests));
	r->samples = calloc((size_t)r->nr_samples + 1, sizeof(*r->samples));
	if (!r->requests || !r->samples)
		return -ENOMEM;
	if (fread(r->requests, sizeof(*r->requests), r->nr_requests, f) != r->nr_requests ||
	    fread(r->samples, sizeof(*r->samples), r->nr_samples, f) != r->nr_samples)
		return -EBADMSG;
	int rc = load_maps(f, r);

	if (rc)
		return rc;
	if (fread(stored, 64, 1, f) != 1)
		return -EBADMSG;
	digest(&h, r, hex);
	return strcmp(hex, stored) || fgetc(f) != EOF ? -EBADMSG : 0;
}

int state_load(const char *dir, uint32_t replay, struct replay_result *r)
{
	char path[4096];

	memset(r, 0, sizeof(*r));
	state_path(path, dir, replay, "");
	FILE *f = fopen(path, "r");

	if (!f)
		return -errno;
	int rc = load(f, replay, r);

	fclose(f);
	if (rc)
		replay_result_free(r);
	return rc;
}

void state_remove(const char *dir, uint32_t nr_replays)
{
	char path[4096];

	for (uint32_t i = 0; i < nr_replays; i++) {
		state_path(path, dir, i, "");
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/run.json", dir);
	unlink(path);
}

int state_save_run(const char *dir, int argc, char **argv, const struct run_plan *plan)
{
	json_t *args = json_array(), *digests = json_array();
	char path[4096], folder[4096] = ".";

	if (!getcwd(folder, sizeof(folder)))
		return -errno;
	for (int i = 0; i < argc; i++)
		json_array_append_new(args, json_string(argv[i]));
	for (uint32_t w = 0; w < plan->nr_workloads; w++)
		json_array_append_new(digests, json_string(plan->workloads[w].sha256));
	const char *costs = plan->costs.table->sha256;
	json_t *run =
		json_pack("{s:s, s:s, s:o, s:o, s:o, s:s}", "revision", cli_revision(), "folder", folder, "arguments",
	                  args, "sha256", digests, "plugins", plugins_json(), "costs", costs ? costs : "");

	if (!run)
		return -EILSEQ; /* an argument that is not UTF-8 */
	snprintf(path, sizeof(path), "%s/run.json", dir);
	errno = 0;
	int rc = json_dump_file(run, path, JSON_INDENT(1));

	json_decref(run);
	return rc ? (errno ? -errno : -EIO) : 0;
}

static char **strings(const json_t *array, uint32_t *nr)
{
	size_t n = json_array_size(array);
	char **out = calloc(n + 1, sizeof(*out));

	for (size_t i = 0; out && i < n; i++) {
		const char *s = json_string_value(json_array_get(array, i));

		out[i] = strdup(s ? s : "");
	}
	*nr = (uint32_t)n;
	return out;
}

/* The same plugins, no more and no fewer: a run without -b is of all backends. */
static int check_plugins(const char *dir, const json_t *plugins)
{
	bool loaded = false;
	const json_t *missing = plugins_missing(plugins, &loaded);
	const char *name = json_string_value(json_object_get(missing, "name"));
	size_t nr = 0;

	while (plugin_at(nr))
		nr++;
	if (missing)
		return cli_error(
			CLI_USAGE,
			"--resume %s: was begun with plugin '%s' (SHA-256 %.16s...), %s: contigbench --plugin FILE "
			"run --resume %s",
			dir, name ? name : "?", json_string_value(json_object_get(missing, "sha256")),
			loaded ? "and another file of that name is loaded" : "which is not loaded", dir);
	if (nr > json_array_size(plugins))
		return cli_error(CLI_USAGE,
		                 "--resume %s: was begun with %s plugins: leave out those that it did not have", dir,
		                 json_array_size(plugins) ? "fewer" : "no");
	return CLI_OK;
}

int state_load_run(const char *dir, struct state_run *run)
{
	char path[4096];
	json_error_t error;
	const char *revision, *folder, *costs;
	json_t *args, *digests, *plugins;
	uint32_t n;

	*run = (struct state_run){ 0 };
	snprintf(path, sizeof(path), "%s/run.json", dir);
	if (access(path, R_OK))
		return cli_error(
			CLI_USAGE,
			"--resume %s: no interrupted run (run.json: %s); one leaves a folder that ends in .partial",
			dir, strerror(errno));
	json_t *json = json_load_file(path, 0, &error);

	if (!json || json_unpack(json, "{s:s, s:s, s:o, s:o, s:o, s:s}", "revision", &revision, "folder", &folder,
	                         "arguments", &args, "sha256", &digests, "plugins", &plugins, "costs", &costs)) {
		json_decref(json);
		return cli_error(CLI_USAGE, "%s is damaged: start the run anew", path);
	}
	snprintf(run->revision, sizeof(run->revision), "%s", revision);
	snprintf(run->folder, sizeof(run->folder), "%s", folder);
	snprintf(run->costs, sizeof(run->costs), "%s", costs);
	run->argv = strings(args, &n);
	run->argc = (int)n;
	run->digests = strings(digests, &run->nr_digests);
	int status = check_plugins(dir, plugins);

	json_decref(json);
	if (!run->argv || !run->digests)
		return cli_error(CLI_MACHINE, "no memory");
	if (strcmp(run->revision, cli_revision()))
		return cli_error(CLI_USAGE, "--resume %s: was begun by revision %s, this is %s: start the run anew",
		                 dir, run->revision, cli_revision());
	return status;
}

int state_check_inputs(const struct state_run *run, const struct run_plan *plan)
{
	for (uint32_t w = 0; w < plan->nr_workloads; w++) {
		if (w >= run->nr_digests || strcmp(run->digests[w], plan->workloads[w].sha256))
			return cli_error(CLI_USAGE, "%s has changed since the run began: start it anew",
			                 plan->workloads[w].path);
	}
	const char *costs = plan->costs.table->sha256;

	if (strcmp(run->costs, costs ? costs : ""))
		return cli_error(CLI_USAGE, "the costs %s have changed since the run began: start it anew",
		                 plan->costs.path ? plan->costs.path : plan->costs.table->name);
	return CLI_OK;
}

void state_free_run(struct state_run *run)
{
	for (int i = 0; run->argv && i < run->argc; i++)
		free(run->argv[i]);
	for (uint32_t i = 0; run->digests && i < run->nr_digests; i++)
		free(run->digests[i]);
	free(run->argv);
	free(run->digests);
	*run = (struct state_run){ 0 };
}
