/* SPDX-License-Identifier: MIT */
/*
 * replay_state.h - what a replay consists of: for replay.c and replay_requests.c, and for the wall clock, which begins
 * where the passes before the counted one have ended.
 */
#ifndef REPLAY_STATE_H
#define REPLAY_STATE_H

#include "executor.h"
#include "replay.h"
#include "survivors.h"
#include "timeline.h"

/* A request while it runs: for its range, and later to give it back. */
struct running {
	struct user_request *request;
	bool releasing;
	uint64_t waits_since_ns;
};

struct replay {
	struct replay_params params;
	const struct program *program;
	struct replay_result *result;
	struct contig_diag *diag;
	struct executor x;
	struct contig *backend;
	struct request_stream stream;
	struct caller caller;
	struct running *running; /* by number of the request */
	uint32_t *waiting;       /* requests that wait for others, in the order in which they began to */
	size_t nr_waiting;
	struct timeline timeline;
	struct survivors survivors;
	uint64_t verified; /* x.executed at the last verification */
	uint32_t pass;     /* the one that runs: from params.age on they count */
	bool begun;
	struct contig_stats before; /* the first pass that counts */
};

/*
 * All passes before the one that counts, and what is drawn for that one: when survivors go, and requests. Nothing of it is
 * carried out. Errors are replay_run()'s.
 */
int replay_age(struct replay *r);
/* The state now, as if it were `ns`. */
void replay_sample(const struct replay *r, uint64_t ns, struct sample_record *out);

/* Actions of the timeline at time `ns`. 0 or a negative errno, with r->diag filled in but for -ENOMEM. */
int replay_begin_request(struct replay *r, uint64_t ns, uint32_t k);
int replay_step_request(struct replay *r, uint64_t ns, uint32_t k);
int replay_release_range(struct replay *r, uint64_t ns, uint32_t k);
/* What is still running when a replay ends early. */
void replay_abandon_requests(struct replay *r);

#endif
