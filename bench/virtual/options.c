// SPDX-License-Identifier: MIT
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ablation.h"
#include "options.h"
#include "options_caller.h"
#include "options_geometry.h"
#include "options_inside.h"

#define MS     UINT64_C(1000000)
#define MAX_MS (UINT64_C(86400000) * 365)

int options_each_item(const char *flag, const char *text, struct run_options *o,
                      int (*one)(struct run_options *o, const char *item))
{
	int status = CLI_OK;
	char *copy = strdup(text), *rest = copy, *item;

	if (!copy)
		return cli_error(CLI_MACHINE, "no memory");
	if (!*text)
		status = cli_error(CLI_USAGE, "%s: empty list", flag);
	while (status == CLI_OK && (item = strsep(&rest, ",")))
		status = *item ? one(o, item) : cli_error(CLI_USAGE, "%s %s: empty item in the list", flag, text);
	free(copy);
	return status;
}

int options_too_many(const char *what, unsigned int limit)
{
	return cli_error(CLI_USAGE, "more than %u %s: cut the run in pieces", limit, what);
}

int run_options_add_backend(struct run_options *o, const char *spec)
{
	if (o->nr_backends == RUN_MAX_BACKENDS)
		return options_too_many("backends", RUN_MAX_BACKENDS);
	o->backends[o->nr_backends] = strdup(spec);
	return o->backends[o->nr_backends++] ? CLI_OK : cli_error(CLI_MACHINE, "no memory");
}

static int add_backend(struct run_options *o, const char *item)
{
	struct contig_diag diag;

	if (contig_spec_check(item, &diag))
		return cli_error(CLI_USAGE, "%s", diag.text);
	return run_options_add_backend(o, item);
}

/* The second of two backends that are the same; NULL: there is none. */
static const char *backend_twice(const struct run_options *o)
{
	for (uint32_t i = 1; i < o->nr_backends; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (!strcmp(o->backends[k], o->backends[i]))
				return o->backends[i];
		}
	}
	return NULL;
}

static int add_occupancy(struct run_options *o, const char *item)
{
	double percent;

	if (!cli_double(item, 0, 100, &percent) || percent < 0.001)
		return cli_error(CLI_USAGE,
		                 "--occupancy %s: the trace's peak use in percent of the zone must lie in "
		                 "(0, 100]; try 70",
		                 item);
	if (o->nr_occupancies == RUN_MAX_LIST)
		return options_too_many("occupancies", RUN_MAX_LIST);
	uint32_t thousandths = (uint32_t)(percent * 1000 + 0.5);

	for (uint32_t i = 0; i < o->nr_occupancies; i++) {
		if (o->occupancy[i] == thousandths)
			return cli_error(CLI_USAGE, "--occupancy: %s is given twice", item);
	}
	o->occupancy[o->nr_occupancies++] = thousandths;
	return CLI_OK;
}

static int add_seeds(struct run_options *o, const char *item)
{
	char first[24];
	uint64_t from, to;
	size_t n = strcspn(item, "-");

	snprintf(first, sizeof(first), "%.*s", (int)(n < 23 ? n : 23), item);
	if (!cli_u64(first, 1, UINT64_MAX, &from) || (item[n] && !cli_u64(item + n + 1, 1, UINT64_MAX, &to)))
		return cli_error(CLI_USAGE, "--seeds %s: seeds are numbers from 1 on, or ranges of them; try 1-10",
		                 item);
	if (!item[n])
		to = from;
	if (to < from)
		return cli_error(CLI_USAGE, "--seeds %s: the range ends before it begins", item);
	if (to - from >= RUN_MAX_SEEDS - o->nr_seeds)
		return options_too_many("seeds", RUN_MAX_SEEDS);
	for (uint64_t seed = from;; seed++) {
		for (uint32_t i = 0; i < o->nr_seeds; i++) {
			if (o->seeds[i] == seed)
				return cli_error(CLI_USAGE, "--seeds: seed %llu is given twice",
				                 (unsigned long long)seed);
		}
		o->seeds[o->nr_seeds++] = seed;
		if (seed == to)
			return CLI_OK;
	}
}

static int add_size(struct run_options *o, const char *item)
{
	size_t n = strlen(item);
	char count[16];
	uint64_t v = 0;

	snprintf(count, sizeof(count), "%.*s", (int)(n - 1 < 15 ? n - 1 : 15), item);
	if (!strchr("pbm", item[n - 1]) || !cli_u64(count, 0, 1u << 30, &v))
		return cli_error(CLI_USAGE, "--sizes %s: say 64p for 64 pages or 2b for two pageblocks", item);
	if (!v)
		return cli_error(CLI_USAGE, "--sizes %s: a request of nothing; try 1b", item);
	if (v & (v - 1))
		return cli_error(CLI_USAGE, "--sizes %s: a naturally aligned range is a power of two; try %llu%c", item,
		                 1ull << (64 - __builtin_clzll(v)), item[n - 1]);
	if (o->nr_sizes == RUN_MAX_LIST)
		return options_too_many("sizes", RUN_MAX_LIST);
	const struct run_size size = { (uint32_t)v, item[n - 1] == 'b', item[n - 1] == 'm' };

	for (uint32_t i = 0; i < o->nr_sizes; i++) {
		if (o->sizes[i].count == v && o->sizes[i].blocks == size.blocks &&
		    o->sizes[i].memory_blocks == size.memory_blocks)
			return cli_error(CLI_USAGE, "--sizes: %s is given twice", item);
	}
	o->sizes[o->nr_sizes++] = size;
	return CLI_OK;
}

enum {
	OPT_OCCUPANCY = 256,
	OPT_SEEDS,
	OPT_SIZES,
	OPT_CALLER,
	OPT_CMA,
	OPT_CMA_ALIGN,
	OPT_MEMORY_BLOCK,
	OPT_REQUESTS,
	OPT_INTERVAL,
	OPT_HOLD,
	OPT_AGE,
	OPT_PASSES,
	OPT_SAMPLES,
	OPT_VERIFY,
	OPT_PAGE_SHIFT,
	OPT_PAGEBLOCK,
	OPT_MAX_ORDER,
	OPT_SECTION,
	OPT_ZONE,
	OPT_NODES,
	OPT_GEOMETRY,
	OPT_ZONES,
	OPT_ORDERS,
	OPT_BIG_BLOCKS,
	OPT_BIG_BUDDIES,
	OPT_FORCE,
	OPT_RESUME,
	OPT_JSON,
	OPT_ABLATE,
	OPT_COUNT,
	OPT_ANSWERS,
	OPT_COSTS,
};

/* Peculiarities of commands. */
#define OWN_BACKENDS_TWICE 1u /* -b A,A makes sense */
#define OWN_COMPARISON     2u
#define OWN_RESULTS        4u /* makes a results folder, from many replays */

const struct run_dialect run_dialect = { OWN_RESULTS, "50,70,90", "1-10", "64p,1b,2b,4b,8b" };
const struct run_dialect diverge_dialect = { OWN_BACKENDS_TWICE | OWN_COMPARISON, "70", "1", "1b" };
/* an ablation has a hundred backends and more */
static const struct run_dialect ablate_dialect = { OWN_RESULTS, "70", "1-10", "1b" };
/* ... and a replay on the wall clock is repeated, and alone on the machine */
static const struct run_dialect wall_dialect = { OWN_RESULTS | OWN_BACKENDS_TWICE, "70", "1", "1b" };

static bool knows(const struct run_dialect *d, int opt)
{
	switch (opt) {
	case OPT_COUNT:
	case OPT_ANSWERS:
		return d->flags & OWN_COMPARISON;
	case OPT_PASSES:
	case OPT_SAMPLES:
	case OPT_FORCE:
	case OPT_RESUME:
	case OPT_ABLATE:
	case 'j':
	case 'o':
		return d->flags & OWN_RESULTS;
	default:
		return !wall_option(opt) || d->flags & OWN_RESULTS;
	}
}

/* What the wall clock does not have: the name for a message. */
static const char *virtual_only(int opt)
{
	switch (opt) {
	case OPT_ABLATE:
		return "--ablate";
	case OPT_RESUME:
		return "--resume";
	case OPT_PASSES:
		return "--passes";
	case OPT_SAMPLES:
		return "--samples";
	case OPT_COSTS:
		return "--costs";
	case 'j':
		return "-j";
	default:
		return NULL;
	}
}

static const struct option long_options[] = {
	{ "backends", required_argument, NULL, 'b' },
	{ "occupancy", required_argument, NULL, OPT_OCCUPANCY },
	{ "seeds", required_argument, NULL, OPT_SEEDS },
	{ "sizes", required_argument, NULL, OPT_SIZES },
	{ "caller", required_argument, NULL, OPT_CALLER },
	{ "cma", required_argument, NULL, OPT_CMA },
	{ "cma-align", required_argument, NULL, OPT_CMA_ALIGN },
	{ "memory-block", required_argument, NULL, OPT_MEMORY_BLOCK },
	{ "requests", required_argument, NULL, OPT_REQUESTS },
	{ "interval-ms", required_argument, NULL, OPT_INTERVAL },
	{ "hold-ms", required_argument, NULL, OPT_HOLD },
	{ "age", required_argument, NULL, OPT_AGE },
	{ "passes", required_argument, NULL, OPT_PASSES },
	{ "samples", required_argument, NULL, OPT_SAMPLES },
	{ "verify", required_argument, NULL, OPT_VERIFY },
	{ "page-shift", required_argument, NULL, OPT_PAGE_SHIFT },
	{ "pageblock-order", required_argument, NULL, OPT_PAGEBLOCK },
	{ "max-order", required_argument, NULL, OPT_MAX_ORDER },
	{ "section-order", required_argument, NULL, OPT_SECTION },
	{ "zone", required_argument, NULL, OPT_ZONE },
	{ "geometry", required_argument, NULL, OPT_GEOMETRY },
	{ "zones", required_argument, NULL, OPT_ZONES },
	{ "orders", required_argument, NULL, OPT_ORDERS },
	{ "nodes", required_argument, NULL, OPT_NODES },
	{ "costs", required_argument, NULL, OPT_COSTS },
	{ "big-blocks", no_argument, NULL, OPT_BIG_BLOCKS },
	{ "big-buddies", no_argument, NULL, OPT_BIG_BUDDIES },
	{ "jobs", required_argument, NULL, 'j' },
	{ "output", required_argument, NULL, 'o' },
	{ "force", no_argument, NULL, OPT_FORCE },
	{ "resume", required_argument, NULL, OPT_RESUME },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "ablate", required_argument, NULL, OPT_ABLATE },
	{ "count", no_argument, NULL, OPT_COUNT },
	{ "answers", no_argument, NULL, OPT_ANSWERS },
	{ "help", no_argument, NULL, 'h' },
	WALL_LONG_OPTIONS,
	{ NULL, 0, NULL, 0 },
};

int options_number(const char *flag, const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	if (cli_u64(text, min, max, out))
		return CLI_OK;
	return cli_error(CLI_USAGE, "--%s %s: a whole number from %llu to %llu, please", flag, text,
	                 (unsigned long long)min, (unsigned long long)max);
}

static int milliseconds(const char *flag, const char *text, double min, uint64_t *ns)
{
	double ms;

	if (!cli_double(text, min, (double)MAX_MS, &ms))
		return cli_error(CLI_USAGE, "--%s %s: milliseconds, at least %g, please", flag, text, min);
	*ns = (uint64_t)(ms * (double)MS + 0.5);
	return CLI_OK;
}

int options_number32(const char *flag, const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t v = *out;
	int status = options_number(flag, text, min, max, &v);

	*out = (uint32_t)v;
	return status;
}

static int set(bool *flag)
{
	*flag = true;
	return CLI_OK;
}

/* Who asks, and what for. */
static int take_caller(struct run_options *o, int opt, const char *arg)
{
	switch (opt) {
	case OPT_CALLER:
		return run_options_caller(o, arg);
	case OPT_CMA:
		return run_options_cma(o, arg);
	case OPT_CMA_ALIGN:
		return run_options_cma_align(o, arg);
	case OPT_MEMORY_BLOCK:
		return run_options_memory_block(o, arg);
	default:
		return CLI_USAGE;
	}
}

/* What is compared, and over what. */
static int take_work(struct run_options *o, int opt, const char *arg)
{
	switch (opt) {
	case 'b':
		return options_each_item("--backends", arg, o, add_backend);
	case OPT_OCCUPANCY:
		o->occupancy_given = true;
		return options_each_item("--occupancy", arg, o, add_occupancy);
	case OPT_SEEDS:
		return options_each_item("--seeds", arg, o, add_seeds);
	case OPT_SIZES:
		return options_each_item("--sizes", arg, o, add_size);
	case OPT_REQUESTS:
		return options_number("requests", arg, 1, UINT32_MAX - 1, &o->max_requests);
	case OPT_INTERVAL:
		return milliseconds("interval-ms", arg, 0.001, &o->interval_ns);
	case OPT_HOLD:
		return milliseconds("hold-ms", arg, 0, &o->hold_ns);
	case OPT_AGE:
		return options_number32("age", arg, 0, 1000, &o->age);
	case OPT_PASSES:
		return options_number32("passes", arg, 1, 1000, &o->passes);
	case OPT_SAMPLES:
		return options_number32("samples", arg, 0, 1000000, &o->samples);
	case OPT_VERIFY:
		return options_number("verify", arg, 1, UINT32_MAX, &o->verify_every);
	case OPT_COSTS:
		o->costs = arg;
		return *arg ? CLI_OK : cli_error(CLI_USAGE, "--costs: a name or a file, please");
	default:
		return take_caller(o, opt, arg);
	}
}

static int take_geometry(struct run_options *o, int opt, const char *arg)
{
	switch (opt) {
	case OPT_PAGE_SHIFT:
		return run_options_order("page-shift", arg, &o->page_shift);
	case OPT_PAGEBLOCK:
		return run_options_order("pageblock-order", arg, &o->pageblock_order);
	case OPT_MAX_ORDER:
		return options_each_item("--max-order", arg, o, run_options_max_order);
	case OPT_SECTION:
		return run_options_order("section-order", arg, &o->section_order);
	case OPT_BIG_BLOCKS:
		return set(&o->big_blocks);
	case OPT_BIG_BUDDIES:
		return set(&o->big_buddies);
	case OPT_GEOMETRY:
		return options_each_item("--geometry", arg, o, run_options_geometry);
	case OPT_ZONES:
		return options_each_item("--zones", arg, o, run_options_zone_kind);
	case OPT_ORDERS:
		return run_options_orders(o, arg);
	case OPT_NODES:
		return options_number32("nodes", arg, 1, CONTIG_MAX_NODES, &o->nodes);
	case OPT_ZONE:
		return run_options_zone(o, arg);
	default:
		return take_work(o, opt, arg);
	}
}

/* How it is run, and where the results go: all that --resume leaves open; the rest is what a run is about. */
static int take(struct run_options *o, int opt, const char *arg)
{
	switch (opt) {
	case 'j':
		return options_number32("jobs", arg, 1, 1024, &o->jobs);
	case OPT_FORCE:
		return set(&o->force);
	case OPT_JSON:
		return set(&o->json);
	case OPT_RESUME:
		o->resume = arg;
		return CLI_OK;
	case 'h':
		return set(&o->help);
	case OPT_COUNT:
		return set(&o->count);
	case OPT_ANSWERS:
		return set(&o->answers);
	case OPT_ABLATE:
		o->ablate = arg;
		o->defined = true;
		return CLI_OK;
	case 'o':
		o->out = arg;
		o->defined = true;
		return *arg ? CLI_OK : cli_error(CLI_USAGE, "-o: the name of a folder, please");
	default:
		o->defined = true;
		if (wall_option(opt))
			return wall_options_take(&o->wall, opt, arg);
		return take_geometry(o, opt, arg);
	}
}

static const char *default_sizes(const struct run_dialect *d, enum run_caller who)
{
	return who == RUN_VIRTIO_MEM || who == RUN_OFFLINE ? "1m" : d->sizes;
}

/* What was not asked for. */
static int fill_in(const struct run_dialect *d, struct run_options *o)
{
	int status = CLI_OK;
	bool all_backends = !o->nr_backends && !o->ablate && (d->flags & OWN_RESULTS);
	const struct contig_backend *b;

	for (size_t i = 0; all_backends && (b = contig_backend_at(i)) && status == CLI_OK; i++) {
		if (o->wall.on ? b->threads : o->caller.who == RUN_PLAIN || user_supported(b))
			status = add_backend(o, b->name);
	}
	if (o->ablate)
		d = &ablate_dialect;
	if (o->wall.on)
		d = &wall_dialect;
	if (backend_twice(o) && !(d->flags & OWN_BACKENDS_TWICE))
		return cli_error(CLI_USAGE, "backend '%s' is given twice", backend_twice(o));
	if (status == CLI_OK && !o->nr_occupancies && !o->nr_zones)
		status = options_each_item("--occupancy", d->occupancies, o, add_occupancy);
	if (status == CLI_OK && !o->nr_seeds)
		status = add_seeds(o, d->seeds);
	if (status == CLI_OK && !o->nr_sizes)
		status = options_each_item("--sizes", default_sizes(d, o->caller.who), o, add_size);
	return status;
}

int run_options_init(struct run_options *o)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	*o = (struct run_options){
		.caller = { .cma_align = CALLER_MAX_ALIGN, .block_bytes = CALLER_MEMORY_BLOCK },
		.hold_ns = 100 * MS,
		.interval_ns = 250 * MS,
		.max_requests = UINT32_MAX - 1,
		.passes = 1,
		.samples = 20,
		.jobs = cpus > 0 ? (uint32_t)cpus : 1,
		.page_shift = -1,
		.pageblock_order = -1,
		.section_order = -1,
	};
	wall_options_init(&o->wall);
	o->seeds = calloc(RUN_MAX_SEEDS, sizeof(*o->seeds));
	return o->seeds ? run_options_check_geometry(o) : cli_error(CLI_MACHINE, "no memory");
}

int run_options_parse(int argc, char **argv, struct run_options *o)
{
	return run_options_parse_as(&run_dialect, argc, argv, o);
}

int run_options_parse_as(const struct run_dialect *d, int argc, char **argv, struct run_options *o)
{
	int status = run_options_init(o);
	int opt;

	if (status == CLI_OK && d->flags & OWN_RESULTS)
		status = wall_options_take_benchmark(&o->wall, &argc, argv);
	optind = 0; /* start anew: tests parse more than once */
	opterr = 0;
	while (status == CLI_OK && (opt = getopt_long(argc, argv, ":b:j:o:h", long_options, NULL)) != -1) {
		if (opt == ':' || opt == '?' || !knows(d, opt))
			status = cli_bad_option(opt, argv[optind - 1 - (optarg == argv[optind - 1])]);
		else
			status = take(o, opt, optarg);
		if (!o->wall.virtual_only)
			o->wall.virtual_only = virtual_only(opt);
	}
	for (; status == CLI_OK && optind < argc; optind++) {
		if (o->nr_workloads == RUN_MAX_LIST)
			return options_too_many("workloads", RUN_MAX_LIST);
		o->workloads[o->nr_workloads++] = argv[optind];
	}
	if (status != CLI_OK || o->help)
		return status;
	status = wall_options_check(o);
	if (status != CLI_OK)
		return status;
	if (o->resume && (o->defined || o->nr_workloads))
		return cli_error(
			CLI_USAGE,
			"--resume goes on with the run as it was begun: leave out all but -j, --json and --force");
	if (o->nr_zones && o->occupancy_given)
		return cli_error(CLI_USAGE, "--zone and --occupancy both say how large memory is: leave one out");
	if (o->ablate && o->nr_backends)
		return cli_error(CLI_USAGE, "--ablate makes the list of backends itself: leave out -b");
	status = run_options_check_caller(o);
	if (status == CLI_OK)
		status = run_options_check_geometry(o);
	if (status == CLI_OK)
		status = fill_in(d, o);
	return status == CLI_OK && o->ablate ? ablation_make(o) : status;
}

void run_options_free(struct run_options *o)
{
	for (uint32_t i = 0; i < o->nr_backends; i++)
		free(o->backends[i]);
	free(o->seeds);
	ablation_free(o->ablation);
	memset(o, 0, sizeof(*o));
}
