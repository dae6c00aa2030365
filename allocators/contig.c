// SPDX-License-Identifier: MIT
/* contig.c - finding backends by name, checking geometries, names of things: what all backends share. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "contig.h"

#include "backends/linux.h"

extern const struct contig_backend first_fit;

/* In the order in which tables show them: kernels by age, baselines last. */
static const struct contig_backend *const backends[] = {
	&linux_3_5,  &linux_3_6, &linux_3_16, &linux_4_4,  &linux_5_10, &linux_rfc_2021, &linux_hildenbrand_2021,
	&linux_5_18, &linux_6_1, &linux_6_10, &linux_6_12, &linux_7_2,  &first_fit,
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct contig_backend *added[CONTIG_MAX_BACKENDS];
static size_t nr_added;

int contig_diag_set(struct contig_diag *diag, int err, const char *fmt, ...)
{
	va_list ap;

	if (diag) {
		va_start(ap, fmt);
		vsnprintf(diag->text, sizeof(diag->text), fmt, ap);
		va_end(ap);
	}
	return err;
}

const struct contig_backend *contig_backend_at(size_t i)
{
	if (i < COUNT(backends))
		return backends[i];
	return i - COUNT(backends) < nr_added ? added[i - COUNT(backends)] : NULL;
}

bool contig_backend_built_in(const struct contig_backend *b)
{
	for (size_t i = 0; i < COUNT(backends); i++) {
		if (backends[i] == b)
			return true;
	}
	return false;
}

const struct contig_backend *contig_backend_of(const char *spec)
{
	const struct contig_backend *b;
	size_t len = strcspn(spec, "+");

	for (size_t i = 0; (b = contig_backend_at(i)); i++) {
		if (strlen(b->name) == len && !strncmp(b->name, spec, len))
			return b;
	}
	return NULL;
}

bool contig_name_ok(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strnlen(name, CONTIG_MAX_NAME + 1);

	return len && len <= CONTIG_MAX_NAME && strspn(name, letters) == len && !strchr("._-", name[0]);
}

size_t contig_name_machine(const char *spec)
{
	size_t len = strcspn(spec, "+"), at = strcspn(spec, "@+");
	char part[CONTIG_MAX_NAME + 1];

	if (at == len || len > CONTIG_MAX_NAME)
		return 0;
	memcpy(part, spec, len);
	part[len] = part[at] = '\0';
	return contig_name_ok(part) && contig_name_ok(part + at + 1) ? at : 0;
}

int contig_backend_add(const struct contig_backend *b, struct contig_diag *diag)
{
	if (!contig_name_ok(b->name) && !contig_name_machine(b->name))
		return contig_diag_set(diag, -EINVAL,
		                       "a backend's name is 1 to %u of a-z, 0-9, '.', '_' and '-', and begins with a "
		                       "letter or a digit",
		                       CONTIG_MAX_NAME);
	if (contig_backend_of(b->name))
		return contig_diag_set(diag, -EEXIST, "there is a backend '%s' already", b->name);
	if (COUNT(backends) + nr_added == CONTIG_MAX_BACKENDS)
		return contig_diag_set(diag, -ENOSPC, "more than %u backends", CONTIG_MAX_BACKENDS);
	added[nr_added++] = b;
	return 0;
}

struct contig *contig_open(const char *spec, const struct contig_geometry *g, const struct contig_hooks *hooks,
                           struct contig_diag *diag)
{
	const struct contig_backend *b = contig_backend_of(spec);
	size_t len = strcspn(spec, "+");

	if (!b && contig_name_machine(spec))
		contig_diag_set(diag, -EINVAL,
		                "'%.*s' is a real kernel, whose time can be neither stopped nor counted: `contigbench "
		                "scenario` and `contigbench conformance` can ask it; here, a model (linux-6.1)",
		                (int)len, spec);
	else if (!b)
		contig_diag_set(diag, -EINVAL, "unknown backend '%.*s': `contigbench list backends` shows them",
		                (int)len, spec);
	if (!b || contig_geometry_check(g, diag))
		return NULL;
	contig_diag_set(diag, -EINVAL, "%s can not be opened, and does not say why", b->name);
	return b->open(b, g, hooks, spec[len] ? spec + len + 1 : NULL, diag);
}

int contig_spec_check(const char *spec, struct contig_diag *diag)
{
	struct contig_geometry g;

	contig_geometry_x86_64(&g, 1024);
	const struct contig_hooks none = { 0 };
	struct contig *c = contig_open(spec, &g, &none, diag);

	contig_close(c);
	return c ? 0 : -EINVAL;
}

void contig_geometry_x86_64(struct contig_geometry *g, uint32_t pages)
{
	memset(g, 0, sizeof(*g));
	g->page_shift = 12;
	g->pageblock_order = 9;
	g->max_order = 10;
	g->section_order = 15;
	g->nr_cpus = 1;
	g->nr_zones = 1;
	g->zones[0] = (struct contig_zone){ .pages = pages, .type = ZONE_NORMAL };
}

int contig_geometry_check(const struct contig_geometry *g, struct contig_diag *diag)
{
	if (g->page_shift < 9 || g->page_shift > 20)
		return contig_diag_set(diag, -EINVAL, "page size of 2^%u bytes: between 512 bytes and 1 MiB, please",
		                       g->page_shift);
	if (!g->max_order || g->max_order > CONTIG_MAX_ORDER)
		return contig_diag_set(diag, -EINVAL, "MAX_PAGE_ORDER %u: must lie in 1..%u", g->max_order,
		                       CONTIG_MAX_ORDER);
	if (!g->pageblock_order || g->pageblock_order > CONTIG_MAX_ORDER)
		return contig_diag_set(diag, -EINVAL, "pageblock_order %u: must lie in 1..%u", g->pageblock_order,
		                       CONTIG_MAX_ORDER);
	if (g->pageblock_order > g->max_order && !g->big_blocks_ok)
		return contig_diag_set(
			diag, -EINVAL,
			"pageblock_order %u is above MAX_PAGE_ORDER %u, which no kernel since v5.18 allows: "
			"ask for it explicitly (--big-blocks) or lower it",
			g->pageblock_order, g->max_order);
	if (g->section_order && g->max_order > g->section_order && !g->big_buddies_ok)
		return contig_diag_set(
			diag, -EINVAL,
			"MAX_PAGE_ORDER %u is above the section order %u, so a buddy could cross a memory "
			"section: ask for it explicitly (--big-buddies) or raise the section (--section-order)",
			g->max_order, g->section_order);
	if (!g->nr_cpus || g->nr_cpus > CONTIG_MAX_CPUS)
		return contig_diag_set(diag, -EINVAL, "%u cpus: must lie in 1..%u", g->nr_cpus, CONTIG_MAX_CPUS);
	for (uint32_t i = 0; i < g->nr_cpus; i++) {
		if (g->cpu_node[i] >= CONTIG_MAX_NODES)
			return contig_diag_set(diag, -EINVAL, "cpu %u: node %u does not exist", i, g->cpu_node[i]);
	}
	if (g->init > CONTIG_INIT_RESERVED)
		return contig_diag_set(diag, -EINVAL, "initial state %u does not exist", g->init);
	if (!g->nr_zones || g->nr_zones > CONTIG_MAX_ZONES)
		return contig_diag_set(diag, -EINVAL, "%u zones: must lie in 1..%u", g->nr_zones, CONTIG_MAX_ZONES);
	for (uint32_t i = 0; i < g->nr_zones; i++) {
		const struct contig_zone *z = &g->zones[i];
		uint64_t end = (uint64_t)z->start + z->pages;

		if (!z->pages)
			return contig_diag_set(diag, -EINVAL, "zone %u has no pages", i);
		if (end >= PFN_NONE - (2u << CONTIG_MAX_ORDER))
			return contig_diag_set(diag, -EINVAL,
			                       "zone %u ends at pfn %llu: beyond what a 32-bit pfn can name", i,
			                       (unsigned long long)end);
		if (z->node >= CONTIG_MAX_NODES || z->type >= ZONE_TYPE_NR)
			return contig_diag_set(diag, -EINVAL, "zone %u: node %u or zone type %u does not exist", i,
			                       z->node, z->type);
		for (uint32_t j = 0; j < i; j++) {
			const struct contig_zone *y = &g->zones[j];

			if (z->start < (uint64_t)y->start + y->pages && y->start < end)
				return contig_diag_set(diag, -EINVAL, "zones %u and %u overlap at pfn %u", j, i,
				                       z->start > y->start ? z->start : y->start);
		}
	}
	return 0;
}

void contig_work_add(struct contig_work *to, const struct contig_work *w)
{
	to->phase = w->phase;
	to->blocks += w->blocks;
	to->scanned += w->scanned;
	to->moved += w->moved;
	to->drained += w->drained;
	to->drains += w->drains;
	to->migrated += w->migrated;
	to->not_migrated += w->not_migrated;
	to->replaced += w->replaced;
	to->grabbed += w->grabbed;
}

int contig_range_alloc(struct contig *c, const struct contig_range_args *args, struct contig_outcome *out)
{
	struct contig_range *r;
	struct contig_work work;
	int rc = contig_range_begin(c, args, &r);

	if (rc) {
		memset(out, 0, sizeof(*out));
		out->rc = rc;
		out->autopsy.pfn = PFN_NONE;
		return rc;
	}
	while (contig_range_step(r, &work))
		;
	contig_range_end(r, out);
	return out->rc;
}

#define NAME_OF(table, i) ((size_t)(i) < COUNT(table) && (table)[i] ? (table)[i] : "?")

const char *contig_kind_name(enum page_kind kind)
{
	static const char *const names[] = {
		[PAGE_NONE] = "none",
		[PAGE_FREE] = "free",
		[PAGE_PCP] = "pcp",
		[PAGE_KERNEL] = "kernel",
		[PAGE_RECLAIMABLE] = "reclaimable",
		[PAGE_LRU] = "lru",
		[PAGE_LRU_COMPOUND] = "lru-compound",
		[PAGE_USER] = "user-not-lru",
		[PAGE_NONCOMPOUND] = "non-compound",
		[PAGE_MOVABLE_OPS] = "movable-ops",
		[PAGE_HUGETLB] = "hugetlb",
		[PAGE_HUGETLB_POOL] = "hugetlb-pool",
		[PAGE_GIGANTIC] = "gigantic",
		[PAGE_CONTIG] = "contig",
		[PAGE_OFFLINE] = "offline",
		[PAGE_HWPOISON] = "hwpoison",
		[PAGE_RESERVED] = "reserved",
		[PAGE_ABSENT] = "absent",
	};
	return NAME_OF(names, kind);
}

const char *contig_phase_name(enum contig_phase phase)
{
	static const char *const names[] = {
		[PHASE_ISOLATE] = "isolate", [PHASE_DRAIN] = "drain",   [PHASE_MIGRATE] = "migrate",
		[PHASE_TEST] = "test",       [PHASE_GRAB] = "grab",     [PHASE_UNDO] = "undo",
		[PHASE_DONE] = "done",       [PHASE_SEARCH] = "search",
	};
	return NAME_OF(names, phase);
}

const char *contig_reason_name(enum contig_reason reason)
{
	static const char *const names[] = {
		[WHY_NONE] = "none",
		[WHY_UNMOVABLE] = "unmovable",
		[WHY_PINNED] = "pinned",
		[WHY_PCP] = "pcp",
		[WHY_STRADDLES] = "straddles",
		[WHY_ALREADY_ISOLATED] = "already-isolated",
		[WHY_WRONG_TYPE] = "wrong-type",
		[WHY_NOT_LRU] = "not-on-lru",
		[WHY_NO_TARGET] = "no-target",
		[WHY_RACED] = "raced",
		[WHY_ZONE_EDGE] = "zone-edge",
		[WHY_RESERVED] = "reserved",
		[WHY_COMPOUND] = "compound",
		[WHY_HUGETLB] = "hugetlb",
		[WHY_HWPOISON] = "hwpoison",
		[WHY_OFFLINE] = "page-offline",
		[WHY_ABSENT] = "absent",
		[WHY_WATERMARK] = "watermark",
		[WHY_VETO] = "veto",
		[WHY_IN_USE] = "in-use",
		[WHY_NO_CANDIDATE] = "no-candidate",
	};
	return NAME_OF(names, reason);
}

static const char *const type_names[] = {
	[MT_UNMOVABLE] = "Unmovable",   [MT_MOVABLE] = "Movable", [MT_RECLAIMABLE] = "Reclaimable",
	[MT_HIGHATOMIC] = "HighAtomic", [MT_CMA] = "CMA",         [MT_ISOLATE] = "Isolate",
};

const char *contig_type_name(enum migratetype mt)
{
	return NAME_OF(type_names, mt);
}

char contig_type_letter(enum migratetype mt)
{
	return (size_t)mt < COUNT(type_names) ? "UMRHCI"[mt] : '?';
}

enum migratetype contig_type_of_letter(char letter)
{
	enum migratetype mt = 0;

	while (mt < MT_ISOLATE && contig_type_letter(mt) != letter)
		mt++;
	return mt < MT_ISOLATE ? mt : MT_NR;
}

/* blocks, free pages and suitable runs of spec section 10 */
static void sum_free(const struct contig_stats *s, unsigned int max_order, unsigned int order, int64_t *runs,
                     int64_t *pages, int64_t *suitable)
{
	*runs = *pages = *suitable = 0;
	for (unsigned int k = 0; k <= max_order; k++) {
		int64_t n = (int64_t)s->nr_free[k];

		*runs += n;
		*pages += n << k;
		if (k >= order)
			*suitable += n << (k - order);
	}
}

int contig_fragmentation_index(const struct contig_stats *s, unsigned int max_order, unsigned int order)
{
	int64_t runs, pages, suitable;

	sum_free(s, max_order, order, &runs, &pages, &suitable);
	if (!runs)
		return 0;
	if (suitable)
		return -1000;
	return (int)(1000 - (1000 + pages * 1000 / (INT64_C(1) << order)) / runs);
}

int contig_unusable_index(const struct contig_stats *s, unsigned int max_order, unsigned int order)
{
	int64_t runs, pages, suitable;

	sum_free(s, max_order, order, &runs, &pages, &suitable);
	if (!pages)
		return 1000;
	return (int)((pages - (suitable << order)) * 1000 / pages);
}
