/* SPDX-License-Identifier: MIT */
/* explain.h - one failed request of a results folder, replayed up to the moment it failed. */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "../virtual/picture.h"
#include "stored.h"

struct explanation {
	const struct stored *stored;
	json_t *line; /* of requests.jsonl */
	struct stored_replay replay;
	enum contig_phase phase;
	struct picture picture;       /* as it was when the request failed; empty if there is none to take */
	struct request_record record; /* of the replay */
	atomic_bool stop;
	bool seen;      /* the request ended in the replay ... */
	bool the_same;  /* ... as it is stored */
	json_t *others; /* the same request on the other backends */
};

/*
 * Failure `n`, from 1 on; `trace` as in stored_replay(). CLI_OK, CLI_NO when the replay ends otherwise than what is
 * stored, or another status; a message was printed then. Free with explanation_free() in any case.
 */
int explanation_make(struct explanation *e, const struct stored *s, uint64_t n, const char *trace);
void explanation_free(struct explanation *e);

void explanation_print(FILE *f, const struct explanation *e);
void explanation_json(FILE *f, const struct explanation *e);

#endif
