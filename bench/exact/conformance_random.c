// SPDX-License-Identifier: MIT
/*
 * conformance_random.c - random requests on a recorded layout.
 *
 * Each line of a layout is a pageblock: kernel, number, type, bitmap of unmovable pages, bitmap of free pages. What is
 * neither is an order-0 page on the LRU. Free pages form the largest aligned buddies.
 */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "conformance.h"
#include "conformance_files.h"

#define NPB        512u
#define MAX_BLOCKS 4096u
#define CPU        1u

/* ---- the layout ------------------------------------------------------------------------------ */

struct block_layout {
	char type; /* 0: not given */
	uint8_t unmovable[NPB / 8];
	uint8_t free[NPB / 8];
};

struct layout {
	struct conformance_kernel *k;
	struct contig *c;
	struct contig_geometry g;
	uint32_t nr_blocks;
	struct block_layout block[MAX_BLOCKS];
	bool broken; /* verify failed: what follows says nothing */
};

struct random_run {
	struct conformance *c;
	const char *const *backends;
	size_t nr_backends;
	const char *file;
	uint32_t nr;
	struct layout *layout[CONFORMANCE_MAX_KERNELS];
	uint32_t line;
};

static bool bit(const uint8_t *map, uint32_t i)
{
	return map[i / 8] >> i % 8 & 1;
}

/* Hexadecimal digits in address order, the lowest bit of a digit the lowest page. */
static bool parse_bitmap(const char *hex, uint8_t *map)
{
	memset(map, 0, NPB / 8);
	if (strlen(hex) != NPB / 4)
		return false;
	for (uint32_t i = 0; i < NPB / 4; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *d = strchr(digits, hex[i]);

		if (!d)
			return false;
		map[i / 2] |= (uint8_t)((d - digits) << i % 2 * 4);
	}
	return true;
}

static struct layout *layout_of(struct random_run *r, const char *kernel)
{
	for (uint32_t i = 0; i < r->nr; i++) {
		if (!strcmp(r->layout[i]->k->kernel, kernel))
			return r->layout[i];
	}
	struct conformance_kernel *k = conformance_kernel(r->c, kernel, r->backends, r->nr_backends);

	if (!k || r->nr == CONFORMANCE_MAX_KERNELS)
		return NULL;
	r->layout[r->nr] = calloc(1, sizeof(struct layout));
	if (r->layout[r->nr])
		r->layout[r->nr]->k = k;
	return r->layout[r->nr++];
}

static int add_block(void *ctx, const char *line, struct contig_diag *diag)
{
	char kernel[16], digits[8], type, unmovable[160], free_pages[160];
	int behind = 0;

	if (sscanf(line, "%15s %7s %c %159s %159s %n", kernel, digits, &type, unmovable, free_pages, &behind) != 5 ||
	    line[behind])
		return contig_diag_set(diag, -EBADMSG, "not kernel, pageblock, type and two bitmaps");
	unsigned long number = digits[strspn(digits, "0123456789")] ? MAX_BLOCKS : strtoul(digits, NULL, 10);

	if (number >= MAX_BLOCKS || contig_type_of_letter(type) == MT_NR)
		return contig_diag_set(diag, -EBADMSG, "pageblock %s of type %c: at most %u, of U M R H C", digits,
		                       type, MAX_BLOCKS - 1);
	struct layout *l = layout_of(ctx, kernel);

	if (!l)
		return contig_diag_set(diag, -ENOMEM, "kernel %s: too many kernels", kernel);
	struct block_layout *b = &l->block[number];

	if (b->type)
		return contig_diag_set(diag, -EBADMSG, "pageblock %lu of %s is there twice", number, kernel);
	if (!parse_bitmap(unmovable, b->unmovable) || !parse_bitmap(free_pages, b->free))
		return contig_diag_set(diag, -EBADMSG, "a bitmap is not %u hexadecimal digits", NPB / 4);
	b->type = type;
	if (number >= l->nr_blocks)
		l->nr_blocks = (uint32_t)number + 1;
	for (uint32_t i = 0; i < NPB / 8; i++) {
		if (b->unmovable[i] & b->free[i])
			return contig_diag_set(diag, -EBADMSG,
			                       "pageblock %lu of %s has a page that is unmovable and free", number,
			                       kernel);
	}
	return 0;
}

/* Largest order of a free aligned run at this page, within its block. */
static unsigned int free_order(const struct block_layout *b, uint32_t page)
{
	unsigned int order = 0;

	while (order < 9 && !(page & ((2u << order) - 1))) {
		for (uint32_t i = page + (1u << order); i < page + (2u << order); i++) {
			if (!bit(b->free, i))
				return order;
		}
		order++;
	}
	return order;
}

static bool wholly_free(const struct block_layout *b)
{
	return bit(b->free, 0) && free_order(b, 0) == 9;
}

static int place_block(struct layout *l, block_t n)
{
	const struct contig_lab *lab = l->c->ops->lab;
	const struct block_layout *b = &l->block[n], *pair = &l->block[n ^ 1];
	pfn_t start = n * NPB;
	int rc = 0;

	/* two free blocks of one type are one run; the upper one was placed with the lower */
	if ((n ^ 1) < l->nr_blocks && wholly_free(b) && wholly_free(pair) && b->type == pair->type)
		return n & 1 ? 0 : lab->place(l->c, start, 10, PAGE_FREE, OWNER_NONE);
	for (uint32_t i = 0; i < NPB && !rc;) {
		unsigned int order = bit(b->free, i) ? free_order(b, i) : 0;
		enum page_kind kind = bit(b->free, i) ? PAGE_FREE : bit(b->unmovable, i) ? PAGE_KERNEL : PAGE_LRU;

		rc = lab->place(l->c, start + i, order, kind, kind == PAGE_FREE ? OWNER_NONE : start + i + 1);
		i += 1u << order;
	}
	return rc;
}

static int load_layout(struct layout *l, struct contig_diag *diag)
{
	static const struct contig_hooks no_hooks = { 0 };

	arena_geometry(&l->g, l->nr_blocks * NPB);
	l->c = contig_open(l->k->backend, &l->g, &no_hooks, diag);
	if (!l->c)
		return -EINVAL;
	for (block_t n = 0; n < l->nr_blocks; n++) {
		if (!l->block[n].type)
			return contig_diag_set(diag, -EBADMSG, "the layout of %s lacks pageblock %u", l->k->kernel, n);
		if (l->c->ops->lab->set_type(l->c, n, contig_type_of_letter(l->block[n].type)))
			return contig_diag_set(diag, -EBADMSG, "pageblock %u of %s can not be set up", n, l->k->kernel);
	}
	for (block_t n = 0; n < l->nr_blocks; n++) {
		if (place_block(l, n))
			return contig_diag_set(diag, -EBADMSG, "pageblock %u of %s can not be laid out", n,
			                       l->k->kernel);
	}
	if (arena_free_other_node(l->c, &l->g))
		return contig_diag_set(diag, -EINVAL, "the other node can not be laid out");
	return l->c->ops->lab->verify(l->c, diag);
}

/* ---- the requests ---------------------------------------------------------------------------- */

static void types_of(const struct layout *l, pfn_t start, uint32_t nr, char *out, size_t size)
{
	size_t at = 0;

	for (block_t b = start / NPB; b <= (start + nr - 1) / NPB && at + 1 < size; b++)
		out[at++] = contig_type_letter(l->c->ops->lab->type(l->c, b, NULL));
	out[at] = '\0';
}

struct recorded_request {
	const char *kernel, *stage, *before, *after;
	json_int_t start, pages, rc, migrated;
};

static void run_request(struct random_run *r, struct layout *l, const struct recorded_request *q,
                        struct contig_diag *diag)
{
	struct conformance_kernel *k = l->k;
	struct contig_range_args args = { .start = (pfn_t)q->start, .nr = (uint32_t)q->pages, .cpu = CPU };
	struct contig_outcome o;
	char where[128], types[MAX_BLOCKS + 1];

	snprintf(where, sizeof(where), "%.60s request %u at %u+%u", r->file, r->line, args.start, args.nr);
	l->c->ops->lab->drain(l->c);
	types_of(l, args.start, args.nr, types, sizeof(types));
	conformance_compare(r->c, k, &k->random_types, true, where, "types before", q->before, types);
	int rc = contig_range_alloc(l->c, &args, &o);

	conformance_compare_number(r->c, k, &k->random_rc, true, where, "rc", q->rc, rc);
	conformance_compare(r->c, k, &k->random_stage, true, where, "stage", q->stage, outcome_stage(&o));
	types_of(l, args.start, args.nr, types, sizeof(types));
	conformance_compare(r->c, k, &k->random_types, true, where, "types after", q->after, types);
	/* which pages lie in the range by now depends on list orders that the layout does not hold: counted, no verdict */
	k->random_migrated.of++;
	k->random_migrated.agree += o.total.migrated == q->migrated;
	if (!rc && !q->rc) {
		k->random_pages_model += o.total.migrated;
		k->random_pages_kernel += (uint64_t)q->migrated;
	}
	if (!rc)
		contig_range_free(l->c, CPU, args.start, args.nr);
	k->requests++;
	if (l->c->ops->lab->verify(l->c, diag)) {
		conformance_compare(r->c, k, &k->random_types, true, where, "invariants", "hold", diag->text);
		l->broken = true;
	}
}

/* A recorded layout says what lies where, and not in which order lists hold it: no kernel can be brought there. */
static bool is_asked(const struct layout *l)
{
	return l->k->backend[0] && !contig_name_machine(l->k->backend);
}

static int add_request(void *ctx, const char *line, struct contig_diag *diag)
{
	struct random_run *r = ctx;
	struct recorded_request q;
	json_error_t err;
	json_t *record = json_loads(line, 0, &err);
	int rc = 0;

	r->line++;
	if (!record)
		return contig_diag_set(diag, -EBADMSG, "not JSON: %s", err.text);
	if (json_unpack_ex(record, &err, 0, "{s:s,s:I,s:I,s:I,s:s,s:I,s:s,s:s}", "kernel", &q.kernel, "start", &q.start,
	                   "pages", &q.pages, "rc", &q.rc, "stage", &q.stage, "migrated", &q.migrated, "type_before",
	                   &q.before, "type_after", &q.after)) {
		rc = contig_diag_set(diag, -EBADMSG, "%s", err.text);
		goto out;
	}
	struct layout *l = NULL;

	for (uint32_t i = 0; i < r->nr && !l; i++)
		l = strcmp(r->layout[i]->k->kernel, q.kernel) ? NULL : r->layout[i];
	if (!l)
		rc = contig_diag_set(diag, -EBADMSG, "the layout has no kernel %s", q.kernel);
	else if (q.start < 0 || q.pages < 1 || q.migrated < 0 || q.start >= l->nr_blocks * (json_int_t)NPB ||
	         q.pages > l->nr_blocks * (json_int_t)NPB - q.start)
		rc = contig_diag_set(diag, -EBADMSG,
		                     "%" JSON_INTEGER_FORMAT "+%" JSON_INTEGER_FORMAT " lies outside the layout of "
		                     "%u pages",
		                     q.start, q.pages, l->nr_blocks * NPB);
	else if (!is_asked(l))
		l->k->requests++;
	else if (!l->broken)
		run_request(r, l, &q, diag);
out:
	json_decref(record);
	return rc;
}

static int run_file(struct conformance *c, const char *dir, const char *name, const char *const *backends,
                    size_t nr_backends, struct contig_diag *diag)
{
	struct random_run r = { .c = c, .backends = backends, .nr_backends = nr_backends, .file = name };
	char layout[300];

	snprintf(layout, sizeof(layout), "%.*s.layout.gz", (int)(strlen(name) - strlen(".jsonl")), name);
	int rc = conformance_each_line(dir, layout, add_block, &r, diag);

	if (rc == -ENOENT)
		rc = contig_diag_set(diag, rc, "%s/%s has no layout: %s is missing", dir, name, layout);

	for (uint32_t i = 0; i < r.nr && !rc; i++) {
		struct contig_diag inner = { "" };

		if (is_asked(r.layout[i]))
			rc = load_layout(r.layout[i], &inner);
		if (rc)
			contig_diag_set(diag, rc, "%s/%s: %.400s", dir, layout, inner.text);
	}
	rc = rc ? rc : conformance_each_line(dir, name, add_request, &r, diag);
	for (uint32_t i = 0; i < r.nr; i++) {
		if (r.layout[i])
			contig_close(r.layout[i]->c);
		free(r.layout[i]);
	}
	return rc;
}

static int is_random(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len < 256 && !strncmp(d->d_name, "random-", 7) && len > 13 && !strcmp(d->d_name + len - 6, ".jsonl");
}

int conformance_random(struct conformance *c, const char *dir, const char *const *backends, size_t nr_backends,
                       struct contig_diag *diag)
{
	struct dirent **names;
	int nr = scandir(dir, &names, is_random, alphasort), rc = 0;

	if (nr < 0)
		return contig_diag_set(diag, -errno, "%s: %s", dir, strerror(errno));
	for (int i = 0; i < nr; i++) {
		if (!rc)
			rc = run_file(c, dir, names[i]->d_name, backends, nr_backends, diag);
		free(names[i]);
	}
	free(names);
	return rc;
}
