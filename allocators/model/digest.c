// SPDX-License-Identifier: MIT
/*
 * digest.c - one number for all that decides what happens next: pages and the order of their lists, per-cpu lists, block
 * types, counters that rules ask, and where the requests stand. Statistics are not in it. Who explores interleavings of
 * requests knows by it that two ways have led to the same place.
 */
#include "range.h"

struct digest {
	uint64_t value;
};

static void add(struct digest *d, uint64_t word)
{
	d->value = (d->value ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	d->value ^= d->value >> 32;
}

static void add_bytes(struct digest *d, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint64_t word = 0;

	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		add(d, word);
	}
	word = len;
	memcpy(&word, at, len);
	add(d, word);
}

static void add_lists(struct digest *d, const struct pcp *pcp)
{
	add(d, (uint64_t)(uint32_t)pcp->room << 32 | pcp->high);
	add(d, (uint64_t)pcp->row << 32 | pcp->alloc_factor);
	add(d, pcp->batch);
	for (unsigned int i = 0; i < PCP_LISTS; i++) {
		const struct pcp_list *l = &pcp->list[i];

		add(d, (uint64_t)(l->tail - l->head));
		if (l->tail != l->head)
			add_bytes(d, l->head, (size_t)(l->tail - l->head) * sizeof(*l->head));
	}
}

static void add_zone(struct digest *d, const struct model *m, const struct zone *z)
{
	add(d, z->free);
	add(d, (uint64_t)z->free_cma);
	add(d, (uint64_t)z->wmark_raise);
	add(d, z->reserved_highatomic);
	add(d, z->free_highatomic);
	add(d, z->isolated);
	add(d, (uint64_t)z->drift);
	add(d, z->lost_isolation);
	add(d, (uint64_t)z->pcp_disabled << 32 | z->managed);
	for (uint32_t cpu = 0; cpu < m->nr_cpus; cpu++)
		add_lists(d, &z->pcp[cpu]);
}

static void add_request(struct digest *d, const struct range *r)
{
	add(d, (uint64_t)r->state << 32 | r->after_drain);
	add(d, (uint64_t)r->start << 32 | r->end);
	add(d, (uint64_t)r->args.cpu << 32 | (uint64_t)r->args.caller << 16 | r->args.op);
	add(d, (uint64_t)r->own << 32 | r->next);
	add(d, (uint64_t)r->isolated << 4 | (uint64_t)r->last_own << 3 | (uint64_t)r->pcp_off << 2 |
	               (uint64_t)r->raised << 1 | r->told);
	add(d, (uint64_t)r->pfn << 32 | r->outer);
	add(d, (uint64_t)r->tries << 32 | r->passes);
	add(d, (uint64_t)(uint32_t)r->out.rc << 32 | r->out.autopsy.phase);
	for (uint32_t i = 0; i < r->list.nr; i++)
		add(d, (uint64_t)r->list.pfn[i] << 8 | r->list.order[i]);
}

uint64_t model_digest(struct contig *c)
{
	const struct model *m = model_of(c);
	struct digest d = { 0 };

	/* behind the pages lie the list heads, and the links between them are the lists */
	add_bytes(&d, m->page, m->page_bytes);
	add_bytes(&d, m->block, (m->end + npb(m) - 1) >> m->P);
	for (uint32_t i = 0; i < m->nr_zones; i++)
		add_zone(&d, m, &m->zone[i]);
	for (const struct range *r = m->live; r; r = r->older)
		add_request(&d, r);
	return d.value;
}
