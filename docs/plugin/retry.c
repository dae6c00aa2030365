// SPDX-License-Identifier: MIT
/*
 * retry.c - an example of a plugin: a release of Linux that asks again when a contiguous request has failed.
 *
 * alloc_contig_range() is one attempt. That a page can not be moved now says little about a moment later: who holds a
 * reference may have dropped it. So some callers try again (virtio-mem five times from v5.16 on). What if alloc_contig_range() did so itself?
 *
 *	retry				linux-7.2, up to 5 attempts
 *	retry+of=linux-6.1+tries=3	another release, another number
 *	retry+merge_rule=iso_only	other words are knobs of the release
 *
 * All the work is done by the release, which is opened inside and gets every call handed on. A plugin that changes something else
 * begins as a copy of this file: replace range_step() and what it needs, and keep the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <contigbench/plugin.h>

#define DEFAULT_RELEASE "linux-7.2"
#define DEFAULT_TRIES   5u
#define MAX_TRIES       100u

/* An open backend. It begins with a struct contig, so that the program's pointer to that is a pointer to this. */
struct retry {
	struct contig base;
	struct contig *inner;
	unsigned int tries;
};

static struct contig *inner(struct contig *c)
{
	return ((struct retry *)c)->inner;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* "of=linux-6.1+tries=3+KNOB=VALUE" -> "linux-6.1+KNOB=VALUE" and 3. False: *diag says why not. */
static bool parse(const char *words, char spec[512], unsigned int *tries, struct contig_diag *diag)
{
	char release[64] = DEFAULT_RELEASE, knobs[400] = "", rest;

	while (words && *words) {
		int len = (int)strcspn(words, "+");

		if (!strncmp(words, "of=", 3)) {
			snprintf(release, sizeof(release), "%.*s", len - 3, words + 3);
		} else if (!strncmp(words, "tries=", 6)) {
			char number[16];

			snprintf(number, sizeof(number), "%.*s", len - 6, words + 6);
			if (sscanf(number, "%u%c", tries, &rest) != 1 || !*tries || *tries > MAX_TRIES) {
				contig_diag_set(diag, -EINVAL, "retry: tries=%s: a number from 1 to %u, please", number,
				                MAX_TRIES);
				return false;
			}
		} else {
			size_t at = strlen(knobs);

			snprintf(knobs + at, sizeof(knobs) - at, "+%.*s", len, words);
		}
		words += len;
		words += *words == '+';
	}
	snprintf(spec, 512, "%s%s", release, knobs);
	return true;
}

static struct contig *open_retry(const struct contig_backend *self, const struct contig_geometry *g,
                                 const struct contig_hooks *hooks, const char *words, struct contig_diag *diag)
{
	unsigned int tries = DEFAULT_TRIES;
	char spec[512];

	if (!parse(words, spec, &tries, diag))
		return NULL;
	struct contig *release = contig_open(spec, g, hooks, diag);

	if (!release)
		return NULL;
	struct retry *r = calloc(1, sizeof(*r));

	/* what is handed on below must be there: all releases have it, baselines have not */
	if (!r || !release->ops->lab || !release->ops->policy || !release->ops->range_online) {
		contig_diag_set(diag, -EINVAL, r ? "retry: of=%s: a release of Linux, please" : "no memory for %s",
		                spec);
		contig_close(release);
		free(r);
		return NULL;
	}
	*r = (struct retry){ .base.ops = self, .inner = release, .tries = tries };
	return &r->base;
}

static void close_retry(struct contig *c)
{
	contig_close(inner(c));
	free(c);
}

/* ---- contiguous requests: what this backend is about ------------------------------------------ */

/* A request as the program sees it; attempts come and go inside. */
struct retry_range {
	struct contig_range base;
	struct contig *inner;
	struct contig_range_args args;
	struct contig_range *attempt; /* NULL: the last one has ended */
	unsigned int left;            /* attempts after this one */
	struct contig_outcome sum;    /* of all attempts so far; rc and autopsy are the last one's */
};

static int range_begin(struct contig *c, const struct contig_range_args *args, struct contig_range **out)
{
	struct retry_range *r = calloc(1, sizeof(*r));
	int rc = r ? contig_range_begin(inner(c), args, &r->attempt) : -ENOMEM;

	if (rc) {
		free(r);
		return rc;
	}
	r->base.ops = c->ops;
	r->inner = inner(c);
	r->args = *args;
	r->left = args->op == RANGE_ALLOC ? ((struct retry *)c)->tries - 1 : 0;
	*out = &r->base;
	return 0;
}

/* Busy for now, and not for good: a page that isolation refuses as unmovable will be there the next time, too. */
static bool may_pass(const struct contig_outcome *o)
{
	return o->rc == -EBUSY && (o->autopsy.phase == PHASE_MIGRATE || o->autopsy.phase == PHASE_TEST);
}

/*
 * One step is one step of the release, never more: between two steps time passes, and the trace goes on. The step that
 * ends an attempt is not the last one if another attempt begins.
 */
static int range_step(struct contig_range *range, struct contig_work *work)
{
	struct retry_range *r = (struct retry_range *)range;
	struct contig_outcome now;

	if (contig_range_step(r->attempt, work))
		return 1;
	contig_range_end(r->attempt, &now);
	r->attempt = NULL;
	contig_work_add(&r->sum.total, &now.total);
	for (unsigned int i = 0; i < PHASE_NR; i++)
		contig_work_add(&r->sum.by_phase[i], &now.by_phase[i]);
	r->sum.rc = now.rc;
	r->sum.autopsy = now.autopsy;
	if (!r->left || !may_pass(&now) || contig_range_begin(r->inner, &r->args, &r->attempt))
		return 0;
	r->left--;
	work->next = PHASE_ISOLATE;
	return 1;
}

static void range_end(struct contig_range *range, struct contig_outcome *out)
{
	*out = ((struct retry_range *)range)->sum;
	free(range);
}

/* ---- all else is the release's business -------------------------------------------------------- */

static int64_t alloc(struct contig *c, uint32_t cpu, struct contig_what what, owner_t owner)
{
	return contig_alloc(inner(c), cpu, what, owner);
}

static int free_pages(struct contig *c, uint32_t cpu, pfn_t pfn, owner_t owner)
{
	return contig_free(inner(c), cpu, pfn, owner);
}

static int split(struct contig *c, pfn_t pfn, owner_t owner, unsigned int new_order, const owner_t *pieces)
{
	return contig_split(inner(c), pfn, owner, new_order, pieces);
}

static int range_free(struct contig *c, uint32_t cpu, pfn_t start, uint32_t nr)
{
	return contig_range_free(inner(c), cpu, start, nr);
}

static int range_online(struct contig *c, uint32_t cpu, pfn_t start, uint32_t nr)
{
	return contig_range_online(inner(c), cpu, start, nr);
}

static const struct contig_policy *policy(struct contig *c)
{
	return inner(c)->ops->policy(inner(c));
}

static void stats(struct contig *c, uint32_t zone, struct contig_stats *out)
{
	contig_stats(inner(c), zone, out);
}

/* The lab puts down and looks at exact states: scenarios, pictures and --verify need it. */
#define LAB(type, op, parameters, ...)                                                                                 \
	static type lab_##op parameters                                                                                \
	{                                                                                                              \
		return inner(c)->ops->lab->op(inner(c), ##__VA_ARGS__);                                                \
	}
/* clang-format off */
LAB(int, place, (struct contig *c, pfn_t pfn, unsigned int order, enum page_kind kind, owner_t owner),
    pfn, order, kind, owner)
LAB(int, set_type, (struct contig *c, block_t block, enum migratetype mt), block, mt)
LAB(enum migratetype, type, (struct contig *c, block_t block, enum migratetype *stored), block, stored)
LAB(int, pin, (struct contig *c, pfn_t pfn, bool on), pfn, on)
LAB(int, pin_owned, (struct contig *c, pfn_t pfn, owner_t owner, bool on), pfn, owner, on)
LAB(int, freeze, (struct contig *c, pfn_t pfn), pfn)
LAB(int, relist, (struct contig *c, pfn_t pfn, enum migratetype mt), pfn, mt)
LAB(int, to_lru, (struct contig *c, pfn_t pfn), pfn)
LAB(int, convert, (struct contig *c, pfn_t pfn, uint32_t nr, enum page_kind kind, owner_t owner), pfn, nr, kind, owner)
LAB(bool, watermark, (struct contig *c, uint32_t zone, struct contig_what what, bool kswapd), zone, what, kswapd)
LAB(uint32_t, unreserve, (struct contig *c, enum migratetype mt, bool force), mt, force)
LAB(uint32_t, drain, (struct contig *c))
LAB(void, run, (struct contig *c, pfn_t pfn, struct contig_run *out), pfn, out)
LAB(int, verify, (struct contig *c, struct contig_diag *diag), diag)
/* clang-format on */

static const struct contig_lab lab = {
	.place = lab_place,
	.set_type = lab_set_type,
	.type = lab_type,
	.pin = lab_pin,
	.pin_owned = lab_pin_owned,
	.freeze = lab_freeze,
	.relist = lab_relist,
	.to_lru = lab_to_lru,
	.convert = lab_convert,
	.watermark = lab_watermark,
	.unreserve = lab_unreserve,
	.drain = lab_drain,
	.run = lab_run,
	.verify = lab_verify,
};

static const struct contig_backend retry = {
	.name = "retry",
	.summary = "a release that asks again, up to 5 times, when migration or the last test failed",
	.threads = true, /* nothing here is shared but what the release shares */
	.open = open_retry,
	.close = close_retry,
	.alloc = alloc,
	.free = free_pages,
	.split = split,
	.range_begin = range_begin,
	.range_step = range_step,
	.range_end = range_end,
	.range_free = range_free,
	.range_online = range_online,
	.policy = policy,
	.stats = stats,
	.lab = &lab,
};

static const struct contig_backend *const backends[] = { &retry };

CONTIG_PLUGIN("retry", "contiguous requests that are tried again", "MIT", backends, 1)
