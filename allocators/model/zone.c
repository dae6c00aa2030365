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

int place_metadata(struct model *m, void *start, size_t bytes, unsigned int node, struct contig_diag *diag)
{
	return m->hooks.place && bytes ? m->hooks.place(m->hooks.ctx, start, bytes, node, diag) : 0;
}

void *map_metadata(struct model *m, size_t bytes, unsigned int node, struct contig_diag *diag)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		contig_diag_set(diag, -ENOMEM, "not enough memory for the metadata of this geometry");
		return NULL;
	}
	if (place_metadata(m, p, (bytes + MACHINE_PAGE - 1) / MACHINE_PAGE * MACHINE_PAGE, node, diag)) {
		munmap(p, bytes);
		return NULL;
	}
	return p;
}

/* Descriptors from one page of this machine to the next: 12 bytes each. */
#define PER_PAGES (MACHINE_PAGE / 4u)
static_assert(PER_PAGES * sizeof(struct page) % MACHINE_PAGE == 0, "whole pages");

/*
 * Where a zone's list heads are: behind the descriptors, with threads on pages of their own, which lie on the zone's node and
 * which no other zone writes to.
 */
static pfn_t lists_of(const struct model *m, uint32_t zone)
{
	pfn_t base = m->end, heads = (m->M + 1) * MT_NR;

	if (m->threads) {
		base = (base + PER_PAGES - 1) / PER_PAGES * PER_PAGES;
		heads = (heads + PER_PAGES - 1) / PER_PAGES * PER_PAGES;
	}
	return base + zone * heads;
}

/* Of descriptors [from, to) those whole pages that no lower zone has. */
static int place_descriptors(struct model *m, const struct zone *z, pfn_t from, pfn_t to, struct contig_diag *diag)
{
	size_t begin = (from * sizeof(struct page) + MACHINE_PAGE - 1) / MACHINE_PAGE * MACHINE_PAGE;
	size_t end = (to * sizeof(struct page) + MACHINE_PAGE - 1) / MACHINE_PAGE * MACHINE_PAGE;

	return end > begin ? place_metadata(m, (char *)m->page + begin, end - begin, z->node, diag) : 0;
}

static int map_descriptors(struct model *m, struct contig_diag *diag)
{
	size_t entries = lists_of(m, m->nr_zones);
	size_t blocks = ((size_t)m->end >> m->P) + 1;

	m->page_bytes = entries * sizeof(struct page);
	m->metadata_bytes = m->page_bytes + blocks + sizeof(*m) + m->nr_zones * sizeof(struct zone);
	m->page_bytes = (m->page_bytes + MACHINE_PAGE - 1) / MACHINE_PAGE * MACHINE_PAGE;
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
	for (z = m->zone; z < m->zone + m->nr_zones; z++) {
		int rc = place_descriptors(m, z, z->start, zone_end(z), diag);

		rc = rc || !m->threads
		             ? rc
		             : place_descriptors(m, z, lists_of(m, z->index), lists_of(m, z->index + 1), diag);
		if (rc)
			return rc;
	}
	return 0;
}

static void init_lists(struct model *m, struct zone *z)
{
	z->lists = lists_of(m, z->index);
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

/* The zones themselves, as far as descriptors need to know of them. */
static int map_zones(struct model *m, const struct contig_geometry *g, struct contig_diag *diag)
{
	void *p =
		mmap(NULL, m->nr_zones * sizeof(*m->zone), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -ENOMEM;
	m->zone = p;
	for (uint32_t i = 0; i < m->nr_zones; i++) {
		int rc = place_metadata(m, &m->zone[i], sizeof(m->zone[i]), g->zones[i].node, diag);

		if (rc)
			return rc;
		m->zone[i].start = g->zones[i].start;
		m->zone[i].pages = g->zones[i].pages;
		m->zone[i].index = i;
		m->zone[i].node = g->zones[i].node;
		m->zone[i].type = g->zones[i].type;
	}
	return 0;
}

static int init_zones(struct model *m, const struct contig_geometry *g, struct contig_diag *diag)
{
	struct contig_zone want[CONTIG_MAX_ZONES];

	memcpy(want, g->zones, g->nr_zones * sizeof(*want));
	for (uint32_t i = 0; i < g->nr_zones; i++)
		want[i].managed = want[i].managed ? want[i].managed : want[i].pages;
	default_watermarks(want, g);
	for (uint32_t i = 0; i < g->nr_zones; i++) {
		struct zone *z = &m->zone[i];

		z->managed = want[i].managed;
		z->wmark_min = want[i].wmark_min;
		z->wmark_low = want[i].wmark_low;
		z->hot_is_low = g->nr_zones > 1;
		z->isolated_counted = m->policy.isolated_counted_free == isolated_counted_free_yes;
		z->held_is_free = m->policy.watermark_highatomic == watermark_highatomic_free;
		marks_changed(z);
		init_lists(m, z);
		init_pages(m, z, (enum contig_init)g->init);
		if (pcp_open(m, z, want[i].wmark_low, g, diag))
			return -ENOMEM;
	}
	m->first_pcp = m->zone->pcp;
	return build_zonelists(m);
}

struct contig *model_open(const struct contig_backend *self, const struct contig_geometry *g,
                          const struct contig_hooks *hooks, const char *knobs, struct contig_diag *diag)
{
	struct contig_policy policy = *self->preset;

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

	contig_diag_set(diag, -ENOMEM, "%s: not enough memory for the metadata of this geometry", self->name);
	if (!m)
		return NULL;
	m->base.ops = self;
	m->policy = policy;
	m->hooks = *hooks;
	m->threads = hooks->threads;
	m->P = g->pageblock_order;
	m->block_factor = UINT64_C(1) << (32 - m->P);
	m->M = g->max_order;
	m->nr_cpus = g->nr_cpus;
	m->nr_zones = g->nr_zones;
	for (uint32_t i = 0; i < g->nr_zones; i++) {
		if (m->end < g->zones[i].start + g->zones[i].pages)
			m->end = g->zones[i].start + g->zones[i].pages;
	}
	if (!map_zones(m, g, diag) && !map_descriptors(m, diag) && !init_zones(m, g, diag) &&
	    (!m->threads || !threads_open(m, g, diag)))
		return &m->base;
	model_close(&m->base);
	return NULL;
}

void model_close(struct contig *c)
{
	struct model *m = model_of(c);

	for (uint32_t i = 0; m->zone && i < m->nr_zones; i++)
		pcp_close(m, &m->zone[i]);
	if (m->page)
		munmap(m->page, m->page_bytes);
	ranges_free(m);
	free(m->zonelist);
	free(m->block);
	if (m->zone)
		munmap(m->zone, m->nr_zones * sizeof(*m->zone));
	free(m);
}

const struct contig_policy *model_policy(struct contig *c)
{
	return &model_of(c)->policy;
}
