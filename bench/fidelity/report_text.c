// SPDX-License-Identifier: MIT
/* report_text.c - the report on a terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../conformance_report.h"
#include "../text/escape.h"
#include "report.h"

static void print_ratio(const struct conformance_random_row *row)
{
	if (!row->pages_kernel)
		fputs("          -", stdout);
	else
		printf(" %10.4f", (double)row->pages_model / (double)row->pages_kernel);
	printf("  %3u of %-3u %3u of %-3u %5u\n", row->granted_kernel, row->requests, row->granted_model, row->requests,
	       row->again);
}

static void print_sets(const struct fidelity_report *r, uint32_t kernel)
{
	struct fidelity_set s;

	puts("                         asked   both          rc       stage       types         map    migrated"
	     "      ratio  kernel got  model got reloaded");
	for (uint32_t i = 0; fidelity_set_at(r, kernel, i, &s); i++) {
		printf("  %-22s %5u  %5u", s.name, s.asked, s.both);
		conformance_print_agreement(&s.rc);
		conformance_print_agreement(&s.stage);
		conformance_print_agreement(&s.types);
		conformance_print_agreement(&s.map);
		conformance_print_agreement(&s.migrated);
		if (s.row)
			print_ratio(s.row);
		else
			putchar('\n');
	}
}

static void print_reasons(const struct fidelity_report *r, uint32_t kernel, bool model)
{
	const struct conformance_reason *why;
	bool any = false;

	for (uint32_t at = 0; (why = fidelity_reason_next(r, kernel, model, &at));) {
		if (!any)
			puts(model ? "  not possible in the model" : "  not possible here");
		any = true;
		printf("    %4u  ", why->times);
		escape_terminal(stdout, why->text);
		putchar('\n');
	}
}

static void print_side(const char *side, const char *text)
{
	printf("      %-7s", side);
	escape_terminal(stdout, text ? text : "");
	putchar('\n');
}

static void print_disagreements(const struct fidelity_report *r, uint32_t kernel)
{
	bool any = false;

	for (uint32_t i = 0; i < r->nr; i++) {
		const struct disagreement *d = &r->d[i];
		char *a, *b;

		if (d->kernel != kernel)
			continue;
		if (!any)
			puts("  disagreements");
		any = true;
		fputs("    ", stdout);
		escape_terminal(stdout, d->where);
		printf(": %s\n", d->what);
		fidelity_difference(d->recorded, d->model, &a, &b);
		print_side("kernel", a);
		print_side("model", b);
		free(a);
		free(b);
	}
}

void fidelity_print_text(const struct fidelity_report *r)
{
	for (uint32_t i = 0; i < r->c->nr_kernels; i++) {
		const struct conformance_kernel *k = &r->c->kernel[i];

		if (i)
			putchar('\n');
		escape_terminal(stdout, k->kernel);
		printf(" and %s", k->backend[0] ? k->backend : "no backend");
		if (k->release[0]) {
			fputs(": Linux ", stdout);
			escape_terminal(stdout, k->release);
			fputs(", ", stdout);
			escape_terminal(stdout, k->version);
			fputs(", recorded ", stdout);
			escape_terminal(stdout, k->date);
		}
		putchar('\n');
		print_sets(r, i);
		print_reasons(r, i, false);
		print_reasons(r, i, true);
		print_disagreements(r, i);
		if (k->missing[0]) {
			fputs("  missing: ", stdout);
			escape_terminal(stdout, k->missing);
			putchar('\n');
		}
	}
}
