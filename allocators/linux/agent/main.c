// SPDX-License-Identifier: MIT
/* main.c - contigbench-agent: process 1 of a guest. See wire.h for what it understands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "line.h"

#define SERIAL "/dev/ttyS1"

/* Process 1 must not end: the kernel would panic about that instead of about what is wrong. */
static void give_up(const char *what, int err)
{
	fprintf(stderr, "contigbench-agent: %s: %s\n", what, strerror(err));
	for (;;)
		pause();
}

static void ready(const char *failed)
{
	char safe[1024], text[sizeof(safe) + 64];

	line_escape(safe, sizeof(safe), failed ? failed : "", failed ? strlen(failed) : 0);

	int len = snprintf(text, sizeof(text), "%s%s\n", failed ? WIRE_FAILED : WIRE_READY, safe);

	serial_write(text, (size_t)len);
	serial_flush();
}

int main(void)
{
	if (getpid() != 1) {
		fputs("contigbench-agent: this is process 1 of a guest that `contigbench guest boot` boots, and nothing else\n",
		      stderr);
		return 2;
	}

	const char *failed = init_guest();
	int rc = serial_open(SERIAL);

	if (rc)
		give_up(SERIAL, -rc);
	rc = mappings_open();
	if (rc && !failed)
		failed = "no address space for user pages, or no /proc/self/pagemap";
	ready(failed);
	for (char *line; (line = serial_line());)
		command_line(line);
	give_up(SERIAL, EIO);
}
