/* SPDX-License-Identifier: MIT */
/* guest_trial.h - the kernel's side of one experiment: one trial after the other in a guest. */
#ifndef GUEST_TRIAL_H
#define GUEST_TRIAL_H

#include "../../workloads/cases.h"
#include "../guest/guest.h"
#include "hidden.h"

#define TRIAL_OWNERS 4096u

struct trial {
	struct guest *g;
	const struct hidden_experiment *e;
	const struct scripted_case *sc;
	uint64_t start;            /* pfn of the arena */
	uint32_t pages;            /* of the arena */
	uint32_t npb;              /* pages of a pageblock */
	uint8_t *role;             /* by offset: enum trial_role */
	uint32_t nr_owners;        /* 1 ... are taken */
	uint64_t at[TRIAL_OWNERS]; /* first page of an owner's kernel pages, as far as free: asks for them; 0: none */
	int64_t leak;              /* nr_reserved_highatomic less HIGHATOMIC blocks, when it began */
	bool warned_known;
	int64_t warned;    /* kernel warnings, when it began */
	uint32_t spins[2]; /* in: of whoever begins a race */
	char said[OUTCOME_TEXT];
	/* what a race took, for the next delays: nanoseconds */
	bool raced, together;
	int64_t took[2];
	int64_t began; /* the second less the first */
};

enum trial_role {
	TRIAL_NONE,
	TRIAL_GOT,
	TRIAL_KERNEL,
};

/*
 * Put the arena down, run the operations, and say what it came to in `text`. 0; or -errno with the reason: -EAGAIN if this trial
 * could not be set up as it should, and another may; -EIO and what else guest_call() answers.
 */
int trial_run(struct trial *t, char *text, size_t size, struct contig_diag *diag);

/* guest_cma.c: the calls of an experiment on a CMA area. */
int trial_calls(struct trial *t, struct contig_diag *diag);
/* A race has ended, t->took is known: when did its sides begin? */
void trial_raced(struct trial *t, const int64_t begin[2]);
/* guest_build.c */
int trial_build(struct trial *t, struct contig_diag *diag);
/* guest_look.c */
int trial_begin_counters(struct trial *t, struct contig_diag *diag);
int trial_outcome(struct trial *t, char *text, size_t size, struct contig_diag *diag);

/* One command that must succeed: its RC, or -errno with the reason (-EAGAIN: the agent said no). */
int64_t trial_must(struct trial *t, struct contig_diag *diag, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* One command that is to succeed, without waiting: if it does not, the next trial_must() or trial_ask() says so. */
int trial_post(struct trial *t, struct contig_diag *diag, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* One command that may say no. 0 and the answer; -EAGAIN if one that was posted before did not succeed. */
int trial_ask(struct trial *t, struct guest_answer **a, struct contig_diag *diag, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Drain LRU batches and per-cpu lists. */
int trial_drain(struct trial *t, struct contig_diag *diag);

#endif
