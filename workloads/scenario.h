/* SPDX-License-Identifier: MIT */
/*
 * scenario.h - scenario files (.scn, docs/formats.md): exact initial states, a few operations, and what each generation must
 * answer.
 *
 *	contigbench-scenario 1
 *	geometry P=3 M=4
 *	# a free run of order M over both blocks; request pb1
 *	case=8.2.b1 map="[CC] F4" ops=a:8+8,cma
 *	expect rfc-2021 a:8+8,cma rc=-EBUSY stage=test mt=CC [D 8.2 b1]
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "cases.h"

#define SCENARIO_VERSION 1u

/* How much an expectation is worth (marks of the specification). */
enum scenario_evidence {
	EVIDENCE_OBSERVED,  /* [K]: a kernel answered so */
	EVIDENCE_DERIVED,   /* [D]: follows from the rules */
	EVIDENCE_UNCERTAIN, /* [?] */
};

/* Numbers of an answer, in pages unless said otherwise. */
enum scenario_count {
	COUNT_MIGRATED, /* by the operation */
	COUNT_REPLACED, /* of free hugetlb pages replaced by it */
	COUNT_GOT,      /* allocations or blocks that it got */
	COUNT_AT,       /* offset of the last of them, -1 if it lies outside the arena */
	COUNT_FREE,     /* NR_FREE_PAGES afterwards, all zones */
	COUNT_FREE_CMA, /* NR_FREE_CMA_PAGES */
	COUNT_PCP,      /* on per-cpu lists */
	COUNT_ISOLATED, /* pageblocks */
	COUNT_RESERVED, /* nr_reserved_highatomic */
	COUNT_FREE_HIGHATOMIC,
	COUNT_DRIFT,     /* NR_FREE_PAGES less free pages in blocks that count */
	COUNT_DRIFT_CMA, /* NR_FREE_CMA_PAGES less free pages in CMA blocks */
	COUNT_LEAK,      /* nr_reserved_highatomic less the size of HIGHATOMIC blocks */
	NR_COUNTS,
};

const char *scenario_count_name(enum scenario_count count);

/* What an expectation is about, when not operation 0, 1 ... */
#define AT_START        (-1)
#define AT_REQUEST(n)   (-2 - (n)) /* how request n with a letter ended */
#define NO_ANSWER       INT32_MIN  /* this generation has no such state, or nothing to say: `none` */
#define SCENARIO_STAGES "ok, isolate, migrate, test, done, skip, begun, ended, drain, grab, undo, pass, fail"

struct scenario_expect {
	unsigned int line;
	char *backends; /* as written: names separated by commas, or "all" */
	uint32_t nr_backends;
	char **backend; /* each of them */
	int op;
	bool broken; /* an invariant breaks there, and the scenario ends */
	bool has_rc;
	int rc;
	char *stage, *why, *types, *map; /* NULL: not said */
	uint32_t counts;                 /* bits of enum scenario_count: which are said */
	int64_t count[NR_COUNTS];
	enum scenario_evidence evidence;
	char *row; /* of the specification */
};

struct scenario {
	unsigned int line;
	char *picture; /* the comment in front of it, with its '#'s; empty if there is none */
	struct scripted_case sc;
	bool recorded; /* in the zone of the recorded answers; the rest is for layout strings */
	struct contig_geometry g;
	uint32_t free_blocks;  /* free MOVABLE pageblocks behind the arena */
	uint32_t dma32_blocks; /* the same in a ZONE_DMA32 below it, zone 1 */
	uint32_t nr_expects;
	struct scenario_expect *expect;
};

struct scenario_file {
	char *path;
	uint32_t nr;
	struct scenario **scenario;
};

/* 0, or -errno with file, line and reason in *diag. Free in either case. */
int scenario_read(struct scenario_file *f, const char *path, struct contig_diag *diag);
void scenario_free(struct scenario_file *f);

/*
 * Does the expectation speak of this backend? `all` are all generations there are, and none with knobs turned. What is said of
 * a generation holds for its kernel in a guest.
 */
bool scenario_expects(const struct scenario_expect *e, const char *backend);
/* Does it by the very name? */
bool scenario_names(const struct scenario_expect *e, const char *backend);

/* Parse the rest of a line behind "expect", in place (scenario_expect.c). */
int scenario_parse_expect(char *rest, const struct scripted_case *sc, struct scenario_expect *e,
                          struct contig_diag *diag);
/* The one of the scenario's expectations before e that says the same thing of the same backend, or NULL. */
const struct scenario_expect *scenario_said_before(const struct scenario *s, const struct scenario_expect *e);

/* The symbol of an errno, "-EBUSY", or the number; into the buffer. */
const char *scenario_rc(int rc, char buf[16]);
bool scenario_rc_parse(const char *text, int *rc);

/* The name of an operation, a request's letter or `start`, into the buffer. */
const char *scenario_op_name(const struct scripted_case *sc, int op, char buf[64]);

#endif
