/* SPDX-License-Identifier: MIT */
/* options.h - what `contigbench run`, or a command that replays as it does, was asked to do. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "../../allocators/contig.h"
#include "../cli.h"
#include "../wall/wall_options.h"
#include "caller.h"
#include "geometry.h"

#define RUN_MAX_LIST     64u  /* workloads, occupancies, sizes */
#define RUN_MAX_BACKENDS 512u /* an ablation has several a knob */
#define RUN_MAX_SEEDS    4096u

struct run_size {
	uint32_t count;
	bool blocks;        /* count is of pageblocks, not pages ... */
	bool memory_blocks; /* ... or of memory blocks */
};

/* One geometry of a run: a preset with what was said otherwise. -1: as the trace's machine. */
struct run_geometry {
	const struct geometry_preset *preset; /* NULL: none was named */
	int page_shift;
	int pageblock_order;
	int max_order;
	int section_order;
};

/* What zones a node has where they are sized by occupancy. */
struct zone_kinds {
	bool dma32;       /* the low part of the first node */
	uint32_t movable; /* percent of each node; 0: none */
};

struct run_options {
	const char *workloads[RUN_MAX_LIST]; /* as given: names or files */
	uint32_t nr_workloads;
	char *backends[RUN_MAX_BACKENDS];
	uint32_t nr_backends;
	uint32_t occupancy[RUN_MAX_LIST]; /* thousandths of a percent */
	uint32_t nr_occupancies;
	bool occupancy_given;
	uint64_t *seeds;
	uint32_t nr_seeds;
	struct run_size sizes[RUN_MAX_LIST];
	uint32_t nr_sizes;
	struct caller_params caller;
	bool cma_given;
	bool block_given;
	bool align_given;
	uint32_t age;
	uint32_t passes; /* that count */
	uint64_t hold_ns;
	uint64_t interval_ns;
	uint64_t max_requests;
	uint32_t samples;
	uint64_t verify_every;
	uint32_t jobs;
	const char *costs; /* a name or a file; NULL: the built-in table */
	const char *out;   /* NULL: results/DATE-REVISION */
	const char *resume;
	bool force;
	bool json;
	bool help;
	bool defined;              /* something was said about what is run */
	const char *ablate;        /* run: "A..B" */
	struct ablation *ablation; /* ... made of it: the backends above are its states */
	bool count;                /* diverge: to the end of the trace */
	bool answers;              /* diverge: what is placed elsewhere is no difference */
	struct wall_options wall;  /* run --clock wall */

	/* what was said, and what comes of it: presets times max_orders */
	const struct geometry_preset *presets[RUN_MAX_LIST];
	uint32_t nr_presets;
	int max_orders[RUN_MAX_LIST];
	uint32_t nr_max_orders;
	int page_shift; /* these three -1: as the preset or the trace's machine */
	int pageblock_order;
	int section_order;
	struct run_geometry geometries[RUN_MAX_LIST];
	uint32_t nr_geometries;
	bool keep_orders; /* where the page size is not the trace's: orders stay, and not bytes */
	struct zone_kinds zone_kinds;
	uint32_t nodes; /* 0: as recorded */
	bool big_blocks;
	bool big_buddies;
	struct contig_zone zones[CONTIG_MAX_ZONES];
	uint32_t nr_zones;
};

/* A command that takes these options, or some of them. */
struct run_dialect {
	unsigned int flags; /* of the long options it knows, and what is peculiar to it: options.c */
	const char *occupancies, *seeds, *sizes; /* where none are given */
};
extern const struct run_dialect run_dialect, diverge_dialect;

/* CLI_OK, or CLI_USAGE and a message printed. The strings of argv must outlive the options. */
int run_options_parse(int argc, char **argv, struct run_options *o);
int run_options_parse_as(const struct run_dialect *d, int argc, char **argv, struct run_options *o);
/* What a run is when nothing is asked for, but without any list: as run_options_parse() begins. */
int run_options_init(struct run_options *o);
/* Add a spec that is known to be good. CLI_OK or CLI_MACHINE. */
int run_options_add_backend(struct run_options *o, const char *spec);
void run_options_free(struct run_options *o);

/* "64p", "2b", "1m" */
void run_size_label(const struct run_size *s, char out[16]);
/* "/geometry:arm64-64k/M:13": what tells the n-th geometry from the others; "" if it is the only one. */
void run_geometry_label(const struct run_options *o, uint32_t n, char out[64]);
/* "50", "62.5" */
void occupancy_label(uint32_t thousandths, char out[16]);

#endif
