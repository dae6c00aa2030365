// SPDX-License-Identifier: MIT
/* zone.c - building a model from a geometry, and taking it down. */
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "freelist.h"

/* ---- watermarks (2.4), as a kernel computes them when nobody sets them ----------------------- */

/* min_free_kbytes is 4 * sqrt(memory in KiB) within [128, 262144] (Documentation/admin-guide/sysctl/vm.rst), shared out
 * by size; low lies max(a quarter of min, 0.1 % of the zone) above it. */
static void default_watermarks(struct contig_zone *zones, const struct contig_geometry *g)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < g->nr_zones; i++)
		total += zones[i].managed;
	double kib = 4 * sqrt((double)total * (double)(1u << g->page_shift) / 1024);

	kib = kib < 128 ? 128 : kib > 262144 ? 262144 : kib;
	uint64_t min_pages = (uint64_t)kib * 1024 >> g->page_shift;

	for (uint32_t i = 0; i < g->nr_zones; i++) {
		struct contig_zone *z = &zones[i];
		uint32_t min = (uint32_t)(min_pages * z->managed / total);
		uint32_t gap = min / 4 > z->managed / 1000 ? min / 4 : z->managed / 1000;

		z->wmark_min = z->wmark_min == CONTIG_NO_WMARK ? 0 : z->wmark_min ? z->wmark_min : min;
		z->wmark_low = z->wmark_low ? z->wmark_low : z->wmark_min + gap;
	}
}

#define HUGE_PAGE (UINT64_C(2) << 20)

/* ---- descriptors ----------------------------------------------------------------------------- */

static int map_metadata(struct model *m)
{
	size_t entries = (size_t)m->end + (size_t)m->nr_zones * (m->M + 1) * MT_NR;
	size_t blocks = ((size_t)m->end >> m->P) + 1;

	m->page_bytes = entries * sizeof(struct page);
	m->metadata_bytes = m->page_bytes + blocks + sizeof(*m) + m->nr_zones * sizeof(struct zone);
	/* whole huge pages, so that the kernel can align them: they save TLB misses */
	if (m->page_bytes >= HUGE_PAGE)
		m->page_bytes = (m->page_bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	/* zero pages are INTERIOR; holes between zones cost nothing */
	m->page = mmap(NULL, m->page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (m->page == MAP_FAILED) {
		m->page = NULL;
		return -ENOMEM;
	}
	if (m->page_bytes >= HUGE_PAGE)
		madvise(m->page, m->page_bytes, MADV_HUGEPAGE);
	m->block = malloc(blocks);
	if (!m->block)
		return -ENOMEM;
	const struct zone *z = m->zone;

	for (block_t b = 0; b < blocks; b++) { /* a new block is MOVABLE (1.3) */
		m->block[b] = (uint8_t)(MT_MOVABLE | (block_inside(m, z, b) ? 0 : BLOCK_OTHER_ZONE));
	}
	return 0;
}

static void init_lists(struct model *m, struct zone *z)
{
	z->lists = m->end + z->index * (m->M + 1) * MT_NR;
	for (pfn_t head = z->lists; head < z->lists + (m->M + 1) * MT_NR; head++)
		m->page[head].link[0] = m->page[head].link[1] = head;
}

/* Put the whole zone down as runs of one kind, the largest aligned ones. */
static void init_pages(struct model *m, struct zone *z, enum contig_init init)
{
	for (pfn_t pfn = z->start, end = zone_end(z); pfn < end;) {
		unsigned int order = chunk_order(m, pfn, end);

		if (init == CONTIG_INIT_FREE) {
			account_free(z, (int64_t)1 << order, MT_MOVABLE);
			free_list_add(m, z, pfn, order, MT_MOVABLE, true);
		} else {
			page_set(&m->page[pfn], state_make(PAGE_RESERVED, order, MT_UNMOVABLE), OWNER_NONE);
		}
		pfn += 1u << order;
	}
}

/* ---- zonelists ------------------------------------------------------------------------------- */

static int build_zonelists(struct model *m)
{
	m->zonelist = calloc((size_t)CONTIG_MAX_NODES * 2 * (m->nr_zones + 1), sizeof(*m->zonelist));
	if (!m->zonelist)
		return -ENOMEM;
	for (uint32_t node = 0; node < CONTIG_MAX_NODES; node++) {
		for (int movable = 0; movable < 2; movable++) {
			struct zone **to = m->zonelist + ((size_t)node * 2 + (size_t)movable) * (m->nr_zones + 1);

			for (uint32_t n = 0; n < CONTIG_MAX_NODES; n++) {
				for (int type = movable ? ZONE_MOVABLE : ZONE_NORMAL; type >= 0; type--) {
					for (struct zone *z = m->zone; z < m->zone + m->nr_zones; z++) {
						if (z->type == type && z->node == (node + n) % CONTIG_MAX_NODES)
							*to++ = z;
					}
				}
			}
		}
	}
	static struct zone no_zone = { .wmark_hot = INT64_MAX };

	for (uint32_t i = 0; i <= UINT8_MAX; i++) {
		for (enum migratetype mt = 0; mt < 4; mt++) {
			struct zone *first = *zone_order(m, i % CONTIG_MAX_NODES, mt == MT_MOVABLE);

			m->first_zone[i][mt] = first ? first : &no_zone;
		}
	}
	return 0;
}

/* ---- open and close -------------------------------------------------------------------------- */

static int init_zones(struct model *m, const struct contig_geometry *g)
{
	struct contig_zone want[CONTIG_MAX_ZONES];

	memcpy(want, g->zones, g->nr_zones * sizeof(*want));
	for (uint32_t i = 0; i < g->nr_zones; i++)
		want[i].managed = want[i].managed ? want[i].managed : want[i].pages;
	default_watermarks(want, g);
	for (uint32_t i = 0; i < g->nr_zones; i++) {
		struct zone *z = &m->zone[i];

		z->start = want[i].start;
		z->pages = want[i].pages;
		z->index = i;
		z->node = want[i].node;
		z->type = want[i].type;
		z->managed = want[i].managed;
		z->wmark_min = want[i].wmark_min;
		z->wmark_low = want[i].wmark_low;
		z->hot_is_low = g->nr_zones > 1;
		z->isolated_counted = m->policy.isolated_counted_free == isolated_counted_free_yes;
		z->held_is_free = m->policy.watermark_highatomic == watermark_highatomic_free;
		marks_changed(z);
		init_lists(m, z);
		init_pages(m, z, (enum contig_init)g->init);
		if (pcp_open(m, z, want[i].wmark_low, g))
			return -ENOMEM;
	}
	m->first_pcp = m->zone->pcp;
	return build_zonelists(m);
}

struct contig *model_open(const struct contig_backend *self, const struct contig_geometry *g,
                          const struct contig_hooks *hooks, const char *knobs, struct contig_diag *diag)
{
	struct contig_policy policy = *(const struct contig_policy *)self->data;

	if (contig_policy_compose(&policy, knobs, diag))
		return NULL;
	if (g->pageblock_order > g->max_order && policy.iso_align != iso_align_maxpage) {
		contig_diag_set(
			diag, -EINVAL,
			"%s works a pageblock at a time: pageblock_order %u must not be above MAX_PAGE_ORDER %u",
			self->name, g->pageblock_order, g->max_order);
		return NULL;
	}
	struct model *m = calloc(1, sizeof(*m));

	if (!m)
		goto no_memory;
	m->base.ops = self;
	m->policy = policy;
	m->hooks = *hooks;
	m->P = g->pageblock_order;
	m->block_factor = UINT64_C(1) << (32 - m->P);
	m->M = g->max_order;
	m->nr_cpus = g->nr_cpus;
	m->nr_zones = g->nr_zones;
	for (uint32_t i = 0; i < g->nr_zones; i++) {
		if (m->end < g->zones[i].start + g->zones[i].pages)
			m->end = g->zones[i].start + g->zones[i].pages;
	}
	m->zone = calloc(m->nr_zones, sizeof(*m->zone));
	if (m->zone) {
		m->zone[0].start = g->zones[0].start;
		m->zone[0].pages = g->zones[0].pages;
	}
	if (m->zone && !map_metadata(m) && !init_zones(m, g))
		return &m->base;
	model_close(&m->base);
no_memory:
	contig_diag_set(diag, -ENOMEM, "%s: not enough memory for the metadata of this geometry", self->name);
	return NULL;
}

void model_close(struct contig *c)
{
	struct model *m = model_of(c);

	for (uint32_t i = 0; m->zone && i < m->nr_zones; i++)
		pcp_close(m, &m->zone[i]);
	if (m->page)
		munmap(m->page, m->page_bytes);
	free(m->spare);
	free(m->zonelist);
	free(m->block);
	free(m->zone);
	free(m);
}

const struct contig_policy *model_policy(struct contig *c)
{
	return &model_of(c)->policy;
}
