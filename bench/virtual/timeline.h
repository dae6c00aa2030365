/* SPDX-License-Identifier: MIT */
/* timeline.h - what is to happen when, in virtual time: a binary heap. */
#ifndef TIMELINE_H
#define TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At the same time: in this order, then in the order in which they were added. */
enum action {
	ACTION_RELEASE, /* give a held range back */
	ACTION_STEP,    /* next step of a request */
	ACTION_REQUEST, /* begin a request */
	ACTION_SAMPLE,  /* sample fragmentation */
};

struct timeline_entry {
	uint64_t ns;
	uint64_t order; /* action, then a serial number */
	uint32_t index; /* of the request or sample */
};

struct timeline {
	struct timeline_entry *heap;
	size_t nr;
	size_t cap;
	uint64_t serial;
};

static inline enum action timeline_action(const struct timeline_entry *e)
{
	return (enum action)(e->order >> 56);
}

/* 0 or -ENOMEM. */
int timeline_add(struct timeline *t, uint64_t ns, enum action action, uint32_t index);
/* The earliest entry, or NULL; it stays valid until the next call. */
const struct timeline_entry *timeline_peek(const struct timeline *t);
struct timeline_entry timeline_take(struct timeline *t); /* not when empty */
void timeline_free(struct timeline *t);

#endif
