/* SPDX-License-Identifier: MIT */
/*
 * drivers.h - drivers whose pages stand in the way of others, and the chain on which they are told: the caller's hooks
 * for contig_open() pass the question on to it.
 */
#ifndef DRIVERS_H
#define DRIVERS_H

#include "../contig.h"

/* Embedded in each driver; a NULL is a driver that does not care. Ranges are in pages. */
struct user_driver {
	/* Adds to *found what the driver could give back of [start, start + nr); negative vetoes (until v5.5). */
	int (*isolating)(struct user_driver *d, pfn_t start, uint32_t nr, uint32_t *found);
	/* MEM_GOING_OFFLINE: lets go of its pages there; negative vetoes. */
	int (*going_offline)(struct user_driver *d, pfn_t start, uint32_t nr);
	/* MEM_CANCEL_OFFLINE: the memory stays after all. Told to every driver, whatever it said before. */
	void (*cancel_offline)(struct user_driver *d, pfn_t start, uint32_t nr);
	/* MEM_ONLINE: [start, start + nr) has come, all of it free. Told before anybody can allocate it. */
	void (*came_online)(struct user_driver *d, pfn_t start, uint32_t nr);
	struct user_driver *next;
};

struct user_drivers {
	struct user_driver *first;
};

void drivers_add(struct user_drivers *chain, struct user_driver *d);
void drivers_remove(struct user_drivers *chain, struct user_driver *d);

/* Ask all of them in the order in which they came, until one says no. */
int drivers_isolating(struct user_drivers *chain, pfn_t start, uint32_t nr, uint32_t *found);
int drivers_going_offline(struct user_drivers *chain, pfn_t start, uint32_t nr);
void drivers_cancel_offline(struct user_drivers *chain, pfn_t start, uint32_t nr);
void drivers_came_online(struct user_drivers *chain, pfn_t start, uint32_t nr);

#endif
