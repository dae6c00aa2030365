// SPDX-License-Identifier: MIT
#include "convert.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../stats/resample.h"

/* ---- a loop ---------------------------------------------------------------------------------- */

#define ROUNDS 15u
#define STEPS  1000000u
#define SMALL  256u    /* descriptors that stay in the first-level cache: 16 KiB */
#define LARGE  131072u /* those of 512 MiB of memory: 8 MiB */

/* As large as the kernel's. */
struct descriptor {
	struct descriptor *next;
	uint64_t flags;
	uint64_t rest[6];
};

/* Instructions a step of walk() below: counted there. */
#define WALK_INSTRUCTIONS 8u

/* Follow the list, look at flags, note something: what scanning pages is made of. */
static inline struct descriptor *walk(struct descriptor *d, uint64_t steps)
{
#if defined(__x86_64__)
	uint64_t sum = 0, flags;

	__asm__ volatile("1:\n\t"
	                 "movq 8(%[d]), %[f]\n\t"
	                 "andq $0x7f, %[f]\n\t"
	                 "addq %[f], %[s]\n\t"
	                 "orq $0x40, %[f]\n\t"
	                 "movq %[f], 8(%[d])\n\t"
	                 "movq (%[d]), %[d]\n\t"
	                 "decq %[n]\n\t"
	                 "jnz 1b\n\t"
	                 : [d] "+r"(d), [s] "+r"(sum), [n] "+r"(steps), [f] "=&r"(flags)
	                 :
	                 : "memory", "cc");
#elif defined(__aarch64__)
	uint64_t sum = 0, flags;

	__asm__ volatile("1:\n\t"
	                 "ldr %[f], [%[d], #8]\n\t"
	                 "and %[f], %[f], #0x7f\n\t"
	                 "add %[s], %[s], %[f]\n\t"
	                 "orr %[f], %[f], #0x40\n\t"
	                 "str %[f], [%[d], #8]\n\t"
	                 "ldr %[d], [%[d]]\n\t"
	                 "subs %[n], %[n], #1\n\t"
	                 "b.ne 1b\n\t"
	                 : [d] "+r"(d), [s] "+r"(sum), [n] "+r"(steps), [f] "=&r"(flags)
	                 :
	                 : "memory", "cc");
#else
	(void)steps;
#endif
	return d;
}

static double now_ps(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec * 1e9 + (double)t.tv_nsec) * 1000;
}

/* A ring of the first nr descriptors, in their order or in a random one that visits all. */
static void link_up(struct descriptor *all, uint32_t *order, uint32_t nr, bool scattered)
{
	uint64_t state = 1;

	for (uint32_t i = 0; i < nr; i++)
		order[i] = i;
	for (uint32_t i = nr - 1; scattered && i; i--) {
		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		uint32_t k = (uint32_t)((state >> 33) % (i + 1)), t = order[i];

		order[i] = order[k];
		order[k] = t;
	}
	for (uint32_t i = 0; i < nr; i++)
		all[order[i]].next = &all[order[(i + 1) % nr]];
}

/* ps an instruction, median of rounds. */
static uint64_t time_walk(struct descriptor *all, uint32_t *order, uint32_t nr, bool scattered)
{
	double rounds[ROUNDS];

	link_up(all, order, nr, scattered);
	struct descriptor *d = walk(all, nr);

	for (unsigned int i = 0; i < ROUNDS; i++) {
		double start = now_ps();

		d = walk(d, STEPS);
		rounds[i] = (now_ps() - start) / ((double)STEPS * WALK_INSTRUCTIONS);
	}
	uint64_t ps = (uint64_t)llround(sort_median(rounds, ROUNDS));

	return ps ? ps : 1;
}

int convert_by_loop(struct conversion *out, struct contig_diag *diag)
{
#if !defined(__x86_64__) && !defined(__aarch64__)
	return contig_diag_set(
		diag, -EOPNOTSUPP,
		"how long an instruction takes is not known on this architecture: say it with --conversion");
#endif
	struct descriptor *all = aligned_alloc(4096, LARGE * sizeof(*all));
	uint32_t *order = calloc(LARGE, sizeof(*order));

	if (!all || !order) {
		free(all);
		free(order);
		return contig_diag_set(diag, -ENOMEM, "no memory");
	}
	memset(all, 0, LARGE * sizeof(*all));
	out->low = time_walk(all, order, SMALL, false);
	out->ps = time_walk(all, order, LARGE, false);
	out->high = time_walk(all, order, LARGE, true);
	/* a machine that reads ahead so well that there is no difference */
	out->low = out->low < out->ps ? out->low : out->ps;
	out->high = out->high > out->ps ? out->high : out->ps;
	free(all);
	free(order);
	snprintf(
		out->how, sizeof(out->how),
		"loop of %u instructions over 8 MiB of descriptors of 64 bytes in their order; low: over 16 KiB; high: in "
		"random order. No hardware counts instructions here: rough",
		WALK_INSTRUCTIONS);
	return 0;
}

/* ---- prices ---------------------------------------------------------------------------------- */

/* What a request does in a pageblock of which every second page is in use. */
static const struct contig_work half_full[PHASE_NR] = {
	[PHASE_ISOLATE] = { .blocks = 1, .scanned = 512, .moved = 256 }, [PHASE_DRAIN] = { .drains = 1, .drained = 30 },
	[PHASE_MIGRATE] = { .scanned = 512, .migrated = 256 },           [PHASE_TEST] = { .scanned = 1 },
	[PHASE_GRAB] = { .blocks = 1, .scanned = 1, .grabbed = 512 },    [PHASE_UNDO] = { .blocks = 1, .moved = 0 },
};
#define FIXED_STEPS 16u /* of migration: 8 lists of 32 pages, collected and migrated */

/* Its price in a phase, of what both have measured. False: nothing. */
XX(const struct cost_file *a, const struct cost_file *b, unsigned int p, double sum[2])
{
	bool any = false;

	sum[0] = sum[1] = 0;
	for (unsigned int c = 0; c < COST_COLUMN_NR; c++) {
		const struct cost_measured *x = &a->measured[p][c], *y = &b->measured[p][c];
		double n = c == COST_FIXED ? p == PHASE_MIGRATE ? FIXED_STEPS : 1
		                           : (double)cost_count(&half_full[p], (enum cost_column)c);

		/* what one of them could not tell from the rest is in that rest */
		sum[0] += x->nr ? n * (double)x->price : 0;
		sum[1] += y->nr ? n * (double)y->price : 0;
		any |= x->nr && y->nr;
	}
	return any && sum[0] > 0 && sum[1] > 0;
}

int convert_by_prices(struct conversion *out, const struct cost_file *here, const struct cost_file *guest,
                      struct contig_diag *diag)
{
	double ps = 0, instructions = 0, low = INFINITY, high = 0, sum[2];
	char phases[200] = "";

	if (here->unit != COST_UNIT_PS || guest->unit != COST_UNIT_MILLI_INSTRUCTIONS)
		return contig_diag_set(diag, -EINVAL, "a conversion is from prices in instructions to prices in ps");
	for (unsigned int p = 0; p < PHASE_NR; p++) {
		size_t len = strlen(phases);

		if (!priced(here, guest, p, sum))
			continue;
		ps += sum[0];
		instructions += sum[1] / 1000;
		low = fmin(low, sum[0] / (sum[1] / 1000));
		high = fmax(high, sum[0] / (sum[1] / 1000));
		snprintf(phases + len, sizeof(phases) - len, "%s%s %.0f", len ? ", " : "",
		         contig_phase_name((enum contig_phase)p), sum[0] / (sum[1] / 1000));
	}
	if (!(instructions > 0))
		return contig_diag_set(diag, -ENODATA, "%s and %s have measured no phase in common", here->name,
		                       guest->name);
	*out = (struct conversion){ .ps = (uint64_t)llround(ps / instructions),
		                    .low = (uint64_t)floor(low),
		                    .high = (uint64_t)ceil(high) };
	out->ps = out->ps ? out->ps : 1;
	out->low = out->low ? out->low : 1;
	snprintf(
		out->how, sizeof(out->how),
		"a half full pageblock on kernel %.60s, measured in time, by the same in instructions on %.60s; by phase: %s",
		here->kernel, guest->kernel, phases);
	return 0;
}

void convert_as(struct conversion *out, const struct cost_file *other)
{
	*out = (struct conversion){ .ps = other->conversion,
		                    .low = other->conversion_low,
		                    .high = other->conversion_high };
	memcpy(out->how, other->conversion_how, sizeof(out->how));
}
