/* SPDX-License-Identifier: MIT */
/*
 * record.h - record the page traffic of the running kernel while a command runs.
 *
 * How the parts meet (one thread drains the kernel's buffers, all else happens in the caller's):
 *
 *	tracing		private tracefs instance: the kernel's per-cpu buffers, and what an event looks like in them
 *	drain		a thread empties these buffers into memory; the caller takes events out in order of time
 *	host		/proc: zones, geometry, and which pages are in use before the command starts
 *	identity	pfns become identities
 *	trace_writer	identities become a file
 */
#ifndef RECORD_H
#define RECORD_H

#include "identity.h"

struct record_args {
	const char *path;    /* of the trace; an existing file is replaced */
	const char *label;   /* or NULL; at most 63 bytes */
	uint32_t buffer_mib; /* of kernel buffer, for each cpu */
	bool leave_pcp;      /* do not drain the per-cpu lists before the snapshot */
	char **argv;         /* the command, NULL-terminated; not stored anywhere */
};

struct record_result {
	struct trace_info info;
	struct identity_counts counts;
	uint64_t file_bytes;
	int status;         /* of the command, as from waitpid() */
	int exec_errno;     /* the command could not be started: why; there is no trace then */
	bool interrupted;   /* a signal ended the recording before the command started: no trace either */
	bool guessed;       /* __GFP_COMP is unknown here: every movable allocation of order > 0 counted as compound */
	bool machine;       /* an error is the machine's (privilege, tracefs, space), not the caller's */
	unsigned int swept; /* instances of dead recorders that were removed first */
};

/*
 * Record until the command ends. 0: the trace is in place, whatever the command's status. -errno with a sentence in
 * *diag: there is no trace, no temporary file and no tracefs instance.
 */
int record_run(const struct record_args *args, struct record_result *result, struct contig_diag *diag);

#endif
