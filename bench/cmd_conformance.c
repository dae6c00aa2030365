// SPDX-License-Identifier: MIT
/* cmd_conformance.c - contigbench conformance DIR: recorded kernel answers against the model. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "backends.h"
#include "cli.h"
#include "help/commands.h"
#include "conformance_report.h"
#include "exact/arena.h"
#include "exact/conformance_record.h"
#include "exact/decides.h"

struct printer {
	bool quiet;
	unsigned int nr;
	const struct backend_list *backends;
};

/* The second answer is a model's, or a kernel's of today. */
static bool asked_again(const struct printer *p, const char *kernel)
{
	const struct recorded_kernel *k = recorded_kernel_find(kernel);

	for (size_t i = 0; k && i < p->backends->nr; i++) {
		size_t len = contig_name_machine(p->backends->name[i]);

		if (len && len == strlen(k->backend) && !strncmp(p->backends->name[i], k->backend, len))
			return true;
	}
	return false;
}

static void print_disagreement(void *ctx, const char *kernel, const char *where, const char *what, const char *recorded,
                               const char *got)
{
	struct printer *p = ctx;
	bool again = asked_again(p, kernel);

	if (p->quiet)
		return;
	if (!p->nr++)
		puts("disagreements");
	printf("  %s %s: %s\n    %-6s  %s\n    %-6s  %s\n", kernel, where, what, again ? "before" : "kernel", recorded,
	       again ? "now" : "model", got);
}

enum form {
	TEXT,
	JSON,
	MARKDOWN
};

/* Turn every knob of the backends that were compared. The status of the run, or an error's. */
static int print_decided(const struct conformance *c, const char *dir, enum form form, int status)
{
	struct decided *d = calloc(1, sizeof(*d));
	struct contig_diag diag;
	int rc = d ? decided_by_answers(d, c, dir, &diag) : contig_diag_set(&diag, -ENOMEM, "no memory");

	if (rc)
		status = cli_error((int)cli_status_of(rc), "%s", diag.text);
	else
		conformance_print_decided(c, d, form == MARKDOWN);
	free(d);
	return status;
}

static void print_change(void *ctx, const char *kernel, const char *where, const char *what, const char *before,
                         const char *now)
{
	struct printer *p = ctx;

	if (p->quiet)
		return;
	if (!p->nr++)
		puts("changed");
	printf("  %s %s: %s\n    before  %s\n    now     %s\n", kernel, where, what, before, now);
}

static void show_progress(void *ctx, uint32_t done, uint32_t of)
{
	(void)ctx;
	cli_progress("cases", done, of);
}

/* Ask real kernels, write down what they answer, and say what is new in it. */
static int record(const char *dir, const char *out, const struct backend_list *backends, struct printer *printer)
{
	struct recording r = { .dir = dir,
		               .out = out,
		               .backends = backends->name,
		               .nr_backends = backends->nr,
		               .report = print_change,
		               .progress = show_progress,
		               .ctx = printer };
	struct contig_diag diag = { "" };
	int rc = conformance_record(&r, &diag);

	if (rc)
		return cli_error(cli_status_of(rc), "%s", diag.text);
	printf("%s: %u cases asked, %u answers changed, %u new, %u cases not possible\n", out, r.cases, r.changed,
	       r.new, r.skipped);
	if (r.changed || r.new)
		printf("to accept them: cp %s/cases.txt %s/answers.jsonl %s/\n", out, out, dir);
	return r.changed ? CLI_NO : CLI_OK;
}

static bool compared(const struct conformance *c)
{
	uint32_t of = 0;

	for (uint32_t i = 0; i < c->nr_kernels; i++)
		of += c->kernel[i].types.of;
	for (uint32_t i = 0; i < c->nr_random; i++)
		of += c->random[i].types.of;
	for (uint32_t i = 0; i < c->nr_grown; i++)
		of += c->grown[i].types.of;
	for (uint32_t i = 0; i < c->nr_kernels; i++)
		of += c->kernel[i].s_types.of;
	return of;
}

int cmd_conformance(int argc, char **argv)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' },
		                                 { "json", no_argument, NULL, 'j' },
		                                 { "markdown", no_argument, NULL, 'm' },
		                                 { "knobs", no_argument, NULL, 'k' },
		                                 { "quiet", no_argument, NULL, 'q' },
		                                 { "record", required_argument, NULL, 'r' },
		                                 { NULL, 0, NULL, 0 } };
	struct backend_list backends = { 0 };
	struct printer printer = { .backends = &backends };
	struct contig_diag diag;
	enum form form = TEXT;
	const char *out = NULL;
	bool knobs = false, both = false;
	int opt = 0, status = CLI_OK;

	while (cli_option(argc, argv, ":b:h", options, &opt, &status)) {
		switch (opt) {
		case 'b':
			if (backends_add(&backends, optarg))
				return CLI_USAGE;
			break;
		case 'j':
			both = both || form == MARKDOWN;
			form = JSON;
			printer.quiet = true;
			break;
		case 'm':
			both = both || form == JSON;
			form = MARKDOWN;
			printer.quiet = true;
			break;
		case 'k':
			knobs = true;
			break;
		case 'q':
			printer.quiet = true;
			break;
		case 'r':
			out = optarg;
			break;
		case 'h':
			help_print(stdout, &help_conformance);
			return CLI_OK;
		}
	}
	if (status != CLI_OK)
		return status;
	if (both)
		return cli_error(CLI_USAGE, "--json or --markdown, not both");
	if (knobs && form == JSON)
		return cli_error(CLI_USAGE, "--knobs comes as text or with --markdown, not with --json");
	if (argc - optind != 1)
		return cli_error(CLI_USAGE, "name one folder of recorded answers: contigbench conformance DIR");

	if (out && (form != TEXT || knobs))
		return cli_error(CLI_USAGE, "--record prints what changed: not with --json, --markdown or --knobs");
	if (out)
		return record(argv[optind], out, &backends, &printer);

	struct conformance *c = calloc(1, sizeof(*c));

	if (!c)
		return cli_error(CLI_MACHINE, "no memory");
	c->report = print_disagreement;
	c->ctx = &printer;
	int rc = conformance_run(c, argv[optind], backends.nr ? backends.name : NULL, backends.nr, &diag);
	status = rc == -EUCLEAN ? CLI_NO : rc ? (int)cli_status_of(rc) : c->disagreements ? CLI_NO : CLI_OK;

	if (rc) {
		cli_error(status, "%s", diag.text);
	} else if (form == JSON) {
		conformance_print_json(c);
	} else if (form == MARKDOWN) {
		conformance_print_markdown(c);
	} else {
		conformance_print(c);
	}
	if (!rc && knobs)
		status = print_decided(c, argv[optind], form, status);
	if (!rc && !compared(c))
		cli_warn("%s: nothing there could be compared, so nothing agrees", argv[optind]);
	free(c);
	return status;
}
