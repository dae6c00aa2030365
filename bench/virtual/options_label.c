// SPDX-License-Identifier: MIT
/* options_label.c - how parameters of a replay are written. */
#include "options.h"

void run_size_label(const struct run_size *s, char out[16])
{
	snprintf(out, 16, "%u%c", s->count, s->memory_blocks ? 'm' : s->blocks ? 'b' : 'p');
}

void occupancy_label(uint32_t t, char out[16])
{
	int n = snprintf(out, 16, "%u", t / 1000);

	if (t % 1000) {
		n += snprintf(out + n, 16 - (size_t)n, ".%03u", t % 1000);
		while (out[n - 1] == '0')
			out[--n] = '\0';
	}
}
