// SPDX-License-Identifier: MIT
/*
 * perf_callgrind.c - instructions an operation, counted by valgrind's callgrind.
 *
 * The program runs itself twice under callgrind, with few and with many operations after the same preparation.
 * Callgrind says how often the loops of churn.c called the backend, and what all these calls cost, callees included and
 * the loops themselves excluded; the difference of the two runs is what the additional operations cost.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "churn.h"
#include "../cli.h"
#include "perf.h"

#define HOT_MIB      256u
#define AGED_BATCHES 10u /* drawn by every run, however many of them it then frees and allocates */

extern char **environ;

/* ---- the counted process --------------------------------------------------------------------- */

static bool counted_aged(struct churn *ch, uint64_t batches)
{
	bool all = churn_draw(ch, AGED_BATCHES * CHURN_BATCH);

	for (uint32_t i = 0; all && i < batches && i < AGED_BATCHES; i++) {
		churn_free_batch(ch, i * CHURN_BATCH, CHURN_BATCH);
		all = churn_alloc_batch(ch, i * CHURN_BATCH, CHURN_BATCH);
	}
	return all;
}

int perf_counted(const char *what, const char *backend, uint64_t count)
{
	bool aged = !strcmp(what, "aged"), done;
	struct contig_diag diag;

	if (!aged && strcmp(what, "hot"))
		return cli_error(CLI_USAGE, "--counted %s: hot or aged", what);
	struct churn *ch = churn_open(backend, aged ? PERF_ZONE_MIB : HOT_MIB, CHURN_HALF_FULL, &diag);

	if (!ch)
		return cli_error(CLI_USAGE, "%s", diag.text);
	/* the first page fills the per-cpu list, if there is one: what follows hits it */
	done = aged ? counted_aged(ch, count) : churn_hot_pairs(ch, 1) && churn_hot_pairs(ch, count);
	churn_close(ch);
	return done ? CLI_OK : cli_error(CLI_NO, "%s: an allocation failed", backend);
}

/* ---- what callgrind wrote -------------------------------------------------------------------- */

enum {
	ALLOC,
	FREE,
	NR_OPS
};

struct counts {
	uint64_t calls[NR_OPS];
	uint64_t instructions[NR_OPS]; /* inclusive */
};

static bool is_loop(const char *function)
{
	return !strncmp(function, "churn_hot_pairs", 15) || !strncmp(function, "churn_free_batch", 16) ||
	       !strncmp(function, "churn_alloc_batch", 17);
}

/*
 * The profile, names uncompressed:
 *	fn=churn_hot_pairs
 *	cfn=model_alloc
 *	calls=20001 57
 *	293 760038
 * calls model_alloc 20001 times, which costs 760038 instructions.
 */
static int read_profile(FILE *f, struct counts *c)
{
	unsigned long long calls = 0, cost;
	bool loop = false, calls_line = false;
	int op = ALLOC;
	char line[4096];

	*c = (struct counts){ 0 };
	while (fgets(line, sizeof(line), f)) {
		if (calls_line && loop && sscanf(line, "%*s %llu", &cost) == 1) {
			c->calls[op] += calls;
			c->instructions[op] += cost;
		}
		calls_line = sscanf(line, "calls=%llu", &calls) == 1;
		if (!strncmp(line, "fn=", 3))
			loop = is_loop(line + 3);
		else if (!strncmp(line, "cfn=", 4))
			op = strstr(line, "free") ? FREE : ALLOC;
	}
	return c->calls[ALLOC] && c->calls[FREE] ? 0 : -ENODATA;
}

/* ---- running it ------------------------------------------------------------------------------ */

struct child {
	pid_t pid;
	char profile[64];
};

/* Start "valgrind --tool=callgrind PROGRAM perf --counted WHAT=COUNT -b BACKEND". */
static int start(struct child *c, const char *what, const char *backend, uint64_t count)
{
	char self[4096], counted[64], out[128];
	const char *const argv[] = { "valgrind",
		                     "-q",
		                     "--tool=callgrind",
		                     "--compress-strings=no",
		                     out,
		                     self,
		                     "perf",
		                     "--counted",
		                     counted,
		                     "-b",
		                     backend,
		                     NULL };
	posix_spawn_file_actions_t files;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int fd, rc;

	if (len < 0)
		return -errno;
	self[len] = '\0';
	strcpy(c->profile, "/tmp/contigbench-perf-XXXXXX");
	fd = mkstemp(c->profile);
	if (fd < 0)
		return -errno;
	close(fd);
	snprintf(out, sizeof(out), "--callgrind-out-file=%s", c->profile);
	snprintf(counted, sizeof(counted), "%s=%llu", what, (unsigned long long)count);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	rc = posix_spawnp(&c->pid, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (rc)
		unlink(c->profile);
	return -rc;
}

static int finish(struct child *c, struct counts *counts)
{
	int status, rc = -EIO;

	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	FILE *f = fopen(c->profile, "r");
	if (f && WIFEXITED(status) && !WEXITSTATUS(status))
		rc = read_profile(f, counts);
	if (f)
		fclose(f);
	unlink(c->profile);
	return rc;
}

/* Instructions of one allocation and of one free. Both runs at the same time: counts do not mind. */
static int count(const char *what, const char *backend, uint64_t few, uint64_t many, double per_op[NR_OPS])
{
	struct counts least, most;
	struct child a, b;
	int rc = start(&a, what, backend, few), rc_b;

	if (rc)
		return rc;
	rc_b = start(&b, what, backend, many);
	rc = finish(&a, &least);
	if (!rc_b)
		rc_b = finish(&b, &most);
	if (rc || rc_b)
		return rc ? rc : rc_b;
	for (int op = 0; op < NR_OPS; op++) {
		if (most.calls[op] <= least.calls[op])
			return -ENODATA;
		per_op[op] = (double)(most.instructions[op] - least.instructions[op]) /
		             (double)(most.calls[op] - least.calls[op]);
	}
	return 0;
}

static int failed(struct perf *p, const char *name, const char *backend, int rc)
{
	if (rc == -ENOENT) {
		perf_missing(p, name, backend, "needs valgrind: `apt install valgrind`");
		return 0;
	}
	if (rc == -ENODATA) {
		perf_missing(p, name, backend, "needs a program with its symbols: do not strip it");
		return 0;
	}
	cli_error(CLI_MACHINE, "%s of %s: the run under callgrind failed: %s", name, backend, strerror(-rc));
	return rc;
}

/* The worse of the two counts: either operation hits the list. */
static int hot_instructions(struct perf *p, const char *backend)
{
	struct perf_figure f = { "pcp-instructions", backend, 0, "instructions/op", 40, false };
	double n[NR_OPS];
	int rc = count("hot", backend, 100, p->quick ? 1100 : 20100, n);

	if (rc)
		return failed(p, f.name, backend, rc);
	f.value = n[ALLOC] > n[FREE] ? n[ALLOC] : n[FREE];
	perf_report(p, &f, "order 0: alloc %.1f, free %.1f", n[ALLOC], n[FREE]);
	return 0;
}

static int aged_instructions(struct perf *p, const char *backend)
{
	struct perf_figure f = { "aged-instructions", backend, 0, "instructions/op", 150, false };
	double n[NR_OPS];
	int rc = count("aged", backend, 1, p->quick ? 2 : AGED_BATCHES, n);

	if (rc)
		return failed(p, f.name, backend, rc);
	f.value = (n[ALLOC] + n[FREE]) / 2;
	perf_report(p, &f, "alloc %.1f, free %.1f; %u GiB half full, batches of %u random pages", n[ALLOC], n[FREE],
	            PERF_ZONE_MIB >> 10, CHURN_BATCH);
	return 0;
}

int perf_instructions(struct perf *p, const char *backend)
{
	cpu_set_t mine, all;

	/* not both children on the cpu that times are taken on */
	sched_getaffinity(0, sizeof(mine), &mine);
	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all);
	int rc = hot_instructions(p, backend);
	if (!rc)
		rc = aged_instructions(p, backend);
	sched_setaffinity(0, sizeof(mine), &mine);
	return rc;
}
