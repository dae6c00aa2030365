// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "nature.h"

#define ROUNDS    4u
#define PEAK      8u  /* percent above FILL */
#define TROUGH    12u /* percent below it */
#define RUN       16u /* mean pages of a run of user pages */
#define LONG_LIFE 4u  /* one of so many */
#define DICE      96u /* one of so many allocations is a THP, two thirds are kernel memory while that is wanted */
#define GIVE_UP   4096u

struct thing {
	uint64_t handle;
	uint8_t order;
	bool user, reclaimable, long_lived;
};

struct nature {
	const struct nature_world *w;
	struct nature_counts *out;
	struct splitmix *rng;
	struct thing *thing[2]; /* those that live long are [1] */
	uint32_t nr[2], max;
	uint64_t in_use; /* pages of the node, by the counter at the beginning and what came and went since */
	uint64_t kernel_wanted;
};

static uint32_t draw(struct nature *n, uint32_t below)
{
	return splitmix_below(n->rng, below);
}

static uint64_t kernel_pages(const struct nature *n)
{
	return n->out->kernel + n->out->reclaimable;
}

/* The counter a thing is counted in. */
static uint64_t *counter(struct nature *n, const struct thing *t)
{
	if (t->user)
		return t->order ? &n->out->thp : &n->out->user;
	return t->reclaimable ? &n->out->reclaimable : &n->out->kernel;
}

static void came(struct nature *n, struct thing t)
{
	t.long_lived = !draw(n, LONG_LIFE);
	n->thing[t.long_lived][n->nr[t.long_lived]++] = t;
	*counter(n, &t) += 1u << t.order;
	n->in_use += 1u << t.order;
}

static int go(struct nature *n, bool long_lived, uint32_t i)
{
	struct thing *all = n->thing[long_lived], t = all[i];

	all[i] = all[--n->nr[long_lived]];
	*counter(n, &t) -= 1u << t.order;
	n->in_use -= 1u << t.order;
	return t.user ? n->w->unmap(n->w->ctx, t.order, t.handle) : n->w->give(n->w->ctx, t.handle);
}

static int add_kernel(struct nature *n)
{
	/* of 32: order 0 twenty-two times, 1 five, 2 three, 3 two */
	uint32_t dice = draw(n, 32);
	struct thing t = { .reclaimable = !draw(n, 3), .order = dice < 22 ? 0 : dice < 27 ? 1 : dice < 30 ? 2 : 3 };
	int rc = n->w->take(n->w->ctx, t.order, t.reclaimable, &t.handle);

	if (!rc)
		came(n, t);
	return rc;
}

static int add_user(struct nature *n, unsigned int order)
{
	struct thing t = { .user = true, .order = (uint8_t)order };
	int rc = n->w->map(n->w->ctx, order, &t.handle);

	if (!rc)
		came(n, t);
	return rc;
}

static int add_run(struct nature *n)
{
	int rc = 0;

	for (uint32_t len = splitmix_geometric(n->rng, RUN); !rc && len; len--)
		rc = add_user(n, 0);
	return rc;
}

/*
 * Until so many pages are in use. What can not be had does not matter, as long as something can. A THP is only asked for where
 * there is a run for one: else a fault gets a single page instead, which goes back at once.
 */
static int grow(struct nature *n, uint64_t until, uint64_t kernel_most)
{
	for (uint32_t failed = 0; n->in_use < until && failed < GIVE_UP;) {
		bool have_room = n->nr[0] + GIVE_UP < n->max && n->nr[1] + GIVE_UP < n->max;
		uint32_t dice = draw(n, DICE);
		int rc;

		if (!have_room)
			return -ENOSPC;
		if (dice == 0 && n->w->whole(n->w->ctx))
			rc = add_user(n, NATURE_THP_ORDER);
		else if (dice < DICE * 2 / 3 && kernel_pages(n) < kernel_most)
			rc = add_kernel(n);
		else
			rc = add_run(n);
		if (rc && rc != -ENOMEM)
			return rc;
		failed = rc ? failed + 1 : 0;
	}
	return 0;
}

/* Kernel memory down to what is wanted, then anything down to so many pages in use. */
static int shrink(struct nature *n, uint64_t until)
{
	int rc = 0;

	for (int long_lived = 0; long_lived < 2; long_lived++) {
		for (uint32_t i = 0; !rc && i < n->nr[long_lived] && kernel_pages(n) > n->kernel_wanted;) {
			if (n->thing[long_lived][i].user || (!long_lived && draw(n, 4) == 0))
				i++;
			else
				rc = go(n, long_lived, i);
		}
	}
	while (!rc && n->in_use > until && n->nr[0] + n->nr[1]) {
		bool long_lived = !n->nr[0];
		uint32_t i = draw(n, n->nr[long_lived]);

		/* what is wanted of the kernel's stays */
		if (n->thing[long_lived][i].user || kernel_pages(n) > n->kernel_wanted)
			rc = go(n, long_lived, i);
		else if (!n->out->user && !n->out->thp)
			break;
		else if (!long_lived)
			n->thing[1][n->nr[1]++] = n->thing[0][i], n->thing[0][i] = n->thing[0][--n->nr[0]];
	}
	return rc;
}

static uint64_t percent_of_managed(const struct nature_world *w, uint32_t percent)
{
	return w->managed * percent / 100;
}

int nature_run(const struct nature_world *w, struct splitmix *rng, uint32_t fill, uint32_t unmovable,
               struct nature_counts *out)
{
	struct nature n = {
		.w = w,
		.out = out,
		.rng = rng,
		.max = (uint32_t)w->managed + 4 * GIVE_UP,
		.in_use = w->in_use,
		.kernel_wanted = w->managed * unmovable / 1000,
	};
	uint64_t target = percent_of_managed(w, fill), peak = percent_of_managed(w, fill + PEAK);
	int rc = 0;

	*out = (struct nature_counts){ 0 };
	peak = peak < w->most ? peak : w->most;
	n.thing[0] = calloc(n.max, sizeof(struct thing));
	n.thing[1] = calloc(n.max, sizeof(struct thing));
	if (!n.thing[0] || !n.thing[1])
		rc = -ENOMEM;
	for (uint32_t round = 1; !rc && round <= ROUNDS; round++) {
		bool last = round == ROUNDS;

		rc = grow(&n, peak, n.kernel_wanted * round / ROUNDS);
		/* what is in an LRU batch would not be free at once */
		if (!rc)
			rc = w->drain(w->ctx);
		if (!rc)
			rc = shrink(&n, last || fill <= TROUGH ? target : percent_of_managed(w, fill - TROUGH));
		if (!rc)
			rc = w->drain(w->ctx);
	}
	free(n.thing[0]);
	free(n.thing[1]);
	return rc;
}
