// SPDX-License-Identifier: MIT
/* conformance_report.c - how far recorded answers and the model agree: as text, as JSON, and as docs/fidelity.md. */
#include <jansson.h>
#include <stdio.h>

#include "conformance_report.h"
#include "exact/arena.h"

static void print_count(const struct agreement *a)
{
	char text[32];

	if (!a->of)
		snprintf(text, sizeof(text), "-");
	else
		snprintf(text, sizeof(text), "%u/%u", a->agree, a->of);
	printf(" %11s", text);
}

static void print_scripted(const struct conformance *c)
{
	puts("scripted cases: answers that agree, one an operation (types and map also before the first)\n"
	     "kernel  backend                    cases          rc       stage       types         map    migrated  "
	     "not modelled  moved out of sight");
	for (uint32_t i = 0; i < c->nr_kernels; i++) {
		const struct conformance_kernel *k = &c->kernel[i];

		if (!k->cases)
			continue;
		printf("%-7s %-25s %6u", k->kernel, k->backend[0] ? k->backend : "no backend", k->cases);
		print_count(&k->rc);
		print_count(&k->stage);
		print_count(&k->types);
		print_count(&k->map);
		print_count(&k->migrated);
		printf(" %13u %13u pages\n", k->not_modelled, k->moved_away);
	}
}

static void print_random(const struct conformance *c)
{
	puts("random requests: answers that agree (pages migrated: granted requests, model / kernel)\n"
	     "kernel  backend                 requests          rc       stage       types  pages migrated");
	for (uint32_t i = 0; i < c->nr_kernels; i++) {
		const struct conformance_kernel *k = &c->kernel[i];

		if (!k->requests)
			continue;
		printf("%-7s %-22s %9u", k->kernel, k->backend[0] ? k->backend : "no backend", k->requests);
		print_count(&k->random_rc);
		print_count(&k->random_stage);
		print_count(&k->random_types);
		if (k->random_pages_kernel)
			printf("  %llu / %llu = %.3f\n", (unsigned long long)k->random_pages_model,
			       (unsigned long long)k->random_pages_kernel,
			       (double)k->random_pages_model / (double)k->random_pages_kernel);
		else
			puts("  -");
	}
}

static json_t *json_agreement(const struct agreement *a)
{
	return json_pack("{s:i,s:i}", "agree", (int)a->agree, "of", (int)a->of);
}

void conformance_print_json(const struct conformance *c)
{
	json_t *kernels = json_array();

	for (uint32_t i = 0; i < c->nr_kernels; i++) {
		const struct conformance_kernel *k = &c->kernel[i];

		json_array_append_new(
			kernels,
			json_pack("{s:s,s:s?,s:i,s:i,s:o,s:o,s:o,s:o,s:o,s:o,s:i,s:i,s:o,s:o,s:o,s:I,s:I}", "kernel",
		                  k->kernel, "backend", k->backend[0] ? k->backend : NULL, "cases", (int)k->cases,
		                  "not_modelled", (int)k->not_modelled, "rc", json_agreement(&k->rc), "stage",
		                  json_agreement(&k->stage), "types", json_agreement(&k->types), "map",
		                  json_agreement(&k->map), "migrated", json_agreement(&k->migrated), "mappings_moved",
		                  json_agreement(&k->moved), "pages_moved_out_of_arena", (int)k->moved_away,
		                  "random_requests", (int)k->requests, "random_rc", json_agreement(&k->random_rc),
		                  "random_stage", json_agreement(&k->random_stage), "random_types",
		                  json_agreement(&k->random_types), "random_pages_migrated_model",
		                  (json_int_t)k->random_pages_model, "random_pages_migrated_kernel",
		                  (json_int_t)k->random_pages_kernel));
	}
	json_t *all =
		json_pack("{s:i,s:i,s:o}", "schema", 1, "disagreements", (int)c->disagreements, "kernels", kernels);

	json_dumpf(all, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(all);
}

/* ---- as text ----------------------------------------------------------------------------------- */

void conformance_print(const struct conformance *c)
{
	print_scripted(c);
	print_random(c);
	if (c->beyond[0])
		printf("not modelled: cases with%s\n", c->beyond);
}

/* ---- as docs/fidelity.md ----------------------------------------------------------------------- */

static void cell(const struct agreement *a)
{
	if (a->of)
		printf(" %u of %u |", a->agree, a->of);
	else
		fputs(" |", stdout);
}

static const char *version_of(const char *kernel)
{
	const struct recorded_kernel *k = recorded_kernel_find(kernel);

	return k ? k->version : kernel;
}

void conformance_print_markdown(const struct conformance *c)
{
	fputs("# How far the model agrees with real kernels\n"
	      "\n"
	      "Recorded answers of Debian's kernels against the model, which builds each case in the same steps and order and answers it\n"
	      "under the policy of that release. `contigbench conformance tests/conformance` prints every disagreement, and this text\n"
	      "with `--markdown`; `make fidelity` writes it to docs/fidelity.md, with the rules that the answers decide (`--knobs`). A\n"
	      "test of the project fails at the first disagreement. What was recorded, and how, is in [formats](formats.md).\n"
	      "\n"
	      "## Scripted cases\n"
	      "\n"
	      "Exact layouts and operations; one comparison an operation, for types and map also of the state before.\n"
	      "\n"
	      "| kernel | policy | cases | return code | stage | types | map | pages migrated | not modelled |\n"
	      "|---|---|---|---|---|---|---|---|---|\n",
	      stdout);
	for (uint32_t i = 0; i < c->nr_kernels; i++) {
		const struct conformance_kernel *k = &c->kernel[i];

		printf("| %s | %s | %u |", version_of(k->kernel), k->backend[0] ? k->backend : "none", k->cases);
		cell(&k->rc);
		cell(&k->stage);
		cell(&k->types);
		cell(&k->map);
		cell(&k->migrated);
		printf(" %u |\n", k->not_modelled);
	}
	fputs("\n"
	      "## Random requests\n"
	      "\n"
	      "On a layout of scattered unmovable pages, half of it free, one after the other. Return code, stage and types follow from\n"
	      "the layout; how many pages a request migrates depends on the order of the kernel's free lists as well, which no recorded\n"
	      "layout holds, so that is compared as a sum over granted requests.\n"
	      "\n"
	      "| kernel | policy | requests | return code | stage | types | pages migrated, model : kernel |\n"
	      "|---|---|---|---|---|---|---|\n",
	      stdout);
	for (uint32_t i = 0; i < c->nr_kernels; i++) {
		const struct conformance_kernel *k = &c->kernel[i];

		printf("| %s | %s | %u |", version_of(k->kernel), k->backend[0] ? k->backend : "none", k->requests);
		cell(&k->random_rc);
		cell(&k->random_stage);
		cell(&k->random_types);
		if (k->random_pages_kernel)
			printf(" %llu : %llu = %.3f |\n", (unsigned long long)k->random_pages_model,
			       (unsigned long long)k->random_pages_kernel,
			       (double)k->random_pages_model / (double)k->random_pages_kernel);
		else
			puts(" |");
	}
	if (c->beyond[0])
		printf("\nNot modelled: cases with%s.\n", c->beyond);
}

/* ---- which rules the answers decide ------------------------------------------------------------ */

void conformance_print_decided(const struct conformance *c, const struct decided *d, bool markdown)
{
	const char *edge = markdown ? "| " : "", *bar = markdown ? " | " : " ";
	struct contig_knob k;

	if (markdown)
		fputs("\n"
		      "## Which rules the answers decide\n"
		      "\n"
		      "For each knob: of the other values that the policy could have had, how many the recorded answers notice - by a\n"
		      "return code, stage, type, map or number of pages that differs, or a broken invariant. Where none is noticed, nothing\n"
		      "recorded says which value the kernel has: it rests on the specification, the scenarios and the oracle.\n"
		      "\n"
		      "| knob |",
		      stdout);
	else
		printf("other values of each knob that the answers notice\n%-24s", "");
	for (uint32_t i = 0; i < c->nr_kernels; i++)
		printf(markdown ? " %s |" : " %10s", markdown ? version_of(c->kernel[i].kernel) : c->kernel[i].kernel);
	if (markdown) {
		fputs("\n|---|", stdout);
		for (uint32_t i = 0; i < c->nr_kernels; i++)
			fputs("---|", stdout);
	}
	putchar('\n');
	for (size_t n = 0; contig_knob_at(n, &k); n++) {
		printf(markdown ? "%s%s" : "%s%-23s", edge, k.name);
		for (uint32_t i = 0; i < c->nr_kernels; i++) {
			char text[32] = "-";

			if (d->tried[i][n])
				snprintf(text, sizeof(text), "%u of %u", d->noticed[i][n], d->tried[i][n]);
			printf(markdown ? "%s%s" : "%s%10s", bar, text);
		}
		puts(markdown ? " |" : "");
	}
	puts(markdown ? "\nA dash: every other value makes no sense with the rest of the policy, and is refused." : "");
}
