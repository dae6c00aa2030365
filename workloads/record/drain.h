/* SPDX-License-Identifier: MIT */
/*
 * drain.h - a thread that empties the kernel's per-cpu trace buffers, and their events merged in order of time.
 *
 * The thread only copies: what is done with the events, and writing them to a disk that may block for seconds, happens
 * in the thread that calls drain_next(), while the kernel's buffers stay empty.
 *
 * An event can be handed out once no cpu can come up with an earlier one any more. The thread notes the time before
 * each round over all cpus; whatever happened before the round *before* has been read for certain, even if its cpu was
 * interrupted between taking the time and committing the event.
 */
#ifndef DRAIN_H
#define DRAIN_H

#include "tracing.h"

struct drain;

/* Open every cpu's buffer and start the thread. NULL with *diag filled in; errno is set. */
struct drain *drain_open(struct tracing *t, uint32_t buffer_mib, struct contig_diag *diag);
pid_t drain_tid(const struct drain *d);
/* Readable when there is something new: for poll(). */
int drain_fd(const struct drain *d);

/* Take over what the thread has read so far. False: the thread has ended, and this was the last of it. */
bool drain_take(struct drain *d);
/* Every event up to this time (CLOCK_MONOTONIC) has been taken over. */
uint64_t drain_complete(const struct drain *d);
/* The next event at or before `until`, if it is certain to be the next. */
bool drain_next(struct drain *d, uint64_t until, struct page_event *e);

/* Read what is left, then end: tracing must be off. drain_take() until it says false. */
void drain_stop(struct drain *d);
void drain_close(struct drain *d);

uint64_t monotonic_ns(void);

#endif
