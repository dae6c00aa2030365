// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "matrix.h"
#include "state.h"

struct crew {
	struct matrix *m;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint32_t next;    /* replay to hand out */
	uint32_t working; /* threads */
	uint32_t failed;  /* lowest number of a failed replay, or UINT32_MAX */
	int error;        /* its errno: of the replay, or of storing it */
	bool storing;
	struct contig_diag diag;
};

int matrix_open(struct matrix *m, const struct run_plan *plan, const char *dir, atomic_bool *stop)
{
	*m = (struct matrix){ .plan = plan, .dir = dir, .stop = stop };
	m->results = calloc(plan->nr_replays, sizeof(*m->results));
	m->done = calloc(plan->nr_replays, sizeof(*m->done));
	if (!m->results || !m->done)
		return cli_error(CLI_MACHINE, "no memory for %u replays: cut the run in pieces", plan->nr_replays);
	for (uint32_t i = 0; dir && i < plan->nr_replays; i++) {
		int rc = state_load(dir, i, &m->results[i]);

		if (rc == -EBADMSG)
			cli_warn("replay %u in %s is damaged: it is made again", i, dir);
		else if (rc == -ENOMEM)
			return cli_error(CLI_MACHINE, "no memory for %u replays: cut the run in pieces",
			                 plan->nr_replays);
		m->done[i] = !rc;
		m->nr_resumed += !rc;
	}
	m->nr_done = m->nr_resumed;
	return CLI_OK;
}

void matrix_free(struct matrix *m)
{
	for (uint32_t i = 0; m->results && i < m->plan->nr_replays; i++)
		replay_result_free(&m->results[i]);
	free(m->results);
	free(m->done);
	*m = (struct matrix){ 0 };
}

static void fail(struct crew *c, uint32_t replay, int error, bool storing, const struct contig_diag *diag)
{
	if (replay < c->failed) {
		c->failed = replay;
		c->error = error;
		c->storing = storing;
		c->diag = *diag;
	}
	atomic_store(c->m->stop, true);
}

/* The next replay to make, or UINT32_MAX. */
static uint32_t hand_out(struct crew *c)
{
	const struct matrix *m = c->m;

	while (c->next < m->plan->nr_replays && m->done[c->next])
		c->next++;
	return c->next < m->plan->nr_replays && !atomic_load(m->stop) ? c->next++ : UINT32_MAX;
}

static void *work(void *arg)
{
	struct crew *c = arg;
	struct matrix *m = c->m;
	uint32_t i;

	pthread_mutex_lock(&c->lock);
	while ((i = hand_out(c)) != UINT32_MAX) {
		struct contig_diag diag = { "" };
		struct replay_params params = plan_params(m->plan, i);
		bool storing = false;

		pthread_mutex_unlock(&c->lock);
		params.stop = m->stop;
		int rc = replay_run(&params, &m->results[i], &diag);

		if (!rc && m->dir) {
			rc = state_save(m->dir, i, &m->results[i]);
			storing = true;
		}
		pthread_mutex_lock(&c->lock);
		if (!rc) {
			m->done[i] = true;
			m->nr_done++;
		} else if (rc != -EINTR) {
			fail(c, i, rc, storing, &diag);
		}
		pthread_cond_signal(&c->changed);
	}
	c->working--;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* "replay 17 (linux-5.10, build, 70 %, 1b, seed 3)" */
static void describe(const struct run_plan *plan, uint32_t replay, char out[320])
{
	const struct run_place at = plan_place(plan, replay);
	char size[16], occupancy[16], geometry[64];

	run_size_label(&plan->options->sizes[at.size], size);
	occupancy_label(plan_occupancy(plan, &at), occupancy);
	run_geometry_label(plan->options, at.geometry, geometry);
	snprintf(out, 320, "replay %u (%.64s, %.64s%s, %s %%, %s, seed %llu)", replay,
	         plan->options->backends[at.backend], plan->workloads[at.workload].name, geometry, occupancy, size,
	         (unsigned long long)plan->options->seeds[at.seed]);
}

static int report(const struct crew *c)
{
	char which[320];

	if (c->failed == UINT32_MAX)
		return CLI_OK;
	if (c->storing)
		return cli_error(CLI_MACHINE, "%s can not be written: %s", c->m->dir, strerror(-c->error));
	describe(c->m->plan, c->failed, which);
	if (c->error == -EUCLEAN)
		return cli_error(CLI_NO, "%s: %s", which, c->diag.text);
	return cli_error(cli_status_of(c->error), "%s: %s", which, c->diag.text);
}

static void watch(struct crew *c)
{
	const struct matrix *m = c->m;

	while (c->working) {
		struct timespec t;

		clock_gettime(CLOCK_REALTIME, &t);
		t.tv_nsec += 200000000;
		t.tv_sec += t.tv_nsec / 1000000000;
		t.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&c->changed, &c->lock, &t);
		/* the total clears the line: never reached here, so that one call below does */
		if (m->nr_done < m->plan->nr_replays)
			cli_progress("replays", m->nr_done, m->plan->nr_replays);
	}
	cli_progress(NULL, 0, 0);
}

int matrix_run(struct matrix *m, uint32_t jobs)
{
	struct crew c = { .m = m, .failed = UINT32_MAX };
	uint32_t missing = m->plan->nr_replays - m->nr_done;
	uint32_t nr = jobs < missing ? jobs : missing;
	pthread_t *threads = calloc(nr + 1, sizeof(*threads));
	uint32_t started = 0;

	if (!threads)
		return cli_error(CLI_MACHINE, "no memory for %u threads", nr);
	pthread_mutex_init(&c.lock, NULL);
	pthread_cond_init(&c.changed, NULL);
	pthread_mutex_lock(&c.lock);
	for (; started < nr; started++) {
		if (pthread_create(&threads[started], NULL, work, &c))
			break;
		c.working++;
	}
	watch(&c);
	pthread_mutex_unlock(&c.lock);
	for (uint32_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_cond_destroy(&c.changed);
	pthread_mutex_destroy(&c.lock);
	free(threads);
	if (missing && !started)
		return cli_error(CLI_MACHINE, "no thread can be started: try -j 1");
	return report(&c);
}
