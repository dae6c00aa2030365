// SPDX-License-Identifier: MIT
#include "commands.h"

static const struct help_option options[] = {
	{ "info", "FILE", "check the whole file, then show what its header says and what its events are", NULL,
	  "file:.ctr" },
	{ "cat", "FILE", "print the events, one a line, after a line that begins with #",
	  "The lines are those of contigbench-formats(5), Text.", "file:.ctr" },
	{ "--json", NULL, "info: one JSON object instead of text", NULL, NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ 0 },
};

/* Rows of their own, so that --help keeps them on a line each. */
static const struct help_option lines[] = {
	{ "NS CPU alloc ID ORDER KIND MIGRATETYPE NODE ZONE", NULL, "an allocation of 2^ORDER pages", NULL, NULL },
	{ "NS CPU free ID", NULL, "its end", NULL, NULL },
	{ "NS CPU split ID ORDER FIRST-PIECE", NULL,
	  "ID is replaced by pieces of ORDER whose ids count up from FIRST-PIECE", NULL, NULL },
	{ "NS CPU pin ID", NULL, "it can not be migrated from here on ...", NULL, NULL },
	{ "NS CPU unpin ID", NULL, "... to here", NULL, NULL },
	{ "NS CPU mark NUMBER", NULL, "a place in time", NULL, NULL },
	{ 0 },
};

const struct help help_trace = {
	.name = "trace",
	.summary = "info or cat of a recorded trace",
	.usage = (const char *const[]){ "contigbench trace info FILE [--json]", "contigbench trace cat FILE", NULL },
	.text = "Look into a recorded trace.",
	.groups = (const struct help_group[]){ { NULL, NULL, options }, { 0 } },
	.legend = (const struct help_group[]){ { "Lines of cat", "NS are nanoseconds since the trace began.", lines },
	                                       { 0 } },
	.examples = (const struct help_example[]){ { "contigbench trace info build.ctr", "what was recorded" }, { 0 } },
	.status =
		"Exit status: 0 fine; 2 wrong call, or the file is damaged or no trace; 3 it can not be read or printed.",
};
