// SPDX-License-Identifier: MIT
/* fill.c - what each page of a node shall be, drawn from a seed. */
#include <string.h>

#include "fill.h"

void fill_scattered(uint8_t *fate, const struct fill *f, struct splitmix *r)
{
	uint32_t *order = f->scratch;

	memset(fate, FATE_USER, f->nr);
	for (uint32_t i = 0; i < f->nr; i++)
		order[i] = i;
	for (uint32_t i = 0; i < f->nr_kernel + f->nr_free; i++) {
		uint32_t j = i + splitmix_below(r, f->nr - i), t = order[i];

		order[i] = order[j];
		order[j] = t;
		fate[order[i]] = i < f->nr_kernel ? FATE_KERNEL : FATE_FREE;
	}
}

static void clusters(uint8_t *fate, uint32_t nr, uint32_t want, enum fate what, struct splitmix *r)
{
	while (want) {
		uint32_t len = splitmix_geometric(r, FILL_CLUSTER);
		uint32_t at = splitmix_below(r, nr);

		for (len = len < want ? len : want; len; at = at + 1 < nr ? at + 1 : 0) {
			if (fate[at] != FATE_USER)
				continue;
			fate[at] = (uint8_t)what;
			len--;
			want--;
		}
	}
}

void fill_clustered(uint8_t *fate, const struct fill *f, struct splitmix *r)
{
	memset(fate, FATE_USER, f->nr);
	clusters(fate, f->nr, f->nr_kernel, FATE_KERNEL, r);
	clusters(fate, f->nr, f->nr_free, FATE_FREE, r);
}
