// SPDX-License-Identifier: MIT
/*
 * perf_callgrind.c - instructions an operation, counted by valgrind's callgrind.
 *
 * The program runs itself twice under callgrind, with few and with many operations after the same preparation; the
 * difference of the two counts divided by the difference in operations is the cost of one, with start-up, preparation
 * and end cancelled. It includes the loop around the operation, which is about four instructions.
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
#include "cli.h"
#include "perf.h"

#define HOT_MIB	     256u
#define AGED_BATCHES 10u /* drawn by every run, however many of them it then frees and allocates */

extern char **environ;

/* ---- the counted process --------------------------------------------------------------------------------------- */

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

/* ---- running it ------------------------------------------------------------------------------------------------ */

struct child {
	pid_t pid;
	FILE *log;
};

/* Start "valgrind --tool=callgrind PROGRAM perf --counted WHAT=COUNT -b BACKEND". */
static int start(struct child *c, const char *what, const char *backend, uint64_t count)
{
	char self[4096], counted[64];
	const char *const argv[] = { "valgrind",
				     "--tool=callgrind",
				     "--callgrind-out-file=/dev/null",
				     "--log-fd=9",
				     self,
				     "perf",
				     "--counted",
				     counted,
				     "-b",
				     backend,
				     NULL };
	posix_spawn_file_actions_t files;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int fd[2], rc;

	if (len < 0 || pipe2(fd, O_CLOEXEC))
		return -errno;
	self[len] = '\0';
	snprintf(counted, sizeof(counted), "%s=%llu", what, (unsigned long long)count);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, fd[1], 9);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	rc = posix_spawnp(&c->pid, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	close(fd[1]);
	if (rc) {
		close(fd[0]);
		return -rc;
	}
	c->log = fdopen(fd[0], "r");
	return c->log ? 0 : -ENOMEM;
}

/* Instructions that the process executed, or a negative errno. */
static int64_t finish(struct child *c)
{
	unsigned long long n, counted = 0;
	char line[512];
	int status;

	while (fgets(line, sizeof(line), c->log)) {
		const char *at = strstr(line, "Collected : ");

		if (at && sscanf(at, "Collected : %llu", &n) == 1)
			counted = n;
	}
	fclose(c->log);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOENT;
	return WIFEXITED(status) && !WEXITSTATUS(status) && counted ? (int64_t)counted : -EIO;
}

/* Both runs at the same time: counts do not mind. */
static int64_t count_difference(const char *what, const char *backend, uint64_t few, uint64_t many)
{
	struct child a, b;
	int rc = start(&a, what, backend, few);
	int64_t n, m;

	if (rc)
		return rc;
	rc = start(&b, what, backend, many);
	n = finish(&a);
	if (rc)
		return rc;
	m = finish(&b);
	return n < 0 ? n : m < 0 ? m : m - n;
}

static int failed(struct perf *p, const char *name, const char *backend, int64_t rc)
{
	if (rc != -ENOENT) {
		cli_error(CLI_MACHINE, "%s of %s: the run under callgrind failed: %s", name, backend,
			  strerror((int)-rc));
		return (int)rc;
	}
	perf_missing(p, name, backend, "needs valgrind: `apt install valgrind`");
	return 0;
}

int perf_instructions(struct perf *p, const char *backend)
{
	const uint64_t few = 100, many = p->quick ? 1100 : 20100;
	const uint64_t few_batches = 1, many_batches = p->quick ? 2 : AGED_BATCHES;
	struct perf_figure hot = { "pcp-instructions", backend, 0, "instructions/op", 40, false };
	struct perf_figure aged = { "aged-instructions", backend, 0, "instructions/op", 150, false };
	cpu_set_t mine, all;
	int rc = 0;

	/* not both children on the cpu that times are taken on */
	sched_getaffinity(0, sizeof(mine), &mine);
	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all);

	int64_t n = count_difference("hot", backend, few, many);
	if (n < 0) {
		rc = failed(p, hot.name, backend, n);
	} else {
		hot.value = (double)n / (double)(2 * (many - few));
		perf_report(p, &hot, "allocate and free the same order-0 page");
	}
	n = rc ? 0 : count_difference("aged", backend, few_batches, many_batches);
	if (n < 0) {
		rc = failed(p, aged.name, backend, n);
	} else if (!rc) {
		aged.value = (double)n / (double)(2 * (many_batches - few_batches) * CHURN_BATCH);
		perf_report(p, &aged, "%u GiB half full, batches of %u random pages", PERF_ZONE_MIB >> 10, CHURN_BATCH);
	}
	sched_setaffinity(0, sizeof(mine), &mine);
	return rc;
}
