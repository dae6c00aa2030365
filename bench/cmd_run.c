// SPDX-License-Identifier: MIT
/* cmd_run.c - contigbench run: options, replays, results. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "help/commands.h"
#include "plugins.h"
#include "results/folder.h"
#include "results/results.h"
#include "run.h"
#include "virtual/state.h"
#include "wall/frame.h"

static atomic_bool stop;

static void on_signal(int signal)
{
	(void)signal;
	atomic_store(&stop, true);
}

/* The first signal ends the run in order, the second one at once. A write beyond a limit is an error, not a death. */
static void catch_signals(void)
{
	struct sigaction end = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	atomic_store(&stop, false);
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGHUP, &end, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
}

static void release_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGXFSZ };
	struct sigaction normal = { .sa_handler = SIG_DFL };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &normal, NULL);
}

struct run {
	struct run_options options; /* what is run: of the command line, or of the run that is resumed */
	struct run_plan plan;
	struct matrix matrix;
	struct results results;
	struct state_run resumed;
	struct folder folder;
	int argc;
	char **argv;
	uint64_t start_ns;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A run that goes on is what its own command line says, but for how many replays at a time and how results are shown.
 */
static int adopt(struct run *r)
{
	struct run_options asked = r->options;
	char *resume = strdup(asked.resume), here[4096];
	int status = resume ? state_load_run(resume, &r->resumed) : CLI_MACHINE;

	if (status == CLI_OK)
		status = folder_resume(&r->folder, resume, asked.force);
	free(resume);
	if (status != CLI_OK)
		return status;
	uint32_t jobs = asked.jobs;
	bool json = asked.json;

	run_options_free(&r->options);
	status = run_options_parse(r->resumed.argc, r->resumed.argv, &r->options);
	r->options.jobs = jobs;
	r->options.json = json;
	/* names of files are meant from where the run was begun */
	if (status == CLI_OK && (!getcwd(here, sizeof(here)) || chdir(r->resumed.folder)))
		status = cli_error(CLI_USAGE, "--resume: %s, where the run was begun: %s", r->resumed.folder,
		                   strerror(errno));
	if (status != CLI_OK)
		return status;
	status = plan_make(&r->plan, &r->options);
	if (chdir(here) && status == CLI_OK)
		status = cli_error(CLI_MACHINE, "%s: %s", here, strerror(errno));
	return status == CLI_OK ? state_check_inputs(&r->resumed, &r->plan) : status;
}

static int begin(struct run *r)
{
	int status = plan_make(&r->plan, &r->options);
	int rc;

	if (status == CLI_OK)
		status = folder_create(&r->folder, r->options.out, r->options.force);
	if (status != CLI_OK)
		return status;
	rc = state_save_run(r->folder.partial, r->argc, r->argv, &r->plan);
	if (rc) {
		folder_discard(&r->folder);
		return cli_error(CLI_MACHINE, "%s can not be written: %s", r->folder.partial, strerror(-rc));
	}
	return CLI_OK;
}

static int interrupted(struct run *r)
{
	if (!r->matrix.nr_done) {
		folder_discard(&r->folder);
		return cli_error(CLI_NO, "interrupted before the first replay was finished: nothing is kept");
	}
	char *call = plugins_call();

	cli_error(CLI_NO, "interrupted: %u of %u replays are kept; finish with `%s run --resume %s`", r->matrix.nr_done,
	          r->plan.nr_replays, call ? call : "contigbench", r->folder.partial);
	free(call);
	return CLI_NO;
}

/* `name` of the results folder to the terminal */
static void show(const struct run *r, const char *name)
{
	char path[4096], buffer[4096];

	snprintf(path, sizeof(path), "%s/%s", r->folder.path, name);
	FILE *f = fopen(path, "r");

	for (size_t n; f && (n = fread(buffer, 1, sizeof(buffer), f));)
		fwrite(buffer, 1, n, stdout);
	if (f)
		fclose(f);
}

static int finish(struct run *r)
{
	struct contig_diag diag = { "" };
	char digest[65];

	if (results_make(&r->results, &r->matrix))
		return cli_error(CLI_MACHINE, "no memory to sum up %u replays", r->plan.nr_replays);
	/* the command that says what was run, which that of a resumed run does not */
	bool resumed = r->resumed.argc > 0;
	struct results_context context = {
		.argc = resumed ? r->resumed.argc : r->argc,
		.argv = resumed ? r->resumed.argv : r->argv,
		.jobs = r->options.jobs,
		.resumed = r->matrix.nr_resumed,
		.wall_ns = now_ns() - r->start_ns,
		.digest = digest,
	};
	int rc = results_write(r->folder.partial, &r->results, digest, &diag);

	if (!rc)
		rc = results_write_context(r->folder.partial, &r->results, &context, &diag);
	if (rc) {
		folder_discard(&r->folder);
		return cli_error(CLI_MACHINE, "%s", diag.text);
	}
	state_remove(r->folder.partial, r->plan.nr_replays);
	int status = folder_publish(&r->folder);

	if (status != CLI_OK)
		return status;
	if (r->options.json) {
		show(r, r->options.ablation ? "ablation.json" : "benchmark.json");
		return CLI_OK;
	}
	struct replay_speed speed = results_speed(&r->results);

	show(r, "table.txt");
	printf("\nresults: %s\ndigest:  %s (of all but context.json)\n", r->folder.path, digest);
	printf("speed:   %llu events in %.1f s of CPU time, %.1f million events/s on one core (wall clock, not part of "
	       "the "
	       "results)\n",
	       (unsigned long long)speed.events, (double)speed.cpu_ns / 1e9, (double)speed.per_second / 1e6);
	return CLI_OK;
}

static int run(struct run *r)
{
	int status;
	bool resuming = r->options.resume;

	r->start_ns = now_ns();
	status = resuming ? adopt(r) : begin(r);
	if (status != CLI_OK)
		return status;
	status = matrix_open(&r->matrix, &r->plan, r->folder.partial, &stop);
	if (status == CLI_OK)
		status = matrix_run(&r->matrix, r->options.jobs);
	if (status != CLI_OK)
		folder_discard(&r->folder);
	else if (r->matrix.nr_done < r->plan.nr_replays)
		status = interrupted(r);
	else
		status = finish(r);
	return status;
}

int run_with(struct run_options *options, int argc, char **argv)
{
	struct run r = { .options = *options, .argc = argc, .argv = argv };

	catch_signals();
	int status = r.options.wall.on ? frame_run(&r.options, r.argc, r.argv, &stop) : run(&r);

	release_signals();
	results_free(&r.results);
	matrix_free(&r.matrix);
	plan_free(&r.plan);
	state_free_run(&r.resumed);
	*options = r.options;
	return status;
}

int cmd_run(int argc, char **argv)
{
	char **typed = calloc((size_t)argc + 1, sizeof(char *));
	struct run_options options;

	if (!typed)
		return cli_error(CLI_MACHINE, "no memory");
	/* getopt moves names of files behind the options: keep what was typed */
	memcpy(typed, argv, (size_t)argc * sizeof(*argv));
	int status = run_options_parse(argc, argv, &options);

	if (status == CLI_OK && options.help)
		help_print(stdout, &help_run);
	else if (status == CLI_OK)
		status = run_with(&options, argc, typed);
	run_options_free(&options);
	free(typed);
	return status;
}
