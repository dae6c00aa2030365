// SPDX-License-Identifier: MIT
/* guest.c - trials of experiments in a guest, and the delays that make requests meet at different places. */
#include <stdlib.h>
#include <string.h>

#include "../cli.h"
#include "guest_trial.h"

#define TRIES_IN_A_ROW 20u /* that may go wrong while a trial is set up */

/* ---- delays ---------------------------------------------------------------------------------------- */

/*
 * The second request begins somewhere between a length before the first and a length behind it, evenly: how long requests take,
 * how long a spin does, and who is first if nobody waits is learned from the trials before. Medians, as a guest stands still
 * whenever its machine has something else to do.
 */
#define LEARN_FROM 31u

struct median {
	double sample[LEARN_FROM];
	uint32_t nr;
};

struct delays {
	struct median spin;  /* nanoseconds of one */
	struct median took;  /* of the longer one */
	struct median ahead; /* the second begins so much later if nobody waits */
	bool load;           /* the second is a load, whose spins are its rests */
	bool offline;        /* the first one goes offline: a spin is 100 ns */
};

#define FIRST_SPINS 3000.0
#define MAX_SPINS   1e6
#define MAX_WAITS   5e6 /* half a second, for memory to go offline */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const struct median *m)
{
	uint32_t nr = m->nr < LEARN_FROM ? m->nr : LEARN_FROM;
	double sorted[LEARN_FROM];

	memcpy(sorted, m->sample, nr * sizeof(*sorted));
	qsort(sorted, nr, sizeof(*sorted), by_value);
	return nr ? sorted[nr / 2] : 0;
}

static double largest(const struct median *m)
{
	double max = 0;

	for (uint32_t i = 0; i < m->nr && i < LEARN_FROM; i++)
		max = m->sample[i] > max ? m->sample[i] : max;
	return max;
}

static void add_sample(struct median *m, double value)
{
	m->sample[m->nr++ % LEARN_FROM] = value;
}

/* The n-th of points that fill [0, 1) evenly, whatever their number. */
static double spread(uint32_t n)
{
	double x = (n + 1) * 0.6180339887498949;

	return x - (double)(uint64_t)x;
}

static void set_delays(const struct delays *d, uint32_t trial, uint32_t spins[2])
{
	double part = 2.4 * spread(trial) - 1.2, spin = median(&d->spin);
	/* memory that can not go offline is refused at once: what matters is how long it takes if it goes */
	double max = d->offline ? MAX_WAITS : MAX_SPINS;
	double took = d->offline ? largest(&d->took) : median(&d->took);
	double nr = spin > 0 ? (part * took - median(&d->ahead)) / spin : (trial % 2 ? 1 : -1) * FIRST_SPINS;

	if (d->load) { /* how long it rests between its allocations */
		spins[0] = 0;
		spins[1] = 1u << (6 + trial % 9);
		return;
	}
	nr = nr < -max ? -max : nr > max ? max : nr;
	spins[0] = nr < 0 ? (uint32_t)-nr : 0;
	spins[1] = nr > 0 ? (uint32_t)nr : 0;
}

static void learn(struct delays *d, const struct trial *t)
{
	double spins = (double)t->spins[1] - (double)t->spins[0], began = (double)t->began;

	if (!t->raced)
		return;
	if (d->offline)
		add_sample(&d->spin, 100);
	else if (spins >= FIRST_SPINS / 2 && began > 0)
		add_sample(&d->spin, began / spins);
	else if (spins <= -FIRST_SPINS / 2 && began < 0)
		add_sample(&d->spin, began / spins);
	add_sample(&d->ahead, began - spins * median(&d->spin));
	add_sample(&d->took, (double)(t->took[0] > t->took[1] ? t->took[0] : t->took[1]));
}

/* ---- trials ---------------------------------------------------------------------------------------- */

static int trials(struct trial *t, uint32_t nr, struct hidden_answers *a, struct contig_diag *diag)
{
	struct delays d = { 0 };
	uint32_t failed = 0;

	for (uint32_t i = 0; i + 1 < t->sc->nr_ops; i++) {
		const struct case_op *op = &t->sc->op[i];

		d.load |= op[1].joined && op[1].verb == OP_ALLOC;
		d.offline |= op[1].joined && op[0].verb == OP_RANGE && op[0].range_op == RANGE_OFFLINE;
	}
	for (uint32_t done = 0; done < nr;) {
		char text[OUTCOME_TEXT] = "";

		set_delays(&d, done + failed, t->spins);
		int rc = trial_run(t, text, sizeof(text), diag);

		if (rc == -EAGAIN && ++failed < TRIES_IN_A_ROW)
			continue;
		if (rc)
			return rc;
		failed = 0;
		learn(&d, t);
		if (!outcome_add(&a->set, text, 1))
			return contig_diag_set(diag, -ENOMEM, "no memory");
		a->together += t->together;
		cli_progress(t->e->name, ++done, nr);
	}
	return 0;
}

static int run_experiment(struct guest *g, const struct hidden_experiment *e, uint32_t nr, struct hidden_answers *a,
                          struct contig_diag *diag)
{
	struct scripted_case *sc = calloc(1, sizeof(*sc));
	struct trial *t = calloc(1, sizeof(*t));
	uint32_t npb = 1u << guest_number(g, "pageblock_order");
	int rc = sc && t ? case_parse(e->line, npb, sc, diag) : contig_diag_set(diag, -ENOMEM, "no memory");

	if (!rc) {
		*t = (struct trial){ .g = g, .e = e, .sc = sc, .npb = npb, .pages = sc->nr_blocks * npb };
		t->role = calloc(t->pages + 1, sizeof(*t->role));
		rc = t->role ? trials(t, nr, a, diag) : contig_diag_set(diag, -ENOMEM, "no memory");
		free(t->role);
	}
	free(sc);
	free(t);
	return rc;
}

/* A guest in which this may be tried: one that has what it wants on its command line. */
static struct guest *boot(const char *name, uint32_t cma, struct contig_diag *diag)
{
	struct guest_options o = GUEST_OPTIONS;
	char append[32];

	snprintf(append, sizeof(append), "cma=%uM", cma);
	o.threads = true;
	o.append = cma ? append : NULL;
	return guest_boot(name, &o, diag);
}

static int one_experiment(struct guest **g, const char *name, const struct hidden_experiment *e, uint32_t nr,
                          struct hidden_answers *a, struct contig_diag *diag)
{
	if (!*g)
		*g = boot(name, e->cma, diag);
	if (!*g)
		return errno ? -errno : -EIO;
	const char *release = guest_says(*g, "release");

	outcome_free(&a->set);
	a->together = 0;
	snprintf(a->version, sizeof(a->version), "%.63s", release ? release : name);
	return run_experiment(*g, e, nr, a, diag);
}

int hidden_guest(const struct recorded_kernel *k, const char *name, const struct hidden_experiment *const *experiments,
                 uint32_t nr, uint32_t trials_each, struct hidden_record *record, const char *record_to,
                 struct contig_diag *diag)
{
	struct guest *g = NULL;
	uint32_t cma = 0;
	int rc = 0;

	for (uint32_t i = 0; i < nr && !rc; i++) {
		const struct hidden_experiment *e = experiments[i];

		if (!hidden_is_for(e, k))
			continue;
		if (cma != e->cma) {
			guest_close(g);
			g = NULL;
		}
		cma = e->cma;
		struct hidden_answers *a = hidden_answers(record, e, k);

		rc = a ? one_experiment(&g, name, e, trials_each, a, diag)
		       : contig_diag_set(diag, -ENOMEM, "no memory");
		if (rc && a)
			outcome_free(&a->set);
		if (!rc && record_to && hidden_store(record, record_to))
			rc = contig_diag_set(diag, -EIO, "what %s answered can not be kept", k->name);
	}
	guest_close(g);
	return rc;
}
