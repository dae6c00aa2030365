// SPDX-License-Identifier: MIT
/* report_markdown.c - the report as the last part of docs/fidelity.md. */
#include <stdio.h>
#include <stdlib.h>

#include "../text/escape.h"
#include "report.h"

#define MOST_SHOWN 20u /* disagreements of a kernel; the folder has all */

static void cell(const struct agreement *a)
{
	if (a->of)
		printf(" %u of %u |", a->agree, a->of);
	else
		fputs(" |", stdout);
}

static void print_kernels(const struct fidelity_report *r)
{
	puts("| kernel | release | version | recorded | model |\n|---|---|---|---|---|");
	for (uint32_t i = 0; i < r->c->nr_kernels; i++) {
		const struct conformance_kernel *k = &r->c->kernel[i];

		printf("| %s | %s | ", k->kernel, k->release);
		escape_markdown(stdout, k->version);
		printf(" | %s | %s |\n", k->date, k->backend[0] ? k->backend : "none");
	}
}

static void print_sets(const struct fidelity_report *r, uint32_t kernel)
{
	struct fidelity_set s;

	puts("| | asked | answered by both | return code | stage | types | map | pages migrated | sum of pages, model : kernel | "
	     "granted, kernel and model | reloaded |\n|---|---|---|---|---|---|---|---|---|---|---|");
	for (uint32_t i = 0; fidelity_set_at(r, kernel, i, &s); i++) {
		printf("| %s | %u | %u |", s.name, s.asked, s.both);
		cell(&s.rc);
		cell(&s.stage);
		cell(&s.types);
		cell(&s.map);
		cell(&s.migrated);
		if (!s.row) {
			puts(" | | |");
			continue;
		}
		if (s.row->pages_kernel)
			printf(" %llu : %llu = %.4f |", (unsigned long long)s.row->pages_model,
			       (unsigned long long)s.row->pages_kernel,
			       (double)s.row->pages_model / (double)s.row->pages_kernel);
		else
			fputs(" |", stdout);
		printf(" %u, %u | %u |\n", s.row->granted_kernel, s.row->granted_model, s.row->again);
	}
}

static void print_reasons(const struct fidelity_report *r, uint32_t kernel, bool model)
{
	const struct conformance_reason *why;
	bool any = false;

	for (uint32_t at = 0; (why = fidelity_reason_next(r, kernel, model, &at));) {
		if (!any)
			puts(model ? "\nNot possible in the model:\n" : "\nNot possible here:\n");
		any = true;
		printf("- %u: ", why->times);
		escape_markdown(stdout, why->text);
		putchar('\n');
	}
}

static void print_disagreements(const struct fidelity_report *r, uint32_t kernel)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < r->nr; i++) {
		const struct disagreement *d = &r->d[i];
		char *a, *b;

		if (d->kernel != kernel || nr++ >= MOST_SHOWN)
			continue;
		if (nr == 1)
			puts("\nDisagreements:\n");
		fputs("- ", stdout);
		escape_markdown(stdout, d->where);
		printf(", %s: kernel `", d->what);
		fidelity_difference(d->recorded, d->model, &a, &b);
		printf("%s`, model `%s`\n", a ? a : "", b ? b : "");
		free(a);
		free(b);
	}
	if (nr > MOST_SHOWN)
		printf("\nand %u more.\n", nr - MOST_SHOWN);
	if (!nr)
		puts(fidelity_compared(r, kernel) ? "\nNo disagreement." : "\nNothing was compared.");
}

void fidelity_print_markdown(const struct fidelity_report *r)
{
	puts("## Kernels in guests\n"
	     "\n"
	     "What `contigbench fidelity` found: the scenario set and random requests on memory that was filled in the guest, looked\n"
	     "at, and put into the model to the page, the order of the free lists included. After a disagreement the model is given the\n"
	     "kernel's memory anew, so that one difference does not become many: how often that was is under *reloaded*. How all of\n"
	     "this is compared is in [methodology](methodology.md#agreement-with-kernels).\n");
	print_kernels(r);
	for (uint32_t i = 0; i < r->c->nr_kernels; i++) {
		const struct conformance_kernel *k = &r->c->kernel[i];

		printf("\n### %s\n\n", k->kernel);
		print_sets(r, i);
		print_reasons(r, i, false);
		print_reasons(r, i, true);
		print_disagreements(r, i);
		if (k->missing[0]) {
			fputs("\nMissing: ", stdout);
			escape_markdown(stdout, k->missing);
			putchar('\n');
		}
	}
}
