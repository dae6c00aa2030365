/* SPDX-License-Identifier: MIT */
/* now.h - CLOCK_MONOTONIC in milliseconds: for time limits. */
#ifndef GUEST_NOW_H
#define GUEST_NOW_H

#include <stdint.h>
#include <time.h>

static inline int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

#endif
