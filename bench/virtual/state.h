/* SPDX-License-Identifier: MIT */
/*
 * state.h - finished replays on disk, so that an interrupted run can go on.
 *
 * While a run is made, its results folder is called DIR.partial and holds run.json (what was asked for, of which
 * inputs, by which program) and a file for each finished replay. These files are for the program that wrote them and no
 * other: in the byte order and layout of its machine, each with a checksum. docs/formats.md does not describe them.
 */
#ifndef STATE_H
#define STATE_H

#include "plan.h"

/* 0 or -errno. The file appears whole or not at all. */
int state_save(const char *dir, uint32_t replay, const struct replay_result *result);
/* 0; -ENOENT if it is not there, -EBADMSG if it is damaged, -ENOMEM. */
int state_load(const char *dir, uint32_t replay, struct replay_result *result);
/* Remove the files of all replays: the results are written. */
void state_remove(const char *dir, uint32_t nr_replays);

/* What `run --resume` needs: the command line and the digests of the inputs. */
int state_save_run(const char *dir, int argc, char **argv, const struct run_plan *plan);
struct state_run {
	int argc;
	char **argv;
	char folder[4096]; /* in which the run was started */
	char revision[128];
	char **digests; /* of the workloads */
	uint32_t nr_digests;
	char costs[65]; /* SHA-256 of the cost file; empty for the built-in table */
};
/* CLI_OK, or a message was printed. */
int state_load_run(const char *dir, struct state_run *run);
/* The inputs are those of then. */
int state_check_inputs(const struct state_run *run, const struct run_plan *plan);
void state_free_run(struct state_run *run);

#endif
