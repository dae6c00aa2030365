// SPDX-License-Identifier: MIT
/*
 * confine.c - alone: a request that may use no memory but the arena's node.
 *
 *	alone START NR movable|cma	range of a thread that a cpuset keeps on the arena's node, so that nothing can be moved to
 *					another one; answered like range. -95 without cpusets
 *
 * Not the agent as a whole: a cpuset takes the memory of a process along that it gets, and that would be into the arena.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

#define ROOT   "/sys/fs/cgroup"
#define CPUSET ROOT "/contigbench-alone"

struct confined {
	struct contigbench_request *r;
	int rc;
	sem_t done, released;
};

static int keep_on(const char *nodes)
{
	return write_file(CPUSET "/cpuset.mems", nodes);
}

static int make_cpuset(void)
{
	char node[16];
	int rc;

	if (!mkdir(CPUSET, 0755))
		rc = write_file(CPUSET "/cgroup.type", "threaded");
	else
		rc = errno == EEXIST ? 0 : -errno;
	if (!rc)
		rc = write_file(ROOT "/cgroup.subtree_control", "+cpuset");
	snprintf(node, sizeof(node), "%d", arena_zone.node);
	return rc ? rc : keep_on(node);
}

/*
 * Whatever this thread touches for the first time while it is confined would have to come from a node that may be full, and end in
 * the OOM killer: so everything is done once before, with a request that is refused.
 */
static void rehearse(void)
{
	volatile char stack[64 << 10];
	struct contigbench_request none = { .op = CONTIGBENCH_OP_RANGE };

	for (size_t i = 0; i < sizeof(stack); i += 1024)
		stack[i] = 1;
	device(CONTIGBENCH_REQUEST, &none);
}

static void *confined(void *arg)
{
	struct confined *c = arg;
	char tid[16];

	snprintf(tid, sizeof(tid), "%ld", syscall(SYS_gettid));
	rehearse();
	write_file(ROOT "/cgroup.threads", tid);
	c->rc = write_file(CPUSET "/cgroup.threads", tid);
	if (!c->rc)
		c->rc = device(CONTIGBENCH_REQUEST, c->r);
	/* a thread that ends wants memory as well */
	sem_post(&c->done);
	while (sem_wait(&c->released))
		;
	return NULL;
}

static int64_t alone(const struct call *call)
{
	struct contigbench_request r = { .op = CONTIGBENCH_OP_RANGE, .start = call->number[0], .nr = call->number[1] };
	struct confined c = { .r = &r };
	pthread_t thread;

	r.caller = strcmp(call->word[2], "cma") ? CONTIGBENCH_MOVABLE : CONTIGBENCH_CMA;
	if (r.caller == CONTIGBENCH_MOVABLE && strcmp(call->word[2], "movable"))
		return answer(-EINVAL, "%.40s: movable or cma", call->word[2]);
	int rc = make_cpuset();

	if (rc)
		return answer(-EOPNOTSUPP, "this kernel has no cpusets: %s", strerror(-rc));
	sem_init(&c.done, 0, 0);
	sem_init(&c.released, 0, 0);
	if (pthread_create(&thread, NULL, confined, &c))
		return -EAGAIN;
	while (sem_wait(&c.done))
		;
	keep_on("0-1");
	sem_post(&c.released);
	pthread_join(thread, NULL);
	if (c.rc)
		return c.rc;
	say_who_moved();
	return answer_request(&r);
}

const struct command confine_commands[] = {
	{ "alone", "pnw", "START NR movable|cma", alone, false },
	{ .name = NULL },
};
