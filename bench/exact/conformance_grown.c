// SPDX-License-Identifier: MIT
/*
 * conformance_grown.c - memory that has grown in a kernel grows in the model: from the layout before, by the same allocations
 * and frees (allocators/linux/agent/nature.h), to the layout that random requests were then made on. What decides there is how
 * one allocates: fallback, per-cpu lists, merging.
 */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../../allocators/linux/agent/nature.h"
#include "../../workloads/layout.h"
#include "arena.h"
#include "conformance.h"
#include "conformance_files.h"
#include "random_model.h"

#define NODE 1u

struct grown_file {
	struct conformance *c;
	const char *dir, *file;
	const char *const *backends;
	size_t nr_backends;
	char name[CONFORMANCE_NAME];
};

/* ---- one kernel's layout of a file ----------------------------------------------------------- */

struct search {
	const char *kernel;
	size_t len;
	struct zone_layout *zone;
};

static int take_line(void *ctx, const char *line, struct contig_diag *diag)
{
	const struct search *s = ctx;

	if (strncmp(line, s->kernel, s->len) != 0 || line[s->len] != ' ')
		return 0;
	return zone_layout_parse(s->zone, line + s->len + 1, diag);
}

static int open_layout(const struct grown_file *f, const struct conformance_kernel *k, const char *prefix,
                       struct random_model *m, struct contig_diag *diag)
{
	struct zone_layout *zone = calloc(1, sizeof(*zone));
	struct search s = { k->kernel, strlen(k->kernel), zone };
	struct contig_diag inner = { "" };
	char name[128];

	if (!zone)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	snprintf(name, sizeof(name), "%s-%s.layout.gz", prefix, f->name);
	int rc = conformance_each_line(f->dir, name, take_line, &s, diag);

	if (!rc) {
		rc = random_model_open(m, zone, k->backend, &inner);
		if (rc)
			contig_diag_set(diag, rc, "%s/%s: kernel %s: %.350s", f->dir, name, k->kernel, inner.text);
	}
	zone_layout_free(zone);
	free(zone);
	return rc;
}

/* ---- growing --------------------------------------------------------------------------------- */

#define MOST_FRESH 32u

struct world {
	struct contig *c;
	uint32_t lru_batch, nr_fresh; /* user pages that are not on the LRU yet: fallback counts them as unmovable */
	pfn_t fresh[MOST_FRESH];
	uint64_t nr, room;
	pfn_t *at; /* by handle, which is the owner's number */
};

static int allocate(struct world *w, enum page_kind kind, unsigned int order, enum migratetype mt, uint64_t *handle)
{
	struct contig_what what = { .kind = (uint8_t)kind,
		                    .order = (uint8_t)order,
		                    .migratetype = (uint8_t)mt,
		                    .node = NODE,
		                    .this_node = true };

	if (w->nr + 1 >= w->room) {
		uint64_t room = w->room ? 2 * w->room : 1u << 16;
		pfn_t *at = realloc(w->at, room * sizeof(*at));

		if (!at)
			return -ENOSPC;
		w->at = at;
		w->room = room;
	}
	/* owners of what was there before are page numbers and one more */
	owner_t owner = ((owner_t)1 << 32) + w->nr;
	int64_t pfn = contig_alloc(w->c, RANDOM_CPU, what, owner);

	if (pfn < 0)
		return (int)pfn;
	w->at[w->nr] = (pfn_t)pfn;
	*handle = w->nr++;
	return 0;
}

static int give(void *ctx, uint64_t handle)
{
	struct world *w = ctx;

	return contig_free(w->c, RANDOM_CPU, w->at[handle], ((owner_t)1 << 32) + handle);
}

static int take(void *ctx, unsigned int order, bool reclaimable, uint64_t *handle)
{
	return allocate(ctx, reclaimable ? PAGE_RECLAIMABLE : PAGE_KERNEL, order,
	                reclaimable ? MT_RECLAIMABLE : MT_UNMOVABLE, handle);
}

static void flush(struct world *w)
{
	for (uint32_t i = 0; i < w->nr_fresh; i++)
		w->c->ops->lab->to_lru(w->c, w->fresh[i]);
	w->nr_fresh = 0;
}

static int map(void *ctx, unsigned int order, uint64_t *handle)
{
	struct world *w = ctx;
	int rc = allocate(w, PAGE_USER, order, MT_MOVABLE, handle);

	if (rc)
		return rc;
	w->fresh[w->nr_fresh++] = w->at[*handle];
	/* a full batch goes to the LRU, and so does one that a compound joins */
	if (w->nr_fresh >= w->lru_batch || order)
		flush(w);
	return 0;
}

static int unmap(void *ctx, unsigned int order, uint64_t handle)
{
	(void)order;
	return give(ctx, handle);
}

static bool whole(void *ctx)
{
	struct world *w = ctx;
	struct contig_stats s;
	uint64_t nr = 0;

	contig_stats(w->c, 0, &s);
	for (unsigned int order = NATURE_THP_ORDER; order <= CONTIG_MAX_ORDER; order++)
		nr += s.nr_free[order];
	return nr;
}

static int drain(void *ctx)
{
	struct world *w = ctx;

	flush(w);
	w->c->ops->lab->drain(w->c);
	return 0;
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* A kernel can not tell reclaimable memory from other memory of its own once it is allocated as a whole. */
static char letter(void *ctx, pfn_t pfn, const struct contig_run *run)
{
	(void)ctx;
	(void)pfn;
	return run->kind == PAGE_RECLAIMABLE ? 'K' : 0;
}

static int compare(const struct grown_file *f, struct conformance_kernel *k, struct conformance_grown_row *row,
                   struct random_model *kernel, struct random_model *model, struct contig_diag *diag)
{
	const uint32_t nr = kernel->g.zones[0].pages / LAYOUT_NPB;
	char where[128];
	int rc = 0;

	for (block_t b = 0; b < nr && !rc; b++) {
		char *types[2] = { layout_types(kernel->c, b, 1), layout_types(model->c, b, 1) };
		char *maps[2] = { layout_map(kernel->c, &kernel->g, b, 1, true, letter, NULL),
			          layout_map(model->c, &model->g, b, 1, true, letter, NULL) };

		snprintf(where, sizeof(where), "%.60s pageblock %u", f->file, b);
		if (types[0] && types[1] && maps[0] && maps[1]) {
			conformance_compare(f->c, k, &row->types, true, where, "type", types[0], types[1]);
			conformance_compare(f->c, k, &row->map, true, where, "map", maps[0], maps[1]);
		} else {
			rc = contig_diag_set(diag, -ENOMEM, "no memory");
		}
		for (size_t i = 0; i < 2; i++) {
			free(types[i]);
			free(maps[i]);
		}
	}
	return rc;
}

static int grow(const struct grown_file *f, struct conformance_kernel *k, const struct nature_world *like,
                uint64_t seed, uint32_t fill, uint32_t unmovable, struct contig_diag *diag)
{
	struct random_model before = { 0 }, after = { 0 };
	struct world w = { 0 };
	struct nature_world world = *like;
	struct splitmix rng = { seed };
	struct nature_counts counts;

	if (f->c->nr_grown == CONFORMANCE_MAX_ROWS)
		return contig_diag_set(diag, -EBADMSG, "more than %u memories", CONFORMANCE_MAX_ROWS);
	struct conformance_grown_row *row = &f->c->grown[f->c->nr_grown++];

	row->kernel = (uint32_t)(k - f->c->kernel);
	memcpy(row->name, f->name, sizeof(row->name));
	int rc = open_layout(f, k, "grown", &before, diag);

	rc = rc ? rc : open_layout(f, k, "random", &after, diag);
	if (!rc) {
		w.c = before.c;
		w.lru_batch = recorded_kernel_for(k->backend)->lru_batch;
		world.ctx = &w;
		world.take = take;
		world.give = give;
		world.map = map;
		world.unmap = unmap;
		world.whole = whole;
		world.drain = drain;
		rc = nature_run(&world, &rng, fill, unmovable, &counts);
		if (rc)
			contig_diag_set(diag, rc, "it can not grow in the model: %s", strerror(-rc));
	}
	if (!rc && before.g.zones[0].pages != after.g.zones[0].pages)
		rc = contig_diag_set(diag, -EBADMSG, "the zone has %u pages before and %u afterwards",
		                     before.g.zones[0].pages, after.g.zones[0].pages);
	rc = rc ? rc : compare(f, k, row, &after, &before, diag);
	random_model_close(&before);
	random_model_close(&after);
	free(w.at);
	return rc;
}

/* ---- the files ------------------------------------------------------------------------------- */

static int add_grown(void *ctx, const char *line, struct contig_diag *diag)
{
	struct grown_file *f = ctx;
	const char *kernel;
	json_int_t seed, fill, unmovable, managed, in_use, most;
	json_error_t err;
	json_t *record = json_loads(line, 0, &err);
	int rc = 0;

	if (!record)
		return contig_diag_set(diag, -EBADMSG, "not JSON: %s", err.text);
	if (json_unpack_ex(record, &err, 0, "{s:s,s:I,s:I,s:I,s:I,s:I,s:I}", "kernel", &kernel, "seed", &seed, "fill",
	                   &fill, "unmovable", &unmovable, "managed", &managed, "in_use", &in_use, "most", &most)) {
		rc = contig_diag_set(diag, -EBADMSG, "%s", err.text);
		goto out;
	}
	struct conformance_kernel *k = conformance_kernel(f->c, kernel, f->backends, f->nr_backends);
	const json_int_t pages = (json_int_t)LAYOUT_MAX_BLOCKS * LAYOUT_NPB;

	if (!k)
		rc = contig_diag_set(diag, -EBADMSG, "kernel %s: too many kernels, or its name is too long", kernel);
	else if (fill < 1 || fill > 99 || unmovable < 0 || unmovable > 500 || managed < 1 || managed > pages ||
	         in_use < 0 || in_use > managed || most < 0 || most > managed)
		rc = contig_diag_set(diag, -EBADMSG, "fill is 1 to 99, unmovable up to 500, the rest pages of a zone");
	else if (k->backend[0] && !contig_name_machine(k->backend))
		rc = grow(f, k,
		          &(struct nature_world){
				  .managed = (uint64_t)managed, .in_use = (uint64_t)in_use, .most = (uint64_t)most },
		          (uint64_t)seed, (uint32_t)fill, (uint32_t)unmovable, diag);
out:
	json_decref(record);
	return rc;
}

static int is_grown(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len < CONFORMANCE_NAME && !strncmp(d->d_name, "grown-", 6) && len > 12 &&
	       !strcmp(d->d_name + len - 6, ".jsonl");
}

int conformance_grown(struct conformance *c, const char *dir, const char *const *backends, size_t nr_backends,
                      struct contig_diag *diag)
{
	struct dirent **names;
	int nr = scandir(dir, &names, is_grown, versionsort), rc = 0;

	if (nr < 0)
		return contig_diag_set(diag, -errno, "%s: %s", dir, strerror(errno));
	for (int i = 0; i < nr; i++) {
		struct grown_file f = {
			.c = c, .dir = dir, .file = names[i]->d_name, .backends = backends, .nr_backends = nr_backends
		};

		snprintf(f.name, sizeof(f.name), "%.*s", (int)(strlen(f.file) - 12), f.file + 6);
		rc = rc ? rc : conformance_each_line(dir, f.file, add_grown, &f, diag);
		free(names[i]);
	}
	free(names);
	return rc;
}
