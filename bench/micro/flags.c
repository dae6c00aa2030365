// SPDX-License-Identifier: MIT
/* flags.c - what Google Benchmark would pass over in silence. */
#include <string.h>

#include "../cli.h"
#include "flags.h"
#include "gbench.h"

int flags_check(int argc, char **argv)
{
	/* the library parses these and takes any number: a repetition of 0 runs, a negative minimum time ends at once
	 */
	static const struct {
		const char *flag;
		double min;
	} numbers[] = { { "min_time", 1e-6 }, { "min_warmup_time", 0 }, { "repetitions", 1 } };
	const char *counters = gbench_flag(argc, argv, "perf_counters");
	double number;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const char *text = gbench_flag(argc, argv, numbers[i].flag);

		if (text && !cli_double(text, numbers[i].min, 1e9, &number))
			return cli_error(CLI_USAGE, "--benchmark_%s=%s: must be a number of at least %g",
			                 numbers[i].flag, text, numbers[i].min);
	}
	if (counters && *counters && !gbench_library_has_libpfm())
		return cli_error(
			CLI_MACHINE,
			"--benchmark_perf_counters: this Google Benchmark was built without libpfm and would "
			"leave the counters out; use `perf stat` around this command, or `contigbench perf` for "
			"instruction counts");
	return CLI_OK;
}

/* As the library reads a switch. */
bool flag_is_on(const char *value)
{
	return value && strcmp(value, "false") && strcmp(value, "no") && strcmp(value, "off") && strcmp(value, "0") &&
	       strcmp(value, "f") && strcmp(value, "n");
}
