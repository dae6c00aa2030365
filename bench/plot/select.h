/* SPDX-License-Identifier: MIT */
/*
 * select.h - which part of the results a figure shows: one workload, one geometry (but for a figure over geometries), all
 * occupancies and sizes or one of each, all backends or some, in an order.
 */
#ifndef PLOT_SELECT_H
#define PLOT_SELECT_H

#include "source.h"

#define SELECT_MAX      64
#define SELECT_TOO_MANY (-2) /* more backends than the figure has room for; nothing was printed */

/* What the user asked for; NULL, or a negative number, where it is left to the figure. */
struct select_asked {
	const char *workload;
	const char *size;
	const char *geometry;
	const char *backends; /* "A,B,..." */
	int64_t occupancy;    /* thousandths of a percent */
	int64_t max_order;
};

/* What a figure shows of a dimension by default. */
enum select_default {
	SELECT_ALL,
	SELECT_ONE, /* the one asked for, else a size of one pageblock, the highest occupancy, the first geometry */
};

struct select_wants {
	enum select_default occupancies, sizes, geometries;
	uint32_t backends; /* so many at most; 0: all */
};

struct select_geometry {
	const char *preset; /* "" if there is only one */
	int64_t max_order;  /* -1 if there is only one */
	char label[64];     /* "10", "arm64-64k", "arm64-64k, 13" */
};

struct selection {
	const char *workload;
	struct {
		int64_t percent[SELECT_MAX]; /* thousandths, ascending */
		size_t nr;
	} occupancies;
	struct {
		const char *label[SELECT_MAX]; /* as in the parameters */
		size_t nr;
	} sizes;
	struct {
		struct select_geometry at[SELECT_MAX];
		size_t nr;
	} geometries;
	struct {
		const char *spec[SELECT_MAX]; /* as drawn, from the first line on */
		size_t nr;
	} backends;
	size_t nr_workloads; /* in the results */
	size_t nr_seeds;
	const char *clock; /* "virtual" or "wall" */
	const char *costs; /* by which table latencies are modelled; "" on the wall clock */
};

/*
 * CLI_OK; SELECT_TOO_MANY, with all of them in out->backends.nr; or a message was printed: a name that the results have not.
 * Strings are the source's.
 */
int select_make(struct selection *out, const struct source *s, const struct select_asked *asked,
                const struct select_wants *wants);

/* Where a line of a file lies in the selection, counted from 0; false if it is not in it. */
struct select_place {
	size_t occupancy, size, geometry, backend;
};
bool select_json(const struct selection *s, const json_t *line, struct select_place *at);
bool select_csv(const struct selection *s, const struct csv_line *line, struct select_place *at);
/* The same of a line that is about no backend. */
bool select_json_group(const struct selection *s, const json_t *line, struct select_place *at);
bool select_csv_group(const struct selection *s, const struct csv_line *line, struct select_place *at);

/* Tables of the selection's places: backends are next to each other. */
static inline size_t select_cells(const struct selection *s)
{
	return s->geometries.nr * s->occupancies.nr * s->sizes.nr * s->backends.nr;
}
static inline size_t select_cell(const struct selection *s, const struct select_place *at)
{
	return ((at->geometry * s->occupancies.nr + at->occupancy) * s->sizes.nr + at->size) * s->backends.nr +
	       at->backend;
}

#endif
