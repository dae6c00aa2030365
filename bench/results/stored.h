/* SPDX-License-Identifier: MIT */
/* stored.h - reading a results folder again: which request failed, and how to replay it. */
#ifndef STORED_H
#define STORED_H

#include <jansson.h>

#include "../virtual/plan.h"

struct stored {
	const char *dir;
	json_t *parameters;
	uint64_t nr_requests;
	uint64_t nr_failures;
};

/*
 * Look at the whole of DIR/requests.jsonl. CLI_OK, or a message was printed: no results folder, an interrupted run,
 * another schema, a file that is not what SHA256SUMS says. Free with stored_close() in either case.
 */
int stored_open(struct stored *s, const char *dir);
void stored_close(struct stored *s);

/* Call one(ctx, line) for each request, or for those that failed, until it says false. */
int stored_each(const struct stored *s, bool failures_only, bool (*one)(void *ctx, const json_t *line), void *ctx);

/* The request of failure `n`, from 1 on. json_decref() it; NULL after a message. */
json_t *stored_failure(const struct stored *s, uint64_t n);

/*
 * What replays the request of a line again: one workload, backend, occupancy, size and seed. `trace` is the file, or
 * NULL for where it was or what the corpus has of that name. CLI_OK, or a message was printed; free with
 * stored_replay_free() in either case.
 */
struct stored_replay {
	char *arguments; /* the strings that the options point to */
	char **argv;
	struct run_options options;
	struct run_plan plan;
};
int stored_replay(const struct stored *s, const json_t *line, const char *trace, struct stored_replay *out);
void stored_replay_free(struct stored_replay *r);

/* Have both lines the same of all these keys (ended by NULL), or neither has any? */
bool stored_alike(const json_t *a, const json_t *b, const char *const *keys);
/* "build", "build/geometry:arm64-64k/M:13": what a line is about */
void stored_place(const json_t *line, char out[256]);

/* Fields of a line; 0 or "" where there is none. */
int64_t stored_number(const json_t *line, const char *key);
const char *stored_text(const json_t *line, const char *key);

#endif
