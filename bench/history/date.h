/* SPDX-License-Identifier: MIT */
/* date.h - moments as files and users write them: ISO 8601, in UTC where nothing else is said. */
#ifndef DATE_H
#define DATE_H

#include <stdbool.h>
#include <stdint.h>

/* "2026-01-31", "2026-01-31T12:00:00Z", "2026-01-31 12:00:00.5+01:00": seconds since 1970. False if it is none. */
bool date_parse(const char *text, int64_t *seconds);
/* "2026-01-31T12:00:00Z" */
void date_text(int64_t seconds, char out[32]);

#endif
