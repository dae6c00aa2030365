// SPDX-License-Identifier: MIT
#include <string.h>

#include "caller.h"

static const char *const names[RUN_CALLER_NR] = {
	[RUN_PLAIN] = "plain",       [RUN_CMA] = "cma",         [RUN_VIRTIO_MEM] = "virtio-mem",
	[RUN_GIGANTIC] = "gigantic", [RUN_OFFLINE] = "offline",
};

const char *caller_name(enum run_caller who)
{
	return names[who];
}

enum run_caller caller_of_name(const char *name)
{
	enum run_caller who = 0;

	while (who < RUN_CALLER_NR && strcmp(name, names[who]))
		who++;
	return who;
}

/* ---- where it all lies ----------------------------------------------------------------------- */

static uint64_t round_up(uint64_t v, uint64_t to)
{
	return (v + to - 1) / to * to;
}

/* What fits every release, so that all backends have the same area: the coarsest alignment of any. */
static uint32_t cma_unit(const struct contig_geometry *g)
{
	return user_nmax(g) > user_npb(g) ? user_nmax(g) : user_npb(g);
}

/* The area is at the start of the first zone. */
static pfn_t cma_base(const struct contig_geometry *g)
{
	return (pfn_t)round_up(g->zones[0].start, cma_unit(g));
}

uint64_t caller_cma_pages(const struct caller_params *p, const struct contig_geometry *g)
{
	if (p->cma_bytes)
		return p->cma_bytes >> g->page_shift;
	return p->who == RUN_CMA ? round_up(g->zones[0].pages / 8, cma_unit(g)) : 0;
}

uint32_t caller_block_pages(const struct caller_params *p, const struct contig_geometry *g)
{
	uint64_t pages = p->block_bytes >> g->page_shift;

	return pages < UINT32_MAX ? (uint32_t)pages : UINT32_MAX;
}

/* Whole memory blocks of a zone. */
static struct cma_range blocks_in(const struct contig_zone *z, uint32_t block)
{
	uint64_t start = round_up(z->start, block), end = ((uint64_t)z->start + z->pages) / block * block;

	return (struct cma_range){ (pfn_t)start, end > start ? (uint32_t)(end - start) : 0 };
}

/* The device has all whole memory blocks of the zone that has most of them. */
static struct cma_range device_range(const struct contig_geometry *g, uint32_t block)
{
	struct cma_range best = { 0, 0 };

	for (uint32_t i = 0; block && i < g->nr_zones; i++) {
		struct cma_range here = blocks_in(&g->zones[i], block);

		if (here.pages > best.pages)
			best = here;
	}
	return best;
}

static int check_cma(const struct caller_params *p, const struct contig_geometry *g, uint32_t nr_pages,
                     struct contig_diag *diag)
{
	uint64_t pages = caller_cma_pages(p, g);

	if (!pages && p->who != RUN_CMA)
		return 0;
	if (!pages || p->cma_bytes % ((uint64_t)cma_unit(g) << g->page_shift))
		return contig_diag_set(diag, -EINVAL,
		                       "--cma: the area must be a multiple of %u pages (%llu KiB), the coarsest "
		                       "alignment of any release",
		                       cma_unit(g), (unsigned long long)cma_unit(g) << g->page_shift >> 10);
	if (!user_zone(g, cma_base(g), pages))
		return contig_diag_set(diag, -EINVAL, "--cma: an area of %llu pages does not fit the zone of %u pages",
		                       (unsigned long long)pages, g->zones[0].pages);
	if (nr_pages > pages && p->who == RUN_CMA)
		return contig_diag_set(
			diag, -EINVAL,
			"--sizes: a request of %u pages does not fit the CMA area of %llu pages: enlarge --cma",
			nr_pages, (unsigned long long)pages);
	return 0;
}

static int check_blocks(const struct caller_params *p, const struct contig_geometry *g, uint32_t nr_pages,
                        struct contig_diag *diag)
{
	uint32_t block = caller_block_pages(p, g);
	struct cma_range device = device_range(g, block);

	if (!block || block & (block - 1) || p->block_bytes >> g->page_shift << g->page_shift != p->block_bytes)
		return contig_diag_set(diag, -EINVAL,
		                       "--memory-block: %llu bytes: must be a power of two of pages of %u bytes",
		                       (unsigned long long)p->block_bytes, 1u << g->page_shift);
	if (!device.pages)
		return contig_diag_set(diag, -EINVAL,
		                       "--memory-block: no zone holds a whole aligned block of %u pages: lower it, or "
		                       "--occupancy",
		                       block);
	if (nr_pages > device.pages)
		return contig_diag_set(diag, -EINVAL,
		                       "--sizes: a request of %u pages is more than the %u pages of the device",
		                       nr_pages, device.pages);
	return 0;
}

int caller_check(const struct caller_params *p, const struct contig_geometry *g, uint32_t nr_pages,
                 struct contig_diag *diag)
{
	int rc = check_cma(p, g, nr_pages, diag);

	if (!rc && (p->who == RUN_VIRTIO_MEM || p->who == RUN_OFFLINE))
		rc = check_blocks(p, g, nr_pages, diag);
	return rc;
}

/* ---- set-up ---------------------------------------------------------------------------------- */

static int open_cma(struct caller *k, struct contig_diag *diag)
{
	const struct cma_range range = { cma_base(k->m.g), (uint32_t)caller_cma_pages(k->params, k->m.g) };

	if (!range.pages)
		return 0;
	if (cma_open(&k->m, &k->cma))
		return contig_diag_set(diag, -ENOMEM, "no memory for a CMA area");
	return cma_area_add(k->cma, &range, 1, 0, &k->area, diag);
}

static int open_virtio(struct caller *k, struct contig_diag *diag)
{
	const struct cma_range device = device_range(k->m.g, k->blocks.pages);
	const struct virtio_mem_params p = { .start = device.base, .pages = device.pages };

	return virtio_mem_open(&k->blocks, &p, &k->virtio, diag);
}

int caller_open(struct caller *k, const struct caller_params *p, struct contig *c, const struct contig_geometry *g,
                struct user_drivers *drivers, uint32_t nr_pages, struct contig_diag *diag)
{
	int rc;

	*k = (struct caller){ .params = p, .nr_pages = nr_pages, .m = { .c = c, .g = g } };
	if (p->who == RUN_PLAIN)
		return 0;
	rc = user_machine_init(&k->m, c, g, drivers, diag);
	if (!rc && (p->who == RUN_CMA || p->who == RUN_GIGANTIC))
		rc = open_cma(k, diag);
	if (!rc && (p->who == RUN_VIRTIO_MEM || p->who == RUN_OFFLINE))
		rc = memory_blocks_init(&k->blocks, &k->m, caller_block_pages(p, g), diag);
	if (!rc && p->who == RUN_VIRTIO_MEM)
		rc = open_virtio(k, diag);
	return rc;
}

void caller_close(struct caller *k)
{
	cma_close(k->cma);
	virtio_mem_close(k->virtio);
	k->cma = NULL;
	k->virtio = NULL;
}

/* ---- requests -------------------------------------------------------------------------------- */

static int begin_plain(struct caller *k, const struct request *q, struct user_request **out)
{
	const struct contig_range_args args = {
		.start = q->start, .nr = k->nr_pages, .cpu = q->cpu, .caller = CALLER_MOVABLE
	};

	return user_plain_begin(k->m.c, &args, out);
}

static int begin_cma(struct caller *k, const struct request *q, struct user_request **out)
{
	unsigned int order = 31u - (unsigned int)__builtin_clz(k->nr_pages), most = k->params->cma_align;

	return cma_alloc_begin(k->area, k->nr_pages, order < most ? order : most, q->cpu, out);
}

static struct gigantic_params gigantic_of(struct caller *k, const struct request *q)
{
	return (struct gigantic_params){
		.pages = k->nr_pages, .node = k->m.g->cpu_node[q->cpu], .cpu = q->cpu, .cma = k->cma
	};
}

static int begin_gigantic(struct caller *k, const struct request *q, struct user_request **out)
{
	const struct gigantic_params p = gigantic_of(k, q);

	return gigantic_alloc_begin(&k->m, &p, out);
}

static int begin_unplug(struct caller *k, const struct request *q, struct user_request **out)
{
	uint32_t unit = virtio_mem_unit(k->virtio);

	return virtio_mem_unplug_begin(k->virtio, (uint32_t)round_up(k->nr_pages, unit), q->cpu, out, NULL);
}

static int begin_offline(struct caller *k, const struct request *q, struct user_request **out)
{
	return memory_offline_begin(&k->blocks, q->start, k->nr_pages, q->cpu, 0, out, NULL);
}

static int release_plain(struct caller *k, const struct request *q, pfn_t start, uint32_t nr, struct user_request **out)
{
	(void)out;
	return contig_range_free(k->m.c, q->cpu, start, nr);
}

static int release_cma(struct caller *k, const struct request *q, pfn_t start, uint32_t nr, struct user_request **out)
{
	(void)out;
	return cma_release(k->area, q->cpu, start, nr);
}

static int release_gigantic(struct caller *k, const struct request *q, pfn_t start, uint32_t nr,
                            struct user_request **out)
{
	const struct gigantic_params p = gigantic_of(k, q);

	(void)nr;
	(void)out;
	return gigantic_free(&k->m, &p, start);
}

static int plug(struct caller *k, const struct request *q, pfn_t start, uint32_t nr, struct user_request **out)
{
	(void)start;
	return virtio_mem_plug_begin(k->virtio, nr, q->cpu, out, NULL);
}

static int online(struct caller *k, const struct request *q, pfn_t start, uint32_t nr, struct user_request **out)
{
	return memory_online_begin(&k->blocks, start, nr, q->cpu, out, NULL);
}

static const struct {
	int (*begin)(struct caller *k, const struct request *q, struct user_request **out);
	int (*release)(struct caller *k, const struct request *q, pfn_t start, uint32_t nr, struct user_request **out);
} callers[RUN_CALLER_NR] = {
	[RUN_PLAIN] = { begin_plain, release_plain },
	[RUN_CMA] = { begin_cma, release_cma },
	[RUN_VIRTIO_MEM] = { begin_unplug, plug },
	[RUN_OFFLINE] = { begin_offline, online },
	[RUN_GIGANTIC] = { begin_gigantic, release_gigantic },
};

int caller_begin(struct caller *k, const struct request *q, struct user_request **out)
{
	return callers[k->params->who].begin(k, q, out);
}

int caller_release(struct caller *k, const struct request *q, pfn_t start, uint32_t nr, struct user_request **out)
{
	*out = NULL;
	return callers[k->params->who].release(k, q, start, nr, out);
}
