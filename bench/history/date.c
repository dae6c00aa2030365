// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "date.h"

/* Two digits, or `width` of them, up to `max`; moves on. */
static bool digits(const char **text, int width, int max, int *out)
{
	int v = 0;

	for (int i = 0; i < width; i++, ++*text) {
		if (**text < '0' || **text > '9')
			return false;
		v = v * 10 + (**text - '0');
	}
	*out = v;
	return v <= max;
}

static bool skip(const char **text, const char *any)
{
	if (!**text || !strchr(any, **text))
		return false;
	++*text;
	return true;
}

/* "Z", "+01:00", "+0100", or nothing. */
static bool zone(const char **text, int64_t *seconds)
{
	int hours, minutes;

	*seconds = 0;
	if (!**text || skip(text, "Zz"))
		return true;
	const bool west = **text == '-';

	if (!skip(text, "+-") || !digits(text, 2, 23, &hours))
		return false;
	skip(text, ":");
	if (!digits(text, 2, 59, &minutes))
		return false;
	*seconds = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

bool date_parse(const char *text, int64_t *seconds)
{
	struct tm tm = { .tm_mday = 0 };
	int64_t offset = 0;

	if (!digits(&text, 4, 9999, &tm.tm_year) || !skip(&text, "-") || !digits(&text, 2, 12, &tm.tm_mon) ||
	    !skip(&text, "-") || !digits(&text, 2, 31, &tm.tm_mday) || !tm.tm_mon || !tm.tm_mday)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	if (skip(&text, "Tt ")) {
		if (!digits(&text, 2, 23, &tm.tm_hour) || !skip(&text, ":") || !digits(&text, 2, 59, &tm.tm_min))
			return false;
		if (skip(&text, ":") && !digits(&text, 2, 60, &tm.tm_sec))
			return false;
		/* parts of a second order nothing here */
		if (skip(&text, "."))
			text += strspn(text, "0123456789");
		if (!zone(&text, &offset))
			return false;
	}
	const struct tm asked = tm;

	*seconds = (int64_t)timegm(&tm) - offset;
	/* the 31st of April would be the 1st of May */
	return !*text && tm.tm_mday == asked.tm_mday;
}

void date_text(int64_t seconds, char out[32])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(out, 32, "?");
}
