// SPDX-License-Identifier: MIT
/* frame.c - the course of a run on the wall clock: from options to a results folder. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../micro/flags.h"
#include "../micro/gbench.h"
#include "frame.h"

/* ---- the library's flags --------------------------------------------------------------------- */

struct flags {
	char *argv[WALL_MAX_BENCHMARK + 5];
	int argc;
	bool list;
	bool json;    /* benchmark.json to the terminal */
	bool console; /* ... or what the library prints */
	char repetitions[48];
	char interleaving[64];
	char out[4200];
	char copy_to[4096]; /* the user's --benchmark_out */
};

static int take_flags(struct flags *l, const struct run_options *o)
{
	const struct wall_options *w = &o->wall;
	int argc = (int)w->nr_benchmark;
	const char *format = gbench_flag(argc, w->benchmark, "format");
	const char *out = gbench_flag(argc, w->benchmark, "out");

	*l = (struct flags){ .argc = argc };
	memcpy(l->argv, w->benchmark, w->nr_benchmark * sizeof(l->argv[0]));
	l->list = flag_is_on(gbench_flag(argc, w->benchmark, "list_tests"));
	l->json = o->json || (format && !strcmp(format, "json"));
	l->console = format && !l->json;
	if (out && snprintf(l->copy_to, sizeof(l->copy_to), "%s", out) >= (int)sizeof(l->copy_to))
		return cli_error(CLI_USAGE, "--benchmark_out: a name of more than %zu bytes", sizeof(l->copy_to));
	if (!gbench_flag(argc, w->benchmark, "repetitions")) {
		snprintf(l->repetitions, sizeof(l->repetitions), "--benchmark_repetitions=%u", WALL_REPETITIONS);
		l->argv[l->argc++] = l->repetitions;
	}
	if (!gbench_flag(argc, w->benchmark, "enable_random_interleaving")) {
		snprintf(l->interleaving, sizeof(l->interleaving), "--benchmark_enable_random_interleaving=true");
		l->argv[l->argc++] = l->interleaving;
	}
	return CLI_OK;
}

static uint32_t repetitions(const struct flags *l)
{
	const char *text = gbench_flag(l->argc, l->argv, "repetitions");
	uint64_t n;

	return text && cli_u64(text, 1, WALL_MAX_REPETITIONS, &n) ? (uint32_t)n : 1;
}

/* Hand them over. The library's own file is benchmark.json of the folder. */
static int initialize(struct frame *f, struct flags *l)
{
	const char *filter = gbench_flag(l->argc, l->argv, "filter");

	if (!filter)
		f->expected = f->nr_rows * repetitions(l);
	if (!l->list) {
		snprintf(l->out, sizeof(l->out), "--benchmark_out=%s/benchmark.json", f->folder.partial);
		l->argv[l->argc++] = l->out;
	}
	l->argv[l->argc] = NULL;
	int rc = gbench_initialize(&l->argc, l->argv);

	if (rc)
		return cli_error(rc == -ECANCELED ? CLI_USAGE : CLI_MACHINE, "%s: see `contigbench run --help`",
		                 gbench_error());
	if (l->argc > 1)
		return cli_error(CLI_USAGE, "unknown flag or bad value: '%s'; see `contigbench run --help`",
		                 l->argv[1]);
	if (frame_add_context(f) || frame_register(f))
		return cli_error(CLI_MACHINE, "%s", gbench_error());
	return CLI_OK;
}

/* ---- the folder ------------------------------------------------------------------------------ */

static int can_not_write(const struct frame *f, const char *name, int err)
{
	return cli_error(CLI_MACHINE, "%s/%s can not be written: %s; choose another folder with -o", f->folder.partial,
	                 name, strerror(err ? err : EIO));
}

static FILE *create(const struct frame *f, const char *name, int *status)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/%s", f->folder.partial, name);
	FILE *file = fopen(path, "w+");

	if (!file)
		*status = can_not_write(f, name, errno);
	return file;
}

static int finish(const struct frame *f, const char *name, FILE *file)
{
	int err = 0;

	errno = 0;
	if (fflush(file) || ferror(file))
		err = errno ? errno : EIO;
	if (fclose(file) && !err)
		err = errno;
	return err ? can_not_write(f, name, err) : CLI_OK;
}

static int begin_folder(struct frame *f)
{
	int status = folder_create(&f->folder, f->options->out, f->options->force);

	f->made = status == CLI_OK;
	if (status != CLI_OK)
		return status;
	f->lines = create(f, "wall.jsonl", &status);
	if (f->lines)
		f->requests = create(f, "requests.jsonl", &status);
	if (status != CLI_OK)
		return status;
	results_first_line(f->lines, &f->plan);
	results_first_line(f->requests, &f->plan);
	return CLI_OK;
}

static void write_table(FILE *to, const struct frame *f)
{
	frame_preface(to, f);
	fputc('\n', to);
	frame_table(to, f);
	frame_epilogue(to, f);
}

static void write_topology(FILE *to, const struct frame *f)
{
	if (f->machine.hwloc_xml)
		fputs(f->machine.hwloc_xml, to);
}

static int write_folder(struct frame *f)
{
	static const struct {
		const char *name;
		void (*write)(FILE *to, const struct frame *f);
	} files[] = {
		{ "summary.csv", frame_summary_csv },
		{ "table.txt", write_table },
		{ "topology.xml", write_topology },
		{ "context.json", frame_context_json },
	};
	int status = finish(f, "wall.jsonl", f->lines), of_requests = finish(f, "requests.jsonl", f->requests);

	f->lines = f->requests = NULL;
	status = status == CLI_OK ? of_requests : status;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && status == CLI_OK; i++) {
		FILE *file = create(f, files[i].name, &status);

		if (!file)
			break;
		files[i].write(file, f);
		status = finish(f, files[i].name, file);
	}
	return status;
}

/* benchmark.json of the folder to another file. */
static int copy_out(const struct frame *f, FILE *to)
{
	char path[4096], buffer[4096];
	size_t n;

	snprintf(path, sizeof(path), "%s/benchmark.json", f->folder.path);
	FILE *from = fopen(path, "r");

	if (!from)
		return -errno;
	int err = 0;

	while (!err && (n = fread(buffer, 1, sizeof(buffer), from)))
		err = fwrite(buffer, 1, n, to) < n ? errno : 0;
	if (!err && fflush(to))
		err = errno;
	fclose(from);
	return -err;
}

/* Before hours are measured for it. */
static int check_user_file(const char *name)
{
	bool there = !access(name, F_OK);
	FILE *f = fopen(name, "a");

	if (!f)
		return cli_error(CLI_MACHINE, "--benchmark_out=%s can not be written: %s", name, strerror(errno));
	fclose(f);
	if (!there)
		remove(name);
	return CLI_OK;
}

static int write_user_file(const struct frame *f, const char *name)
{
	FILE *to = fopen(name, "w");
	int err = to ? -copy_out(f, to) : errno;

	if (to && fclose(to) && !err)
		err = errno;
	return err ? cli_error(CLI_MACHINE, "--benchmark_out=%s can not be written: %s; it is benchmark.json of %s",
	                       name, strerror(err), f->folder.path)
	           : CLI_OK;
}

/* ---- the run --------------------------------------------------------------------------------- */

/* Why there is nothing to write; CLI_OK if there is. */
static int unfinished(const struct frame *f, int rc, size_t nr_failed)
{
	if (f->failed)
		return cli_error(f->failed == -EUCLEAN ? CLI_NO : cli_status_of(f->failed), "%s", f->failure);
	if (atomic_load(f->stop))
		return cli_error(CLI_NO, "interrupted after %u replay%s: nothing is kept", f->measured,
		                 f->measured == 1 ? "" : "s");
	if (rc == -ENODATA)
		return cli_error(CLI_USAGE, "%s matches no benchmark: --benchmark_list_tests lists them",
		                 gbench_error());
	if (rc)
		return cli_error(cli_status_of(rc), "%s", gbench_error());
	if (nr_failed)
		return cli_error(CLI_NO, "%zu replays failed", nr_failed);
	return CLI_OK;
}

static int measure(struct frame *f, const struct flags *l)
{
	const struct gbench_how how = {
		.quiet = !l->console,
		.measured = frame_add_late_context,
		.ctx = f,
	};
	size_t matched = 0, nr_failed = 0;

	/* what is printed for a program to read is nothing else */
	f->preface = l->json || l->console ? stderr : stdout;
	int rc = gbench_run_as(&how, &matched, &nr_failed);

	cli_progress(NULL, 0, 0);
	return unfinished(f, rc, nr_failed);
}

static void show_table(const struct frame *f, const struct flags *l)
{
	if (l->json || l->console)
		return;
	putchar('\n');
	frame_table(stdout, f);
	frame_epilogue(stdout, f);
}

/* What the folder is published with: it is there, whatever else fails. */
static int hand_out(const struct frame *f, const struct flags *l)
{
	int status = CLI_OK;

	if (l->json && copy_out(f, stdout))
		status = cli_error(CLI_MACHINE, "benchmark.json can not be printed; it is in %s", f->folder.path);
	else if (!l->json && !l->console)
		printf("\nresults: %s\n", f->folder.path);
	if (!*l->copy_to)
		return status;
	int copied = write_user_file(f, l->copy_to);

	return status == CLI_OK ? copied : status;
}

/* What was bound has been moved meanwhile: a cpuset was rewritten, or somebody migrated pages. The results say so, too. */
static int misplaced(const struct frame *f)
{
	uint64_t wrong = f->metadata.wrong + f->backing.wrong;

	if (!wrong)
		return CLI_OK;
	return cli_error(CLI_MACHINE,
	                 "%" PRIu64 " pages of memory left their node during the run: "
	                 "%s is kept, but its placement was not what the mapping says; measure again",
	                 wrong, f->folder.path);
}

static int run(struct frame *f, struct flags *l)
{
	int status = *l->copy_to ? check_user_file(l->copy_to) : CLI_OK;

	if (status == CLI_OK)
		status = begin_folder(f);
	if (status == CLI_OK)
		status = initialize(f, l);
	if (status == CLI_OK)
		status = measure(f, l);
	if (status == CLI_OK) {
		/* first: on a disk that is full it is all that is left of the run */
		show_table(f, l);
		status = write_folder(f);
	}
	if (f->lines)
		fclose(f->lines);
	if (f->requests)
		fclose(f->requests);
	f->lines = f->requests = NULL;
	if (status != CLI_OK) {
		if (f->made)
			folder_discard(&f->folder);
		return status;
	}
	status = folder_publish(&f->folder);
	if (status == CLI_OK)
		status = hand_out(f, l);
	return status == CLI_OK ? misplaced(f) : status;
}

/* Names of benchmarks, and nothing else: the library prints them. */
static int list(struct frame *f, struct flags *l)
{
	const struct gbench_how how = { 0 };
	size_t matched = 0;
	int status = initialize(f, l);
	int rc = status == CLI_OK ? gbench_run_as(&how, &matched, NULL) : 0;

	return status == CLI_OK ? unfinished(f, rc, 0) : status;
}

int frame_run(const struct run_options *o, int argc, char **argv, atomic_bool *stop)
{
	struct frame *f = calloc(1, sizeof(*f));
	struct flags *l = calloc(1, sizeof(*l));
	int status = f && l ? take_flags(l, o) : cli_error(CLI_MACHINE, "no memory");

	if (status == CLI_OK) {
		f->options = o;
		f->argc = argc;
		f->argv = argv;
		f->stop = stop;
		status = plan_make(&f->plan, o);
	}
	if (status == CLI_OK)
		status = frame_rows_make(f);
	if (status == CLI_OK && frame_describe(f))
		status = cli_error(CLI_MACHINE, "no memory to describe the machine");
	if (status == CLI_OK)
		status = l->list ? list(f, l) : run(f, l);
	if (f) {
		gbench_shutdown();
		gbench_clear();
		frame_rows_free(f);
		machine_free(&f->machine);
		plan_free(&f->plan);
	}
	free(f);
	free(l);
	return status;
}
