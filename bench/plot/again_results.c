// SPDX-License-Identifier: MIT
/* again_results.c - a run made again from the command that its context.json has, and held against what it had written. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../workloads/trace/sha256.h"
#include "../results/results.h"
#include "../results/stored.h"
#include "../run.h"
#include "../virtual/plan.h"
#include "again.h"
#include "draw.h"

#define ANEW "results" /* in the folder for what is made */

struct rerun {
	struct again *a;
	json_t *context;
	const json_t *workloads; /* of the parameters */
	struct source source;
	int argc;
	char **argv;
	struct run_options options;
	char *traces[RUN_MAX_LIST];
	char *costs;
};

static int read_context(struct rerun *r)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/context.json", r->a->results);
	FILE *f = fopen(path, "re");
	int err = errno;

	r->context = f ? json_loadf(f, 0, NULL) : NULL;
	if (f)
		fclose(f);
	if (!f)
		return cli_error(cli_status_of(err), "%s: %s; it has the command to make the results again", path,
		                 strerror(err));
	const json_t *command = json_object_get(r->context, "command");
	size_t nr = json_array_size(command);

	if (!nr)
		return cli_error(CLI_USAGE, "%s has no command to make the results again", path);
	r->argv = calloc(nr + 1, sizeof(*r->argv));
	for (size_t i = 0; r->argv && i < nr; i++) {
		const char *word = json_string_value(json_array_get(command, i));

		r->argv[i] = (char *)(uintptr_t)(word ? word : "");
	}
	r->argc = (int)nr;
	return r->argv ? CLI_OK : cli_error(CLI_MACHINE, "no memory");
}

/* Has the file these bytes? */
static bool is_trace(const char *path, const char *sha256)
{
	FILE *f = fopen(path, "re");
	char hex[65] = "";
	bool same = f && !sha256_stream(f, hex) && !strcmp(hex, sha256);

	if (f)
		fclose(f);
	return same;
}

/* One of those given, the file that it was, or the corpus's of that name: whichever has the very bytes. */
static int find_trace(struct rerun *r, size_t i, char **given, int nr)
{
	const json_t *w = json_array_get(r->workloads, i);
	const char *sha256 = stored_text(w, "sha256"), *name = stored_text(w, "name");
	const char *was = json_string_value(json_array_get(json_object_get(r->context, "workload_files"), i));

	for (int k = 0; k < nr && !r->traces[i]; k++) {
		if (is_trace(given[k], sha256))
			r->traces[i] = strdup(given[k]);
	}
	if (!r->traces[i] && was && is_trace(was, sha256))
		r->traces[i] = strdup(was);
	if (!r->traces[i]) {
		char *shipped = workload_find(name);

		if (shipped && is_trace(shipped, sha256))
			r->traces[i] = shipped;
		else
			free(shipped);
	}
	if (r->traces[i])
		return CLI_OK;
	return cli_error(
		CLI_USAGE,
		"the trace '%s' (SHA-256 %.16s...) is not where it was, or has other bytes: say where it is with "
		"--trace FILE",
		name, sha256);
}

/* A name without a slash would be looked for in the corpus. */
static const char *as_operand(char **trace)
{
	char *path;

	if (!strchr(*trace, '/') && asprintf(&path, "./%s", *trace) >= 0) {
		free(*trace);
		*trace = path;
	}
	return *trace;
}

/* The cost file, wherever it is now; none for the built-in table. */
static int find_costs(struct rerun *r)
{
	const char *name = stored_text(r->source.parameters, "cost_table");
	const char *sha256 = stored_text(r->source.parameters, "cost_sha256");
	const char *was = json_string_value(json_array_get(json_object_get(r->context, "cost_files"), 0));

	if (!*sha256)
		return CLI_OK;
	r->costs = costs_find(name, sha256, was);
	if (!r->costs)
		return cli_error(
			CLI_USAGE,
			"the costs '%s' (SHA-256 %.16s...) are not where they were, or have other bytes: put the "
			"file back",
			name, sha256);
	r->options.costs = as_operand(&r->costs);
	return CLI_OK;
}

static int prepare(struct rerun *r, char **given, int nr)
{
	int status = run_options_parse(r->argc, r->argv, &r->options);

	r->workloads = json_object_get(r->source.parameters, "workloads");
	for (size_t i = 0; status == CLI_OK && i < json_array_size(r->workloads) && i < RUN_MAX_LIST; i++) {
		status = find_trace(r, i, given, nr);
		if (status == CLI_OK)
			r->options.workloads[i] = as_operand(&r->traces[i]);
	}
	if (status == CLI_OK)
		status = find_costs(r);
	r->options.nr_workloads = (uint32_t)json_array_size(r->workloads);
	r->options.json = r->options.force = false;
	r->options.resume = NULL;
	return status;
}

/* In a process of its own: what it prints is about results that are thrown away. */
static int run_again(struct rerun *r)
{
	char out[4096];
	int status;

	snprintf(out, sizeof(out), "%s/" ANEW, r->a->folder);
	r->options.out = out;
	fflush(NULL);
	pid_t pid = fork();

	if (pid < 0)
		return cli_error(CLI_MACHINE, "no process to run in: %s", strerror(errno));
	if (!pid) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(null, STDOUT_FILENO);
		status = run_with(&r->options, r->argc, r->argv);
		fflush(NULL);
		_exit(status);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status))
		return cli_error(CLI_MACHINE, "the run was killed by signal %d", WTERMSIG(status));
	/* it has said why */
	return WEXITSTATUS(status);
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* The line without the name of the revision, which says who made it and not what came out. */
static void without_revision(char *line, const char *revision)
{
	char key[256];
	char *at;

	snprintf(key, sizeof(key), "\"revision\":\"%.200s\"", revision);
	at = strstr(line, key);
	if (at)
		memmove(at, at + strlen(key), strlen(at + strlen(key)) + 1);
}

/* As again_compare(), of files of two revisions. */
static long compare_revisions(const char *a, const char *b, const char *revision)
{
	FILE *f = fopen(a, "re"), *g = fopen(b, "re");
	char *x = NULL, *y = NULL;
	size_t x_room = 0, y_room = 0;
	long line = 0, result = f && g ? 0 : -1;
	ssize_t n = 1, m = 1;

	while (!result && n > 0 && m > 0) {
		n = getline(&x, &x_room, f);
		m = getline(&y, &y_room, g);
		line++;
		if (n > 0 && m > 0) {
			without_revision(x, revision);
			without_revision(y, cli_revision());
		}
		if ((n > 0) != (m > 0) || (n > 0 && strcmp(x, y)))
			result = line;
	}
	free(x);
	free(y);
	if (f)
		fclose(f);
	if (g)
		fclose(g);
	return result;
}

static void digest_of(const char *folder, char hex[65])
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/SHA256SUMS", folder);
	FILE *f = fopen(path, "re");

	hex[0] = '\0';
	if (f && sha256_stream(f, hex))
		hex[0] = '\0';
	if (f)
		fclose(f);
}

/* The first file that is not as it was, and where. */
static void compare_files(const struct rerun *r, const char *revision, bool same_revision, json_t *report)
{
	char old[4096], new[4096];
	const char *name;
	json_t *sum;

	json_object_foreach(r->source.sums, name, sum)
	{
		snprintf(old, sizeof(old), "%s/%s", r->a->results, name);
		snprintf(new, sizeof(new), "%s/" ANEW "/%s", r->a->folder, name);
		long line = same_revision ? again_compare(old, new) : compare_revisions(old, new, revision);

		if (line && !json_object_get(report, "file")) {
			json_object_set_new(report, "file", json_string(name));
			json_object_set_new(report, "line", json_integer(line));
		}
	}
}

static void compare(struct rerun *r)
{
	const char *revision = stored_text(r->source.parameters, "revision");
	bool same_revision = !strcmp(revision, cli_revision());
	char folder[4096], digest[65];

	snprintf(folder, sizeof(folder), "%s/" ANEW, r->a->folder);
	digest_of(folder, digest);
	json_t *report = json_pack("{s:s, s:s, s:s, s:s}", "digest", r->source.digest, "digest_again", digest,
	                           "revision", revision, "revision_again", cli_revision());

	if (strcmp(digest, r->source.digest))
		compare_files(r, revision, same_revision, report);
	r->a->differs |= json_object_get(report, "file") != NULL;
	json_object_set_new(report, "same", json_boolean(!json_object_get(report, "file")));
	json_object_set_new(r->a->report, "results", report);
}

int again_results(struct again *a, char **traces, int nr)
{
	struct rerun r = { .a = a };
	const char *tmp = getenv("TMPDIR");
	int status = source_open(&r.source, a->results);

	if (status == CLI_OK && r.source.wall)
		status = cli_error(
			CLI_USAGE,
			"%s is of the wall clock: measured numbers are never the same twice; without --rerun its "
			"figures can be verified",
			a->results);
	if (status == CLI_OK)
		status = read_context(&r);
	if (status == CLI_OK && !a->folder[0])
		status = draw_folder(a->folder, tmp && *tmp ? tmp : "/tmp");
	if (status == CLI_OK) {
		status = prepare(&r, traces, nr);
		if (status == CLI_OK)
			status = run_again(&r);
		if (status == CLI_OK)
			compare(&r);
		run_options_free(&r.options);
	}
	for (size_t i = 0; i < RUN_MAX_LIST; i++)
		free(r.traces[i]);
	free(r.costs);
	free(r.argv);
	json_decref(r.context);
	source_close(&r.source);
	return status;
}
