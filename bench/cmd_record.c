// SPDX-License-Identifier: MIT
/* cmd_record.c - contigbench record: the command line of workloads/record/record.h. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../workloads/record/record.h"
#include "cli.h"
#include "help/commands.h"

#define BUFFER_MIB     16
#define BUFFER_MIB_MAX 4096

struct options {
	struct record_args args;
	bool force;
	bool done; /* --help was all that was asked for */
};

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "force", no_argument, NULL, 'f' },
		{ "label", required_argument, NULL, 'l' },
		{ "buffer-mib", required_argument, NULL, 'b' },
		{ "leave-pcp", no_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t mib;
	int c = 0, status = CLI_OK;

	while (cli_option(argc, argv, "+:o:h", longs, &c, &status)) {
		switch (c) {
		case 'o':
			o->args.path = optarg;
			break;
		case 'f':
			o->force = true;
			break;
		case 'l':
			o->args.label = optarg;
			break;
		case 'b':
			if (!cli_u64(optarg, 1, BUFFER_MIB_MAX, &mib))
				return cli_error(CLI_USAGE, "--buffer-mib %s: a whole number from 1 to %d is wanted",
				                 optarg, BUFFER_MIB_MAX);
			o->args.buffer_mib = (uint32_t)mib;
			break;
		case 'p':
			o->args.leave_pcp = true;
			break;
		case 'h':
			help_print(stdout, &help_record);
			o->done = true;
			return CLI_OK;
		}
	}
	if (status != CLI_OK)
		return status;
	o->args.argv = argv + optind;
	return CLI_OK;
}

static int check(const struct options *o)
{
	const struct record_args *a = &o->args;
	struct stat st;

	if (!a->path || !*a->path)
		return cli_error(CLI_USAGE, "where to? -o FILE is missing: see `contigbench record --help`");
	if (!a->argv[0])
		return cli_error(CLI_USAGE, "what? a COMMAND is missing: see `contigbench record --help`");
	if (a->label && strlen(a->label) > 63)
		return cli_error(CLI_USAGE, "--label: %zu bytes, up to 63 are kept", strlen(a->label));
	for (const char *p = a->label; p && *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return cli_error(CLI_USAGE, "--label: a single line without control characters is wanted");
	}
	if (!o->force && !lstat(a->path, &st))
		return cli_error(CLI_USAGE, "%s exists: choose another name, or replace it with --force", a->path);
	return CLI_OK;
}

static void summary(const struct record_args *args, const struct record_result *r)
{
	const struct trace_info *i = &r->info;
	const struct identity_counts *n = &r->counts;
	uint64_t known = n->raw_events - n->unmatched_frees - n->foreign;
	double mib = (double)(UINT64_C(1) << i->page_shift) / 1048576;

	fprintf(stderr,
	        "%s: %.3f s, %" PRIu64 " bytes\n"
	        "  events       %" PRIu64 " of the kernel, %.2f %% identified; %" PRIu64 " in the trace\n"
	        "  initial      %" PRIu64 " allocations, %" PRIu64 " pages (%.0f MiB)\n"
	        "  peak         %" PRIu64 " pages (%.0f MiB)\n"
	        "  lost         %" PRIu64 "\n"
	        "  split        %" PRIu64 "\n"
	        "  implied      %" PRIu64 " frees of pages that were allocated again\n"
	        "  unmatched    %" PRIu64 " frees of pages that nobody knew\n"
	        "  failed       %" PRIu64 " allocations\n",
	        args->path, (double)i->duration_ns / 1e9, r->file_bytes, n->raw_events,
	        n->raw_events ? (double)known * 100 / (double)n->raw_events : 100.0, i->nr_events, n->initial,
	        n->initial_pages, (double)n->initial_pages * mib, i->peak_pages, (double)i->peak_pages * mib, i->lost,
	        n->splits, n->implied_frees, n->unmatched_frees, n->failed_allocs);
	if (n->late)
		fprintf(stderr, "  late         %" PRIu64 " events came out of order, by less than a moment\n",
		        n->late);
	if (n->foreign)
		fprintf(stderr, "  foreign      %" PRIu64 " events about memory that was plugged in meanwhile\n",
		        n->foreign);
	if (i->lost)
		cli_warn("the kernel dropped %" PRIu64 " events: record again with a larger --buffer-mib", i->lost);
	if (r->guessed)
		cli_warn("this kernel does not say what __GFP_COMP is: every movable allocation of order > 0 is "
		         "recorded "
		         "as compound");
}

static int verdict(const struct record_args *args, const struct record_result *r)
{
	if (r->exec_errno)
		return cli_error(CLI_USAGE, "%s: %s; nothing was recorded", args->argv[0], strerror(r->exec_errno));
	if (r->interrupted)
		return cli_error(CLI_NO, "interrupted before the command began; nothing was recorded");
	summary(args, r);
	if (WIFSIGNALED(r->status))
		return cli_error(CLI_NO, "the command was ended by signal %d (%s); the trace is kept",
		                 WTERMSIG(r->status), strsignal(WTERMSIG(r->status)));
	if (WEXITSTATUS(r->status))
		return cli_error(CLI_NO, "the command failed with status %d; the trace is kept",
		                 WEXITSTATUS(r->status));
	return CLI_OK;
}

int cmd_record(int argc, char **argv)
{
	struct options o = { .args = { .buffer_mib = BUFFER_MIB } };
	struct record_result result;
	struct contig_diag diag;
	int rc = parse(argc, argv, &o);

	if (rc || o.done)
		return rc;
	rc = check(&o);
	if (rc)
		return rc;
	rc = record_run(&o.args, &result, &diag);
	if (result.swept)
		cli_warn("removed %u tracefs instance%s of dead recorders", result.swept, result.swept > 1 ? "s" : "");
	/* -ENOENT is a missing output folder or a missing tracefs: the former is the user's, the latter the machine's
	 */
	if (rc)
		return cli_error(result.machine ? CLI_MACHINE : cli_status_of(rc), "%s", diag.text);
	return verdict(&o.args, &result);
}
