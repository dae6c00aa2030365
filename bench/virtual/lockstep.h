/* SPDX-License-Identifier: MIT */
/*
 * lockstep.h - two replays of the same events side by side, and where they part.
 *
 * What is compared: where each allocation of the trace is placed, or that it got nothing; how each request for a range
 * ends; which pages it migrates, and where to. What follows from an earlier difference (the place a page is freed from)
 * is none of its own. A request may take longer on one side: it is compared when it has ended on both.
 */
#ifndef LOCKSTEP_H
#define LOCKSTEP_H

#include "replay.h"

enum parting {
	PART_ALLOC_ANSWER,   /* one got nothing */
	PART_ALLOC_PLACE,    /* both got pages, but other ones */
	PART_REQUEST_ANSWER, /* one got its range */
	PART_REQUEST_MOVES,  /* other pages were migrated, or to another place */
	PART_NR,
};

struct divergence {
	enum parting what;
	uint64_t events; /* carried out so far, of all passes: the last of them is where it shows */
	uint32_t pass;
	uint32_t event; /* of the trace, from 0: the allocation; for requests the one that came last */
	uint64_t ns;    /* in its pass */
	pfn_t place[2]; /* of the allocation, or where the page was migrated to; PFN_NONE: nowhere */
	/* requests */
	uint32_t request;
	struct request_record record[2];
	pfn_t from; /* page that was migrated differently */
};

struct lockstep;

/* The two must differ in nothing but their backend. Errors as of replay_open(). Close after one, too. */
int lockstep_open(const struct replay_params *a, const struct replay_params *b, struct lockstep **out,
                  struct contig_diag *diag);
void lockstep_close(struct lockstep *l);

/* Go on to the next difference: 1, 0 when both have ended, or what replay_advance() says. */
int lockstep_next(struct lockstep *l, struct divergence *out);

/* What the progress line calls it. The text must outlive the comparison. */
void lockstep_name(struct lockstep *l, const char *text);
struct contig *lockstep_backend(const struct lockstep *l, int side);

#endif
