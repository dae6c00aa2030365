// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

uint64_t process_start_time(pid_t pid)
{
	char path[64], line[1024];
	uint64_t start = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "re");

	if (!f)
		return 0;
	/* the process's name is in parentheses and may hold anything: count behind the last one */
	char *p = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;

	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (p)
		start = strtoull(p, NULL, 10);
	fclose(f);
	return start;
}
