/* SPDX-License-Identifier: MIT */
/*
 * lock.h - what threads need of each other: a spinlock, and accesses that may meet one another. What is measured beside the
 * model under a lock includes it, to have the same one.
 *
 * Who may touch what, in a model opened for threads (struct contig_hooks):
 *
 *	zone lock	free lists and the structure of memory: which pages are heads of runs, and of what order; types of blocks;
 *			counters of the zone. Whoever holds it finds every page in some run.
 *	pcp lock	the lists of one cpu in one zone. Before the zone lock.
 *	page lock	a bit in the state of a page in use (page.h). A leaf: nothing else is taken under it. Whoever changes a
 *			page in use, frees it or asks for its owner holds it; taking the zone lock is not enough. But
 *			results of requests, and whatever else nobody can free by contig_free(), are cut, freed and
 *			handed on under the zone lock alone: whoever may be mistaken in a page, as a free may that comes
 *			too late, must not lock those.
 *
 * Without the zone lock a run on its way between its owner, a per-cpu list and the buddy changes between in use and
 * PAGE_PCP and nothing else. Requests step under these locks; what a step has seen may be gone when it has let go of them.
 */
#ifndef LOCK_H
#define LOCK_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

/* Read and written by others at the same time, and good as it is: no order with anything else. */
#define READ_ONCE(x)     __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
/* By who holds the lock of x, for others to read without. */
#define ADD_ONCE(x, n) WRITE_ONCE(x, (x) + (n))

/* The holder does not sleep, but its cpu may be taken away: after so many looks others let it have theirs. */
#define SPIN_LOOKS 16384u

struct spinlock {
	uint32_t taken;
};

static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#else
	__asm__ volatile("" ::: "memory");
#endif
}

/* Once more around a loop that waits for another thread. */
static inline void spin(uint32_t *looks)
{
	cpu_relax();
	if (__builtin_expect(++*looks % SPIN_LOOKS == 0, 0))
		sched_yield();
}

static inline bool spin_trylock(struct spinlock *l)
{
	return !READ_ONCE(l->taken) && !__atomic_exchange_n(&l->taken, 1, __ATOMIC_ACQUIRE);
}

static inline void spin_lock(struct spinlock *l)
{
	uint32_t looks = 0;

	while (__atomic_exchange_n(&l->taken, 1, __ATOMIC_ACQUIRE)) {
		while (READ_ONCE(l->taken))
			spin(&looks);
	}
}

static inline void spin_unlock(struct spinlock *l)
{
	__atomic_store_n(&l->taken, 0, __ATOMIC_RELEASE);
}

#endif
