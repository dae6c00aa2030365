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
#define SMALL  256u  /* descriptors that stay in the first-level cache: 16 KiB */
#define LARGE  4096u /* those of 8 pageblocks: 256 KiB */

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

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* others may want this cpu, too */
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
	out->high = time_walk(all, order, LARGE, true);
	out->high = out->high > out->low ? out->high : out->low;
	out->ps = (uint64_t)llround(sqrt((double)out->low * (double)out->high));
	free(all);
	free(order);
	snprintf(
		out->how, sizeof(out->how),
		"a loop of %u instructions over page descriptors: low, 16 KiB of them in order, high, 256 KiB in random order, and "
		"the geometric mean of both. Rough: nothing here counts the instructions of a kernel",
		WALK_INSTRUCTIONS);
	return 0;
}

/* ---- prices ---------------------------------------------------------------------------------- */

/* Two standard errors, as a share. */
static double doubt(const struct cost_measured *m)
{
	return 2 * (double)m->error / (double)m->price;
}

int convert_by_prices(struct conversion *out, const struct cost_file *here, const struct cost_file *guest,
                      struct contig_diag *diag)
{
	const struct cost_measured *time = &here->measured[PHASE_MIGRATE][COST_MIGRATED];
	const struct cost_measured *count = &guest->measured[PHASE_MIGRATE][COST_MIGRATED];
	struct cost_row built_in = cost_linux_6_18.phase[PHASE_MIGRATE];

	if (here->unit != COST_UNIT_PS || guest->unit != COST_UNIT_MILLI_INSTRUCTIONS)
		return contig_diag_set(diag, -EINVAL, "a conversion is from prices in instructions to prices in ps");
	if (!time->nr || !count->nr || !time->price || !count->price)
		return contig_diag_set(diag, -ENODATA, "%s has not measured what it costs to migrate a page",
		                       time->nr && time->price ? guest->name : here->name);
	double instructions = (double)count->price / 1000, ps = (double)time->price / instructions;
	double share = sqrt(doubt(time) * doubt(time) + doubt(count) * doubt(count));
	/* pages and descriptors that were not touched for long: 1 GiB of them, where the built-in table was measured */
	double cold = (double)built_in.migrated / instructions;

	out->ps = (uint64_t)fmax(1, round(ps));
	out->low = (uint64_t)fmax(1, floor(fmin(ps * (1 - share), cold)));
	out->high = (uint64_t)ceil(fmax(ps * (1 + share), cold));
	snprintf(
		out->how, sizeof(out->how),
		"to migrate a page takes %.0f ns on kernel %.60s and %.0f instructions on %.60s; the interval is of two standard "
		"errors, and of %.0f ns, what it takes where 1 GiB of pages is migrated that were not touched for long",
		(double)time->price / 1000, here->kernel, instructions, guest->kernel,
		(double)built_in.migrated / 1000);
	return 0;
}

void convert_as(struct conversion *out, const struct cost_file *other)
{
	*out = (struct conversion){ .ps = other->conversion,
		                    .low = other->conversion_low,
		                    .high = other->conversion_high };
	memcpy(out->how, other->conversion_how, sizeof(out->how));
}
