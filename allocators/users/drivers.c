// SPDX-License-Identifier: MIT
/* drivers.c - the notifier chain. */
#include "drivers.h"

void drivers_add(struct user_drivers *chain, struct user_driver *d)
{
	struct user_driver **at = &chain->first;

	while (*at)
		at = &(*at)->next;
	d->next = NULL;
	*at = d;
}

void drivers_remove(struct user_drivers *chain, struct user_driver *d)
{
	struct user_driver **at = &chain->first;

	while (*at && *at != d)
		at = &(*at)->next;
	if (*at)
		*at = d->next;
}

int drivers_isolating(struct user_drivers *chain, pfn_t start, uint32_t nr, uint32_t *found)
{
	int rc = 0;

	for (struct user_driver *d = chain->first; d && !rc; d = d->next)
		rc = d->isolating ? d->isolating(d, start, nr, found) : 0;
	return rc;
}

int drivers_going_offline(struct user_drivers *chain, pfn_t start, uint32_t nr)
{
	int rc = 0;

	for (struct user_driver *d = chain->first; d && !rc; d = d->next)
		rc = d->going_offline ? d->going_offline(d, start, nr) : 0;
	return rc;
}

void drivers_cancel_offline(struct user_drivers *chain, pfn_t start, uint32_t nr)
{
	for (struct user_driver *d = chain->first; d; d = d->next) {
		if (d->cancel_offline)
			d->cancel_offline(d, start, nr);
	}
}

void drivers_came_online(struct user_drivers *chain, pfn_t start, uint32_t nr)
{
	for (struct user_driver *d = chain->first; d; d = d->next) {
		if (d->came_online)
			d->came_online(d, start, nr);
	}
}
