/* SPDX-License-Identifier: MIT */
/*
 * running.h - the kernel that runs here, measured: gigantic pages are asked for, and memory blocks taken offline, with memory of this
 * process in them and without; where there is none of it in the way, compaction shows what migrating a page costs. Whatever becomes of it, the number of gigantic pages and the blocks' states are put back.
 */
#ifndef CALIBRATE_RUNNING_H
#define CALIBRATE_RUNNING_H

#include "observe.h"
#include "probes.h"

struct running {
	struct probes *probes;
	struct overhead overhead;
	const char *backend;       /* whose rules count the work */
	uint32_t repeat;           /* times each layout */
	const volatile bool *stop; /* set: put back and end */
	/* out */
	struct observations seen;
	uint32_t gigantic, offline; /* requests that were granted */
	uint32_t migrations;        /* calls of migrate_pages() that compaction made */
	char notes[400];            /* what could not be done, and why */
};

/* 0 if anything could be measured, else -errno with the reason in *diag: -EINTR after *stop. */
int running_measure(struct running *r, struct contig_diag *diag);

/* Can gigantic pages be asked for at all? NULL: yes; else why not. */
const char *running_no_gigantic(void);

#endif
