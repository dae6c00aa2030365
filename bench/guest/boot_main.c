// SPDX-License-Identifier: MIT
/* boot_main.c - contigbench guest boot: does it boot, and what is it? */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../cli.h"
#include "../help/commands.h"
#include "commands.h"
#include "guest.h"
#include "run_options.h"
#include "shell.h"

struct asked {
	struct guest_options guest;
	bool shell, help;
};

static int parse(int argc, char **argv, struct asked *a)
{
	enum {
		SHELL = 256
	};
	static const struct option options[] = {
		{ "shell", no_argument, NULL, SHELL },
		RUN_OPTIONS,
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt = 0, status = CLI_OK;

	while (status == CLI_OK && cli_option(argc, argv, ":h", options, &opt, &status)) {
		switch (opt) {
		case SHELL:
			a->shell = a->guest.terminal = true;
			break;
		case 'h':
			a->help = true;
			break;
		default:
			status = run_option((enum run_option)opt, &a->guest);
		}
	}
	if (status == CLI_OK && !a->help && argc - optind != 1)
		return cli_error(CLI_USAGE, "%s: give the name of one kernel: `contigbench guest boot linux-6.1`",
		                 argc == optind ? "no NAME" : argv[optind + 1]);
	return status;
}

/* What `free` would call the total, MiB. */
static uint64_t memory_mib(struct guest *g)
{
	struct guest_answer *a;
	struct contig_diag diag;

	if (guest_call(g, &a, &diag, "sh 10 grep MemTotal /proc/meminfo") || a->nr_lines != 1)
		return 0;
	return strtoull(a->line[0] + strcspn(a->line[0], "0123456789"), NULL, 10) >> 10;
}

static const char *says(const struct guest *g, const char *key)
{
	const char *value = guest_says(g, key);

	return value ? value : "unknown";
}

static void print(struct guest *g, const char *name)
{
	static const char *const can[] = { "isolate", "cma_type", "cma_alloc", "thp", "hugetlb", "offline", "race" };
	char key[32];

	printf("kernel     %s: Linux %s\n", name, says(g, "release"));
	printf("version    %s\n", says(g, "version"));
	printf("machine    %s cpus, %" PRIu64 " MiB, %s\n", says(g, "cpus"), memory_mib(g),
	       guest_is_kvm(g) ? "KVM" : "emulated");
	printf("booted     in %.1f s\n", guest_booted(g));
	printf("blocks     pageblock_order %s, max_order %s\n", says(g, "pageblock_order"), says(g, "max_order"));
	printf("arena      node %s, from pfn %s, %s pages\n", says(g, "node"), says(g, "zone_start"),
	       says(g, "zone_pages"));
	printf("can");
	for (size_t i = 0; i < sizeof(can) / sizeof(can[0]); i++) {
		snprintf(key, sizeof(key), "can_%s", can[i]);
		if (guest_number(g, key))
			printf("%s%s", i ? " " : "        ", can[i]);
	}
	printf("\n");
}

static int shell(struct guest *g)
{
	struct contig_diag diag;

	fprintf(stderr, "%s, booted in %.1f s; `exit` leaves and powers it off\n", says(g, "release"), guest_booted(g));
	int rc = shell_run(g, &diag);

	/* powered off from inside is an end as well */
	if (rc == -EIO && !strstr(diag.text, "panic"))
		return CLI_OK;
	return rc < 0 ? cli_error(CLI_MACHINE, "%s", diag.text) : CLI_OK;
}

int guest_boot_main(int argc, char **argv)
{
	struct asked a = { .guest = GUEST_OPTIONS };
	struct contig_diag diag;
	int status = parse(argc, argv, &a);

	if (status != CLI_OK)
		return status;
	if (a.help) {
		help_print(stdout, &help_guest);
		return CLI_OK;
	}
	const char *name = argv[optind];
	struct guest *g = guest_boot(name, &a.guest, &diag);

	if (!g)
		return cli_error(cli_status_of(errno), "%s", diag.text);
	if (a.shell)
		status = shell(g);
	else
		print(g, name);
	guest_close(g);
	return cli_printed(status);
}
