// SPDX-License-Identifier: MIT
/* cmd_micro.c - `contigbench micro`: the microbenchmarks of every backend, by Google Benchmark and with its flags. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "cli.h"
#include "help/commands.h"
#include "micro/flags.h"
#include "micro/micro.h"

#define MAX_TARGETS 256

static struct micro_target targets[MAX_TARGETS];
static size_t nr_targets;

/* ---- zones: see micro.h ---------------------------------------------------------------------- */

static struct {
	struct churn *churn;
	const struct micro_target *target;
	enum churn_state state;
} zone;

void micro_zone_spent(void)
{
	churn_close(zone.churn);
	zone.churn = NULL;
}

struct churn *micro_zone(struct gbench_state *s, const struct micro_target *target, enum churn_state state)
{
	struct contig_diag diag;

	if (zone.churn && zone.target == target && zone.state == state)
		return zone.churn;
	micro_zone_spent();
	zone.churn = churn_open(target->spec, target->mib, state, &diag);
	zone.target = target;
	zone.state = state;
	if (!zone.churn)
		gbench_skip_with_error(s, diag.text);
	return zone.churn;
}

int micro_add(const char *name, gbench_fn *fn, const struct micro_target *target, struct gbench **out)
{
	char full[512];

	/* the default size is not part of the name, other sizes are */
	int len = snprintf(full, sizeof(full), "%s/%s", name, target->spec);
	if (len >= 0 && (size_t)len < sizeof(full) && target->mib != 1024)
		snprintf(full + len, sizeof(full) - (size_t)len, "/gib:%u", target->mib / 1024);
	return gbench_register(full, fn, (void *)(uintptr_t)target, out);
}

/* ---- our own options ------------------------------------------------------------------------- */

struct options {
	const char *backends; /* NULL: all */
	const char *gib;
	bool json, help;
};

/* What is Google Benchmark's stays in argv, behind its name; the rest is ours. */
static int take_library_flags(int argc, char **argv, char **ours)
{
	int left = 1, nr = 1;

	ours[0] = argv[0];
	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--benchmark_", 12) || !strncmp(argv[i], "--v=", 4))
			argv[left++] = argv[i];
		else
			ours[nr++] = argv[i];
	}
	argv[left] = NULL;
	ours[nr] = NULL;
	return nr;
}

/* Take our options out of argv and leave the rest for the library. */
static int parse(int *argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "gib", required_argument, NULL, 'g' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	char **ours = calloc((size_t)*argc + 1, sizeof(*ours));
	int status = CLI_OK, opt = 0;

	if (!ours)
		return cli_error(CLI_MACHINE, "no memory");
	int nr = take_library_flags(*argc, argv, ours);

	*argc -= nr - 1;
	while (cli_option(nr, ours, ":b:h", options, &opt, &status)) {
		switch (opt) {
		case 'b':
			o->backends = optarg;
			break;
		case 'g':
			o->gib = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case 'h':
			o->help = true;
			break;
		}
	}
	if (status == CLI_OK && optind < nr)
		status = cli_error(CLI_USAGE, "'%s' is no option: see `contigbench micro --help`", ours[optind]);
	free(ours);
	return status;
}

static int add_target(const char *spec, const char *gib_list)
{
	char *list = strdup(gib_list), *rest = list, *gib;
	int rc = list ? CLI_OK : cli_error(CLI_MACHINE, "no memory");

	while (rc == CLI_OK && (gib = strsep(&rest, ","))) {
		uint64_t n;

		if (!cli_u64(gib, 1, 64, &n))
			rc = cli_error(CLI_USAGE, "--gib %s: a zone has 1 to 64 GiB; try --gib 1,8", gib_list);
		else if (nr_targets == MAX_TARGETS)
			rc = cli_error(CLI_USAGE, "more than %d combinations of backend and size", MAX_TARGETS);
		else
			targets[nr_targets++] = (struct micro_target){ .spec = spec, .mib = (uint32_t)n << 10 };
	}
	free(list);
	return rc;
}

/* `list` is cut up and must live as long as the targets. */
static int add_targets(char *list, const char *gib)
{
	struct contig_diag diag;
	int rc = CLI_OK;

	if (!list) {
		for (size_t i = 0; contig_backend_at(i) && rc == CLI_OK; i++)
			rc = add_target(contig_backend_at(i)->name, gib);
		return rc;
	}
	for (char *spec; rc == CLI_OK && (spec = strsep(&list, ","));) {
		if (contig_spec_check(spec, &diag))
			return cli_error(CLI_USAGE, "%s", diag.text);
		rc = add_target(spec, gib);
	}
	return rc;
}

static const char about_debug[] = "contigbench micro: \"Library was built as DEBUG\" (JSON: library_build_type) is "
				  "about Google Benchmark as Debian "
				  "packages it, with its assertions on. contigbench is not meant; its operations run "
				  "in batches between two calls of the library.\n";

static int add_context(const struct options *o)
{
	struct utsname u;
	char text[4096] = "";
	size_t len = 0;

	uname(&u);
	for (size_t i = 0; i < nr_targets; i++) {
		if ((i && !strcmp(targets[i].spec, targets[i - 1].spec)) || len >= sizeof(text))
			continue;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? "," : "", targets[i].spec);
	}
	const char *const pairs[][2] = {
		{ "contigbench_revision", cli_revision() },
		{ "compiler", __VERSION__ },
		{ "kernel", u.release },
		{ "machine", u.machine },
		{ "backends", text },
		{ "zone_gib", o->gib },
		{ "clock", "wall clock, one thread" },
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		int rc = gbench_add_context(pairs[i][0], pairs[i][1]);

		if (rc && rc != -EEXIST)
			return rc;
	}
	return 0;
}

static int register_all(void)
{
	/* benchmark by benchmark, so that a table shows the backends below each other */
	static int (*const rooms[])(const struct micro_target *) = { micro_register_order, micro_register_contig };
	int rc = 0;

	for (size_t r = 0; r < sizeof(rooms) / sizeof(rooms[0]); r++) {
		for (size_t i = 0; i < nr_targets && !rc; i++)
			rc = rooms[r](&targets[i]);
	}
	return rc;
}

/* Repetitions of one benchmark are apart in time, unless the user has said: what disturbs the machine then disturbs all alike. */
static int initialize(int *argc, char **argv)
{
	const char *repetitions = gbench_flag(*argc, argv, "repetitions");
	char interleaving[] = "--benchmark_enable_random_interleaving=true";
	int n = *argc;
	char **more = calloc((size_t)n + 2, sizeof(*more));

	if (!more)
		return -ENOMEM;
	memcpy(more, argv, (size_t)n * sizeof(*more));
	if (repetitions && strcmp(repetitions, "1") && !gbench_flag(n, argv, "enable_random_interleaving"))
		more[n++] = interleaving;
	int rc = gbench_initialize(&n, more);

	/* those that the library left */
	memcpy(argv, more, (size_t)(n < *argc ? n : *argc) * sizeof(*argv));
	*argc = n < *argc ? n : *argc;
	free(more);
	return rc;
}

static int run(int argc, char **argv, const struct options *o)
{
	size_t matched = 0, nr_failed = 0;
	bool list =
		flag_is_on(gbench_flag(argc, argv, "list_tests")); /* now: the library takes its flags out of argv */
	int rc = flags_check(argc, argv);

	if (rc)
		return rc;
	rc = initialize(&argc, argv);
	if (rc == -ECANCELED)
		return cli_error(CLI_USAGE, "%s: see `contigbench micro --help`", gbench_error());
	if (rc)
		return cli_error(CLI_MACHINE, "%s", gbench_error());
	if (argc > 1)
		return cli_error(CLI_USAGE, "unknown flag or bad value: '%s'; see `contigbench micro --help`", argv[1]);
	if (add_context(o) || register_all())
		return cli_error(CLI_MACHINE, "%s", gbench_error());
	rc = gbench_run(&matched, &nr_failed);
	micro_zone_spent();
	gbench_shutdown();
	if (rc == -ENODATA)
		return cli_error(CLI_USAGE, "%s matches no benchmark: --benchmark_list_tests lists them",
		                 gbench_error());
	if (rc)
		return cli_error(cli_status_of(rc), "%s", gbench_error());
	if (!list && gbench_library_is_debug())
		fputs(about_debug, stderr);
	if (nr_failed)
		return cli_error(CLI_NO, "%zu benchmark run%s failed", nr_failed, nr_failed == 1 ? "" : "s");
	return CLI_OK;
}

int cmd_micro(int argc, char **argv)
{
	char **args = calloc((size_t)argc + 2, sizeof(*args)), *list = NULL;
	char program[] = "contigbench";
	struct options o = { .gib = "1" };
	int n = argc, rc;

	if (!args)
		return cli_error(CLI_MACHINE, "no memory");
	memcpy(args, argv, (size_t)argc * sizeof(*args));
	args[0] = program; /* in the context of the results */
	rc = parse(&n, args, &o);
	if (rc == CLI_OK && o.help) {
		help_print(stdout, &help_micro);
	} else if (rc == CLI_OK) {
		char format[] = "--benchmark_format=json";

		if (o.json)
			args[n++] = format;
		args[n] = NULL;
		nr_targets = 0;
		list = o.backends ? strdup(o.backends) : NULL;
		rc = o.backends && !list ? cli_error(CLI_MACHINE, "no memory") : add_targets(list, o.gib);
		if (rc == CLI_OK)
			rc = run(n, args, &o);
		gbench_clear();
	}
	free(list);
	free(args);
	return rc;
}
