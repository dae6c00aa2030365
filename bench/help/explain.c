// SPDX-License-Identifier: MIT
#include "commands.h"

static const struct help_option options[] = {
	{ "DIR", NULL, "a results folder of `contigbench run`", NULL, "dir" },
	{ "--failure", "N", "from 1 on, in the order of requests.jsonl, whose lines have the number, too",
	  "Without it, list the kinds of failures and the first of each.", NULL },
	{ "--trace", "FILE", "where the trace is now", NULL, "file:.ctr" },
	{ "--json", NULL, "one JSON object instead of text", NULL, NULL },
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ 0 },
};

const struct help help_explain = {
	.name = "explain",
	.summary = "why a request of a run failed",
	.usage = (const char *const[]){ "contigbench explain DIR [--failure N] [--trace FILE] [--json]", NULL },
	.text = "Why request N of those that failed in the results folder DIR did so: the page in the way, who owns it and since "
		"when, what the request had cost, and the pageblocks around it at that moment. The replay is made again up to "
		"there, from the same trace. Without --failure: which failures there are.",
	.groups = (const struct help_group[]){ { NULL, NULL, options }, { 0 } },
	.examples = (const struct help_example[]){ { "contigbench explain results/latest --failure 1",
	                                             "why a request of the last run failed" },
	                                           { 0 } },
	.status = "Exit status: 0 explained; 1 the replay ends otherwise than what is stored.",
};
