/* SPDX-License-Identifier: MIT */
/* offline.h - an attempt to offline one memory block, in a child, so that something else can go on meanwhile. */
#ifndef AGENT_OFFLINE_H
#define AGENT_OFFLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What the child's attempt came to, through a pipe. */
struct offline_outcome {
	int rc;
	uint64_t begin;
	uint64_t ns;
};

/* What the events said. */
struct offline_events {
	uint64_t migrated, failed;
	uint32_t passes, tested;
	bool scan; /* it gave up over a page that its scan for what can move came to */
};

/* Shared with the child: it waits here, on cpu 0, then spins. */
struct offline_gate {
	uint32_t there;
	uint32_t go;
	uint32_t spins;
};

struct offline_attempt {
	pid_t pid;
	int fd;
	int log; /* what the kernel says from here on */
	uint64_t begin;
};

uint64_t offline_block_pages(void);
/* 100 ns each. */
void offline_spin(uint32_t spins);
/* A block that has gone offline (or come back): reset brings it back. */
void offline_remember(uint64_t pfn, bool offline);
/* gate NULL: at once. 0 or -errno, and there is no child. */
int offline_begin(struct offline_attempt *a, uint64_t pfn, uint64_t pages, struct offline_gate *gate);
/* Wait for it, or kill it after so many passes. */
void offline_end(struct offline_attempt *a, uint32_t passes, struct offline_outcome *out,
                 struct offline_events *events);
const char *offline_stage(const struct offline_outcome *o, const struct offline_events *e);

#endif
