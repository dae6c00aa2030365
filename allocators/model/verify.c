// SPDX-License-Identifier: MIT
/* verify.c - every invariant of 2.3 that holds for the policy, in one pass over pages, lists and per-cpu lists. */
#include "freelist.h"

/* What a walk over the pages finds, to be held against counters and lists. */
struct census {
	uint64_t nr_free[CONTIG_MAX_ORDER + 1];
	uint64_t free;      /* pages in free runs */
	uint64_t on_lists;  /* of these, on lists that NR_FREE_PAGES counts */
	uint64_t cma_lists; /* on CMA lists */
	uint64_t highatomic_lists;
	uint64_t cma_blocks;  /* in CMA blocks */
	uint64_t in_isolated; /* in isolated blocks */
	uint64_t pcp;
};

/* v6.10: every page is on the list of its block's type. Each of these rules is needed for it, and no one is enough. */
bool hygienic(const struct model *m)
{
	return by_block(m) && m->policy.iso_straddle == iso_straddle_split_in_isolate &&
	       m->policy.merge_rule == merge_rule_mergeable_retype && m->policy.pcp_type == pcp_type_reread &&
	       (m->policy.fallback == fallback_claim_steal || m->policy.fallback == fallback_hygienic_old);
}

#define BROKEN(...) contig_diag_set(diag, -EUCLEAN, __VA_ARGS__)

/* I4 below a pageblock, I8 */
static int check_free_run(const struct model *m, const struct zone *z, pfn_t pfn, struct contig_diag *diag)
{
	unsigned int order = state_order(state_at(m, pfn));
	enum migratetype list = state_type(state_at(m, pfn));
	pfn_t buddy = pfn ^ (1u << order);

	if (order < m->P && order < m->M && zone_has(z, buddy) && state_is_free(state_at(m, buddy), order))
		return BROKEN("I4: pfn %u: free run of order %u beside its free buddy at %u", pfn, order, buddy);
	if (!hygienic(m))
		return 0;
	for (pfn_t p = pfn; p < pfn + (1u << order); p += npb(m)) {
		if (type_at(m, p) != list)
			return BROKEN("I8: pfn %u: free run on the %s list lies in a %s block", p,
			              contig_type_name(list), contig_type_name(type_at(m, p)));
	}
	return 0;
}

static void count_free_run(const struct model *m, const struct zone *z, pfn_t pfn, struct census *n)
{
	unsigned int order = state_order(state_at(m, pfn));
	enum migratetype list = state_type(state_at(m, pfn));
	uint64_t pages = UINT64_C(1) << order;

	n->nr_free[order]++;
	n->free += pages;
	n->on_lists += type_counted(z, list) ? pages : 0;
	n->highatomic_lists += list == MT_HIGHATOMIC ? pages : 0;
	n->cma_lists += list == MT_CMA ? pages : 0;
	for (pfn_t p = pfn; p < pfn + pages; p += npb(m)) {
		uint64_t inside = pages < npb(m) ? pages : npb(m);

		n->in_isolated += block_isolated(m, p >> m->P) && !z->isolated_counted ? inside : 0;
		n->cma_blocks += type_at(m, p) == MT_CMA ? inside : 0;
	}
}

/* I1, I2: runs are aligned, inside the zone, and tile it; what lies inside a run says nothing. */
static int walk_pages(const struct model *m, const struct zone *z, struct census *n, struct contig_diag *diag)
{
	for (pfn_t pfn = z->start; pfn < zone_end(z);) {
		uint32_t state = state_at(m, pfn);
		unsigned int order = state_order(state);

		if (state == STATE_INTERIOR || state_kind(state) >= PAGE_KIND_NR)
			return BROKEN("I2: pfn %u: no run begins here and none covers it", pfn);
		if (order > m->M || pfn & ((1u << order) - 1) || zone_end(z) - pfn < 1u << order)
			return BROKEN("I1: pfn %u: run of order %u is misaligned or leaves its zone", pfn, order);
		for (pfn_t p = pfn + 1; p < pfn + (1u << order); p++) {
			if (state_at(m, p) != STATE_INTERIOR)
				return BROKEN("I1: pfn %u: a %s page inside the run at %u", p,
				              contig_kind_name(state_kind(state_at(m, p))), pfn);
		}
		if (state_is(state, PAGE_FREE)) {
			int rc = check_free_run(m, z, pfn, diag);

			if (rc)
				return rc;
			count_free_run(m, z, pfn, n);
		} else if (state_is(state, PAGE_PCP)) {
			n->pcp += 1u << order;
		} else if (state_is(state, PAGE_CONTIG) && page_owner(&m->page[pfn]) == OWNER_TAKEN &&
		           !range_holds(m, pfn)) {
			return BROKEN("pfn %u was taken for a contiguous request that is over, and never given back",
			              pfn);
		}
		pfn += 1u << order;
	}
	return 0;
}

/* I2, I3: each list holds free runs of its order and type, linked both ways, as many as were counted. */
static int walk_lists(const struct model *m, const struct zone *z, const struct census *n, struct contig_diag *diag)
{
	for (unsigned int order = 0; order <= m->M; order++) {
		uint64_t len = 0;

		for (enum migratetype mt = 0; mt < MT_NR; mt++) {
			pfn_t head = list_head(z, order, mt), prev = head;

			for (pfn_t p = m->page[head].link[0]; p != head; prev = p, p = m->page[p].link[0]) {
				if (!zone_has(z, p) ||
				    (state_at(m, p) & (STATE_KIND_MASK | STATE_ORDER_MASK | STATE_TYPE_MASK)) !=
				            state_make(PAGE_FREE, order, mt) ||
				    m->page[p].link[1] != prev)
					return BROKEN("I2: pfn %u does not belong on the %s list of order %u", p,
					              contig_type_name(mt), order);
				if (++len > n->nr_free[order])
					return BROKEN("I2: pfn %u: the %s list of order %u is longer than what is free",
					              p, contig_type_name(mt), order);
			}
		}
		if (len != z->nr_free[order] || len != n->nr_free[order])
			return BROKEN("I3: zone %u: nr_free[%u] is %llu, lists hold %llu, pages say %llu", z->index,
			              order, (unsigned long long)z->nr_free[order], (unsigned long long)len,
			              (unsigned long long)n->nr_free[order]);
	}
	return 0;
}

/* I5 */
static int walk_pcp(const struct model *m, const struct zone *z, const struct census *n, struct contig_diag *diag)
{
	uint64_t all = 0;

	for (uint32_t cpu = 0; cpu < m->nr_cpus; cpu++) {
		const struct pcp *pcp = &z->pcp[cpu];
		uint64_t pages = 0;

		for (unsigned int i = 0; i < PCP_LISTS; i++) {
			const struct pcp_list *l = &pcp->list[i];

			for (const pfn_t *at = l->head; at < l->tail; at++) {
				pfn_t pfn = *at;

				if (!zone_has(z, pfn) || !state_is(state_at(m, pfn), PAGE_PCP))
					return BROKEN("I5: pfn %u is on a per-cpu list of cpu %u and is not a pcp page",
					              pfn, cpu);
				pages += 1u << state_order(state_at(m, pfn));
			}
		}
		if (pages != pcp_pages(pcp))
			return BROKEN("I5: cpu %u: %u pages counted, %llu on its lists", cpu, pcp_pages(pcp),
			              (unsigned long long)pages);
		all += pages;
	}
	return all == n->pcp ? 0
	                     : BROKEN("I5: zone %u: %llu pcp pages, %llu on lists", z->index,
	                              (unsigned long long)n->pcp, (unsigned long long)all);
}

/*
 * I6. The list view holds up to the drift that the release's rules explain, which must be none from v6.10 on. The block
 * view holds then, too; before, at rest and as long as nothing has drifted.
 */
static int check_counters(const struct model *m, const struct zone *z, const struct census *n, struct contig_diag *diag)
{
	/* until v6.9 nothing moves in a block that the zone's end cuts: what was freed there while isolated stays so (3.4) */
	bool cut = (z->start | zone_end(z)) & (npb(m) - 1);
	/* until v3.17 an isolated run may take others along that un-isolating does not find again */
	bool any_merge = m->policy.merge_rule == merge_rule_always || m->policy.merge_rule == merge_rule_iso_cap_p;
	bool blocks = hygienic(m) || (!z->isolated && !z->drift && !cut && !any_merge);

	if (z->free - (uint64_t)z->drift != n->on_lists || (hygienic(m) && z->drift))
		return BROKEN("I6a: zone %u: NR_FREE_PAGES is %llu with a drift of %lld, the lists it counts hold %llu",
		              z->index, (unsigned long long)z->free, (long long)z->drift,
		              (unsigned long long)n->on_lists);
	if (blocks && z->free != n->free - n->in_isolated)
		return BROKEN("I6b: zone %u: NR_FREE_PAGES is %llu, free pages in blocks not isolated %llu", z->index,
		              (unsigned long long)z->free, (unsigned long long)(n->free - n->in_isolated));
	if (hygienic(m) && z->free_highatomic != n->highatomic_lists)
		return BROKEN("I6: zone %u: %llu free HIGHATOMIC pages counted, lists hold %llu", z->index,
		              (unsigned long long)z->free_highatomic, (unsigned long long)n->highatomic_lists);
	/* until v6.9 a page goes by the type it was freed as, while its block may have become CMA, or have been */
	if (hygienic(m) && !z->isolated_counted &&
	    ((uint64_t)z->free_cma != n->cma_lists || (uint64_t)z->free_cma != n->cma_blocks))
		return BROKEN("I6: zone %u: NR_FREE_CMA is %llu, CMA lists hold %llu, CMA blocks %llu", z->index,
		              (unsigned long long)z->free_cma, (unsigned long long)n->cma_lists,
		              (unsigned long long)n->cma_blocks);
	return 0;
}

/* I7: over all zones, as two may share a block. */
static int check_isolated(const struct model *m, struct contig_diag *diag)
{
	uint64_t counted = 0, lost = 0, found = 0;

	for (const struct zone *z = m->zone; z < m->zone + m->nr_zones; z++) {
		counted += z->isolated;
		lost += z->lost_isolation;
	}
	for (block_t b = 0; b <= (m->end - 1) >> m->P; b++)
		found += block_isolated(m, b);
	if (counted == found + lost && !(hygienic(m) && lost))
		return 0;
	return BROKEN("I7: %llu isolated blocks counted, %llu of them claimed meanwhile, %llu found",
	              (unsigned long long)counted, (unsigned long long)lost, (unsigned long long)found);
}

int model_verify(struct contig *c, struct contig_diag *diag)
{
	struct model *m = model_of(c);

	for (struct zone *z = m->zone; z < m->zone + m->nr_zones; z++) {
		struct census n = { 0 };
		int rc = walk_pages(m, z, &n, diag);

		rc = rc ? rc : walk_lists(m, z, &n, diag);
		rc = rc ? rc : walk_pcp(m, z, &n, diag);
		rc = rc ? rc : check_counters(m, z, &n, diag);
		if (rc)
			return rc;
	}
	return check_isolated(m, diag);
}
