/* SPDX-License-Identifier: MIT */
/*
 * hidden.h - experiments whose outcome on a real kernel is a set: requests that run at the same time, and requests whose
 * answer hangs on what no layout shows. The set that a kernel gave over many trials is held against the one that the model
 * yields under any interleaving.
 *
 *	an outcome that	 the model yields	the model does not
 *	was observed	 agreed			missed: a disagreement, if in 5 % of trials or more
 *	was not		 explained, or open
 */
#ifndef HIDDEN_H
#define HIDDEN_H

#include "../exact/arena.h"
#include "explore.h"
#include "outcomes.h"

/* ---- experiments (experiments.c) ---------------------------------------------------------------- */

/* What of the end state is in an outcome; the rest is hidden state of a kernel, and left out. */
enum hidden_view {
	VIEW_TYPES = 1,   /* of the arena's pageblocks */
	VIEW_MAP = 2,     /* the layout string, free runs and all */
	VIEW_TAKEN = 4,   /* what requests hold and what can not move; where free and user pages lie is left out */
	VIEW_RESERVE = 8, /* nr_reserved_highatomic, and by how much it exceeds the HIGHATOMIC blocks, in pageblocks */
	VIEW_COUNTS = 16, /* what operations got */
	VIEW_MOVED = 32,  /* did requests move anything? How much is hidden */
};

/* Kernels that it is for, in the order of recorded_kernel_at(). */
#define ON_5_10 1u
#define ON_6_1  2u
#define ON_6_12 4u
#define ON_7_2  8u
#define ON_ALL  15u

struct hidden_experiment {
	const char *name;  /* "halves.free" */
	const char *group; /* "races" */
	const char *picture;
	/*
	 * As in cases.txt. Operations with a '|' between them run at once, each on a cpu of its own, and in a guest the second
	 * begins a little before or after the first. An alloc: among them is a load: so many times a page is allocated and
	 * freed. Before the end is looked at everything is drained.
	 */
	const char *line;
	unsigned int view;
	unsigned int on;
	uint32_t left; /* HOG_NOTHING, or all of the node is taken but for the arena and so many pages ... */
	bool no_spill; /* ... and so is the other node */
	bool memory;   /* the arena is a memory block of its own: 64 pageblocks */
	uint32_t cma;  /* MiB of a CMA area, which is the arena; 0: none. It has `calls` instead of operations: */
	const char *calls;
};

#define HOG_NOTHING UINT32_MAX

/* What is asked of the CMA area: "NR/ORDER", so many pages aligned so; "-N": give back what call N, from 1 on, got; '|': at once. */
#define HIDDEN_CALLS 24u
/* Pages at the beginning of the area that the kernel has from boot on, for its pool of memory for devices. */
#define HIDDEN_CMA_POOL 128u

struct hidden_call {
	uint32_t nr;       /* pages; 0: a release */
	uint32_t order;    /* of the alignment */
	uint32_t releases; /* index of a call */
	bool joined;       /* at once with the one before */
};

/* How many there are; 0 if `calls` can not be read. */
uint32_t hidden_calls(const char *calls, struct hidden_call out[HIDDEN_CALLS]);

/* NULL behind the last. */
const struct hidden_experiment *hidden_experiment_at(size_t i);
const struct hidden_experiment *hidden_experiment_find(const char *name);
bool hidden_is_for(const struct hidden_experiment *e, const struct recorded_kernel *k);

/*
 * Known differences: why the model yields what no trial showed, or a kernel showed what the model does not yield. NULL: none
 * is known. A reason is about outcomes that have a part in common.
 */
const char *hidden_reason(const char *experiment, const char *kernel, const char *outcome);

/* ---- the model's side (world.c) ------------------------------------------------------------------ */

/*
 * All that `backend` yields. 0; -EINVAL or -ENODATA if it can not be built so under this backend, -EUCLEAN if an invariant
 * breaks, with the reason. outcome_free(&out->set).
 */
int hidden_model(const struct hidden_experiment *e, const char *backend, const struct recorded_kernel *k,
                 uint64_t budget, struct explored *out, struct contig_diag *diag);

/* ---- what kernels answered (records.c): hidden.jsonl of a conformance folder (docs/formats.md) ------- */

struct hidden_answers {
	const struct hidden_experiment *e;
	const struct recorded_kernel *k;
	char version[64];       /* of the kernel's package */
	struct outcome_set set; /* how many trials came to what */
	uint64_t together;      /* trials in which what was to run at once did so */
};

struct hidden_record {
	uint32_t nr;
	struct hidden_answers *answers;
};

/* 0 or -errno with file and line; what is there already is kept, and hidden_record_free() is for the caller in any case. */
int hidden_load(struct hidden_record *r, const char *dir, struct contig_diag *diag);
/* Write all of it. CLI_OK, or a message was printed. */
int hidden_store(const struct hidden_record *r, const char *dir);
/* Those of this experiment and kernel, empty ones if there were none; NULL without memory. */
struct hidden_answers *hidden_answers(struct hidden_record *r, const struct hidden_experiment *e,
                                      const struct recorded_kernel *k);
const struct hidden_answers *hidden_answered(const struct hidden_record *r, const struct hidden_experiment *e,
                                             const struct recorded_kernel *k);
void hidden_record_free(struct hidden_record *r);

/* ---- the kernel's side (guest.c) ---------------------------------------------------------------- */

/*
 * Boot the guest `name`, a kernel of k's release, and do so many trials of each of the experiments that are for it; `record` gets the
 * answers in place of those that it had, and after each experiment goes to the folder record_to, unless that is NULL. 0 or -errno
 * with the reason.
 */
int hidden_guest(const struct recorded_kernel *k, const char *name, const struct hidden_experiment *const *experiments,
                 uint32_t nr, uint32_t trials, struct hidden_record *record, const char *record_to,
                 struct contig_diag *diag);

/* ---- one against the other (compare.c) ------------------------------------------------------------ */

/* Of all trials; what was seen more seldom and is not yielded by the model is told, and no disagreement. */
#define HIDDEN_OFTEN_PERCENT 5u

struct hidden_result {
	const struct hidden_experiment *e;
	const struct recorded_kernel *k;
	char backend[128];
	const struct hidden_answers *answers; /* NULL: only the model was asked */
	struct explored model;
	uint32_t agreed;       /* outcomes that both have */
	uint32_t missed;       /* seen, and not yielded by the model ... */
	uint32_t missed_often; /* ... in HIDDEN_OFTEN_PERCENT of trials or more ... */
	uint32_t unexplained;  /* ... and no reason is known */
	uint32_t unseen;       /* yielded, and never seen ... */
	uint32_t open;         /* ... and no reason is known */
};

struct hidden_results {
	uint32_t nr;
	struct hidden_result *result;
};

/* Ask the model and compare. 0 or -errno with the reason. */
int hidden_compare(struct hidden_results *all, const struct hidden_experiment *e, const struct recorded_kernel *k,
                   const char *backend, const struct hidden_record *record, uint64_t budget, struct contig_diag *diag);
void hidden_results_free(struct hidden_results *all);
/* Disagreements: outcomes seen often that the model does not yield, for no known reason. */
uint32_t hidden_disagreements(const struct hidden_results *all);

/* report.c */
void hidden_print(const struct hidden_results *all, bool verbose);
/* The section of docs/fidelity.md. */
void hidden_print_markdown(const struct hidden_results *all);
void hidden_print_json(const struct hidden_results *all);

/* ---- all of it (run.c) ------------------------------------------------------------------------------ */

enum hidden_form {
	HIDDEN_TEXT,
	HIDDEN_JSON,
	HIDDEN_MARKDOWN,
};

struct hidden_options {
	const char *const *experiments; /* names, or groups; none: all */
	uint32_t nr_experiments;
	const char *const
		*backends; /* none: those of the four recorded kernels; each stands for the kernel of its base name */
	uint32_t nr_backends;
	const char *kernel;    /* boot this instead of the one backend's kernel, or NULL */
	uint32_t trials;       /* in guests; 0: none is booted */
	const char *recorded;  /* folder to read answers from, or NULL */
	const char *record_to; /* folder to write them to, or NULL */
	uint64_t budget;       /* runs of the model for one experiment before it samples; 0: as is usual */
	enum hidden_form form;
	bool verbose;
};

/* Prints messages and the report. Status of enum cli_status: CLI_NO if there is a disagreement. */
int hidden_run(const struct hidden_options *o);

#endif
