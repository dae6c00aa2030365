// SPDX-License-Identifier: MIT
#include <getopt.h>

#include "../cli.h"
#include "run_options.h"

int run_seconds(const char *flag, unsigned int *out)
{
	uint64_t value;

	if (!cli_u64(optarg, 1, 1000000, &value))
		return cli_error(CLI_USAGE, "%s %s: give seconds, from 1 to 1000000", flag, optarg);
	*out = (unsigned int)value;
	return CLI_OK;
}

int run_option(enum run_option option, struct guest_options *o)
{
	switch (option) {
	case RUN_PROGRAM:
		o->program = true;
		break;
	case RUN_APPEND:
		o->append = optarg;
		break;
	case RUN_BOOT_TIMEOUT:
		return run_seconds("--boot-timeout", &o->seconds);
	case RUN_EMULATE:
		o->emulate = true;
		break;
	case RUN_THREADS:
		o->threads = true;
		break;
	}
	return CLI_OK;
}
