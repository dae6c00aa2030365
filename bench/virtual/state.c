// SPDX-License-Identifier: MIT
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../workloads/trace/sha256.h"
#include "../results/results.h"
#include "state.h"

#define STATE_MAGIC UINT64_C(0x31594c5052425443) /* CTBRPLY1 */

struct state_header {
	uint64_t magic;
	uint32_t size; /* of this header: changes with the layout */
	uint32_t replay;
	struct replay_result result;
};

static void state_path(char out[4096], const char *dir, uint32_t replay, const char *suffix)
{
	snprintf(out, 4096, "%s/replay-%07u%s", dir, replay, suffix);
}

static void digest(const struct state_header *h, const struct replay_result *r, char hex[65])
{
	struct sha256 sum;

	sha256_init(&sum);
	sha256_add(&sum, h, sizeof(*h));
	sha256_add(&sum, r->requests, r->nr_requests * sizeof(*r->requests));
	sha256_add(&sum, r->samples, r->nr_samples * sizeof(*r->samples));
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
	digest(&h, r, hex);
	state_path(path, dir, replay, "");
	state_path(temporary, dir, replay, ".tmp");
	FILE *f = fopen(temporary, "w");

	if (!f)
		return -errno;
	bool ok = fwrite(&h, sizeof(h), 1, f) == 1;

	ok &= fwrite(r->requests, sizeof(*r->requests), r->nr_requests, f) == r->nr_requests;
	ok &= fwrite(r->samples, sizeof(*r->samples), r->nr_samples, f) == r->nr_samples;
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

static int load(FILE *f, uint32_t replay, struct replay_result *r)
{
	struct state_header h;
	char hex[65], stored[65] = "";

	if (fread(&h, sizeof(h), 1, f) != 1 || h.magic != STATE_MAGIC || h.size != sizeof(h) || h.replay != replay)
		return -EBADMSG;
	*r = h.result;
	if (r->nr_requests > 1u << 28 || r->nr_samples > 1u << 28)
		return -EBADMSG;
	r->requests = calloc((size_t)r->nr_requests + 1, sizeof(*r->requests));
	r->samples = calloc((size_t)r->nr_samples + 1, sizeof(*r->samples));
	if (!r->requests || !r->samples)
		return -ENOMEM;
	if (fread(r->requests, sizeof(*r->requests), r->nr_requests, f) != r->nr_requests ||
	    fread(r->samples, sizeof(*r->samples), r->nr_samples, f) != r->nr_samples || fread(stored, 64, 1, f) != 1)
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
	json_t *run = json_pack("{s:s, s:s, s:o, s:o}", "revision", cli_revision(), "folder", folder, "arguments", args,
	                        "sha256", digests);

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

int state_load_run(const char *dir, struct state_run *run)
{
	char path[4096];
	json_error_t error;
	const char *revision, *folder;
	json_t *args, *digests;
	uint32_t n;

	*run = (struct state_run){ 0 };
	snprintf(path, sizeof(path), "%s/run.json", dir);
	if (access(path, R_OK))
		return cli_error(
			CLI_USAGE,
			"--resume %s: no interrupted run (run.json: %s); one leaves a folder that ends in .partial",
			dir, strerror(errno));
	json_t *json = json_load_file(path, 0, &error);

	if (!json || json_unpack(json, "{s:s, s:s, s:o, s:o}", "revision", &revision, "folder", &folder, "arguments",
	                         &args, "sha256", &digests)) {
		json_decref(json);
		return cli_error(CLI_USAGE, "%s is damaged: start the run anew", path);
	}
	snprintf(run->revision, sizeof(run->revision), "%s", revision);
	snprintf(run->folder, sizeof(run->folder), "%s", folder);
	run->argv = strings(args, &n);
	run->argc = (int)n;
	run->digests = strings(digests, &run->nr_digests);
	json_decref(json);
	if (!run->argv || !run->digests)
		return cli_error(CLI_MACHINE, "no memory");
	if (strcmp(run->revision, cli_revision()))
		return cli_error(CLI_USAGE, "--resume %s: was begun by revision %s, this is %s: start the run anew",
		                 dir, run->revision, cli_revision());
	return CLI_OK;
}

int state_check_inputs(const struct state_run *run, const struct run_plan *plan)
{
	for (uint32_t w = 0; w < plan->nr_workloads; w++) {
		if (w >= run->nr_digests || strcmp(run->digests[w], plan->workloads[w].sha256))
			return cli_error(CLI_USAGE, "%s has changed since the run began: start it anew",
			                 plan->workloads[w].path);
	}
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
