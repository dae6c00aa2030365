// SPDX-License-Identifier: MIT
/* trace_load.c - whole traces in memory. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

int trace_open_info(const char *path, struct trace *t, struct contig_diag *diag)
{
	struct trace_reader *r = trace_reader_open(path, diag);

	memset(t, 0, sizeof(*t));
	if (!r)
		return -errno;
	t->info = *trace_reader_info(r);
	trace_reader_close(r);
	return 0;
}

int trace_open(const char *path, struct trace *t, struct contig_diag *diag)
{
	struct trace_reader *r = trace_reader_open(path, diag);
	uint64_t n = 0, bytes, raw;
	int rc;

	memset(t, 0, sizeof(*t));
	if (!r)
		return -errno;
	t->info = *trace_reader_info(r);
	t->events = malloc((t->info.nr_events + 1) * sizeof(*t->events)); /* + 1: the one that shows there are more */
	if (!t->events) {
		snprintf(diag->text, sizeof(diag->text), "%s: no memory for %" PRIu64 " events", path,
		         t->info.nr_events);
		rc = -ENOMEM;
		goto out;
	}
	while ((rc = trace_reader_next(r, &t->events[n], diag)) == 1)
		n++;
	if (!rc)
		trace_reader_digest(r, t->sha256, &bytes, &raw);
out:
	trace_reader_close(r);
	if (rc)
		trace_close(t);
	return rc;
}

void trace_close(struct trace *t)
{
	free(t->events);
	t->events = NULL;
}
