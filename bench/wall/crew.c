// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"

#define PATIENCE      4000u /* spins: a fraction of a millisecond */
#define PATIENCE_LESS 100u  /* whoever is waited for may need this cpu */

int crew_init(struct crew *c, uint32_t nr, uint64_t window_ns, bool oversubscribed, const atomic_bool *stop,
              struct contig_diag *diag)
{
	*c = (struct crew){ .nr = nr,
		            .window_ns = window_ns,
		            .patience = oversubscribed ? PATIENCE_LESS : PATIENCE,
		            .stop = stop,
		            .diag = diag,
		            .at = aligned_alloc(CACHE_LINE, nr * sizeof(*c->at)) };
	if (!c->at)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr; i++)
		atomic_init(&c->at[i].ns, 0);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->all_here, NULL);
	return 0;
}

void crew_free(struct crew *c)
{
	if (!c->at)
		return;
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->all_here);
	free(c->at);
	c->at = NULL;
}

bool crew_meet(struct crew *c, void (*last)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&c->lock);
	if (++c->here == c->nr) {
		/* crew_fail() takes the lock; all others wait for the next number */
		pthread_mutex_unlock(&c->lock);
		if (last && !crew_error(c))
			last(ctx);
		pthread_mutex_lock(&c->lock);
		c->here = 0;
		c->meetings++;
		pthread_cond_broadcast(&c->all_here);
	} else {
		for (uint64_t meeting = c->meetings; meeting == c->meetings && !atomic_load(&c->error);)
			pthread_cond_wait(&c->all_here, &c->lock);
	}
	pthread_mutex_unlock(&c->lock);
	return !atomic_load(&c->error);
}

void crew_fail(struct crew *c, int err, const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&c->lock);
	if (!atomic_load(&c->error)) {
		va_start(ap, fmt);
		vsnprintf(c->diag->text, sizeof(c->diag->text), fmt, ap);
		va_end(ap);
		atomic_store(&c->error, err);
	}
	pthread_cond_broadcast(&c->all_here);
	pthread_mutex_unlock(&c->lock);
}

uint64_t crew_limit(const struct crew *c, uint32_t thread)
{
	uint64_t least = CREW_FINISHED;

	for (uint32_t i = 0; i < c->nr; i++) {
		uint64_t ns = atomic_load_explicit(&c->at[i].ns, memory_order_acquire);

		if (i != thread && ns < least)
			least = ns;
	}
	return least > UINT64_MAX - c->window_ns ? UINT64_MAX : least + c->window_ns;
}
