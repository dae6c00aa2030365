/* SPDX-License-Identifier: MIT */
/*
 * crew.h - threads that replay together: they meet, keep within the window, and give up together.
 *
 * Why nobody waits for ever: a thread waits for the window, or for what an earlier event of another thread does, and
 * publishes the time of its own next event, exactly, before it does either. Take the thread whose next event is the first
 * in the trace. All earlier events are done, so that it waits for none of them; and no thread that waits has published an
 * earlier time, so that the window is not what stops it, unless a thread that does not wait is behind: that one goes on.
 * At a barrier a thread has published the time of its next event behind the barrier; events before the barrier are earlier.
 */
#ifndef CREW_H
#define CREW_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../allocators/contig.h"
#include "places.h"

#define CREW_FINISHED UINT64_MAX

struct crew_position {
	_Alignas(CACHE_LINE) _Atomic uint64_t ns; /* trace time of a thread's next event, or before */
};

struct crew {
	uint32_t nr;
	struct crew_position *at;
	uint64_t window_ns;
	uint32_t patience;        /* spins before a thread lets others run */
	const atomic_bool *stop;  /* the user's; may be NULL */
	struct contig_diag *diag; /* of the first who failed */
	atomic_int error;
	pthread_mutex_t lock;
	pthread_cond_t all_here;
	uint32_t here;
	uint64_t meetings;
};

/* 0 or -ENOMEM. */
int crew_init(struct crew *c, uint32_t nr, uint64_t window_ns, bool oversubscribed, const atomic_bool *stop,
              struct contig_diag *diag);
void crew_free(struct crew *c);

/*
 * Wait until all are here; the last one first does what there is to do while all stand still. False: somebody gave up, or
 * did it now.
 */
bool crew_meet(struct crew *c, void (*last)(void *ctx), void *ctx);
/* Give up; only the first one's reason counts. -EINTR needs no words. */
void crew_fail(struct crew *c, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* 0, or why all give up; looks at the user's wish, too. */
static inline int crew_error(struct crew *c)
{
	if (c->stop && atomic_load_explicit(c->stop, memory_order_relaxed))
		return -EINTR;
	return atomic_load_explicit(&c->error, memory_order_relaxed);
}

static inline void crew_publish(struct crew *c, uint32_t thread, uint64_t ns)
{
	atomic_store_explicit(&c->at[thread].ns, ns, memory_order_release);
}

/* How far a thread may go: the slowest of the others, and the window. */
uint64_t crew_limit(const struct crew *c, uint32_t thread);

#endif
