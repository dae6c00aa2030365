// SPDX-License-Identifier: MIT
/* conformance_report.c - how far recorded answers and the model agree: as text, as JSON, and as docs/fidelity.md. */
#include <jansson.h>
#include <stdio.h>

#include "conformance_report.h"
#include "exact/arena.h"

void conformance_print_agreement(const struct agreement *a)
{
	char text[32];

	if (!a->of)
		snprintf(text, sizeof(text), "-");
	else
		snprintf(text, sizeof(text), "%u/%u", a->agree, a->of);
	printf(" %11s", text);
}

/* A recorded kernel that -b has not named. */
static bool left_out(const struct conformance_kernel *k)
{
	return !k->backend[0] && recorded_kernel_find(k->kernel);
}

static void print_scripted(const struct conformance *c)
{
	puts("scripted cases: answers that agree, one an operation (types and map also before the first)\n"
	     "kernel  backend                    cases          rc       stage       types         map    migrated  "
	     "not modelled  moved out of sight");
	for (uint32_t i = 0; i < c->nr_kernels; i++) {
		const struct conformance_kernel *k = &c->kernel[i];

		if (!k->cases || left_out(k))
			continue;
		printf("%-7s %-25s %6u", k->kernel, k->backend[0] ? k->backend : "no backend", k->cases);
		conformance_print_agreement(&k->rc);
		conformance_print_agreement(&k->stage);
		conformance_print_agreement(&k->types);
		conformance_print_agreement(&k->map);
		conformance_print_agreement(&k->migrated);
		printf(" %13u %13u pages\n", k->not_modelled, k->moved_away);
	}
}

static void print_pages(const struct conformance_random_row *r)
{
	if (r->pages_kernel)
		printf("  %llu / %llu = %.3f\n", (unsigned long long)r->pages_model,
		       (unsigned long long)r->pages_kernel, (double)r->pages_model / (double)r->pages_kernel);
	else
		puts("  -");
}

static void print_random(const struct conformance *c)
{
	bool any = false, kernels = false;

	for (uint32_t i = 0; i < c->nr_kernels; i++) {
		const struct conformance_kernel *k = &c->kernel[i];
		const struct conformance_random_row r = conformance_random_sum(c, i);

		kernels |= r.requests && contig_name_machine(k->backend);
		if (!r.requests || left_out(k) || contig_name_machine(k->backend))
			continue;
		if (!any)
			puts("random requests: answers that agree (pages migrated: granted requests, model / kernel)\n"
			     "kernel  backend                 requests          rc       stage       types         map    migrated  "
			     "pages migrated");
		any = true;
		printf("%-7s %-22s %9u", k->kernel, k->backend[0] ? k->backend : "no backend", r.requests);
		conformance_print_agreement(&r.rc);
		conformance_print_agreement(&r.stage);
		conformance_print_agreement(&r.types);
		conformance_print_agreement(&r.map);
		conformance_print_agreement(&r.migrated);
		print_pages(&r);
	}
	if (kernels)
		puts("random requests were recorded in memory that a kernel does not have again: `contigbench fidelity` asks it "
		     "anew");
}

static void print_scenarios(const struct conformance *c)
{
	bool any = false;

	for (uint32_t i = 0; i < c->nr_kernels; i++) {
		const struct conformance_kernel *k = &c->kernel[i];

		if (!k->scenarios || left_out(k))
			continue;
		if (!any)
			puts("scenarios: answers that agree\n"
			     "kernel  backend                    asked  both answered          rc       stage       types         map    "
			     "migrated");
		any = true;
		printf("%-7s %-25s %6u %14u", k->kernel, k->backend[0] ? k->backend : "no backend", k->scenarios,
		       k->scenarios_both);
		conformance_print_agreement(&k->s_rc);
		conformance_print_agreement(&k->s_stage);
		conformance_print_agreement(&k->s_types);
		conformance_print_agreement(&k->s_map);
		conformance_print_agreement(&k->s_migrated);
		putchar('\n');
	}
}

static void print_grown(const struct conformance *c)
{
	if (c->nr_grown)
		puts("memory that grew in the kernel and in the model: pageblocks that are alike\n"
		     "kernel  backend                memory               types         map");
	for (uint32_t i = 0; i < c->nr_grown; i++) {
		const struct conformance_grown_row *row = &c->grown[i];
		const struct conformance_kernel *k = &c->kernel[row->kernel];

		printf("%-7s %-22s %-14s", k->kernel, k->backend, row->name);
		conformance_print_agreement(&row->types);
		conformance_print_agreement(&row->map);
		putchar('\n');
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
		const struct conformance_random_row r = conformance_random_sum(c, i);

		json_array_append_new(
			kernels,
			json_pack("{s:s,s:s?,s:i,s:i,s:o,s:o,s:o,s:o,s:o,s:o,s:i,s:i,s:o,s:o,s:o,s:o,s:o,s:I,s:I}",
		                  "kernel", k->kernel, "backend", k->backend[0] ? k->backend : NULL, "cases",
		                  (int)k->cases, "not_modelled", (int)k->not_modelled, "rc", json_agreement(&k->rc),
		                  "stage", json_agreement(&k->stage), "types", json_agreement(&k->types), "map",
		                  json_agreement(&k->map), "migrated", json_agreement(&k->migrated), "mappings_moved",
		                  json_agreement(&k->moved), "pages_moved_out_of_arena", (int)k->moved_away,
		                  "random_requests", (int)r.requests, "random_rc", json_agreement(&r.rc),
		                  "random_stage", json_agreement(&r.stage), "random_types", json_agreement(&r.types),
		                  "random_map", json_agreement(&r.map), "random_migrated", json_agreement(&r.migrated),
		                  "random_pages_migrated_model", (json_int_t)r.pages_model,
		                  "random_pages_migrated_kernel", (json_int_t)r.pages_kernel));
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
	print_scenarios(c);
	print_grown(c);
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

/* The experiments of one kind: those whose layouts hold the order of the free lists, or the others. */
static void random_rows(const struct conformance *c, bool exact)
{
	for (uint32_t i = 0; i < c->nr_random; i++) {
		const struct conformance_random_row *r = &c->random[i];
		const struct conformance_kernel *k = &c->kernel[r->kernel];

		if (r->exact != exact)
			continue;
		printf("| %s | %s | %s | %u |", exact ? k->kernel : version_of(k->kernel),
		       k->backend[0] ? k->backend : "none", r->name, r->requests);
		cell(&r->rc);
		cell(&r->stage);
		cell(&r->types);
		if (exact) {
			cell(&r->map);
			cell(&r->migrated);
		}
		if (r->pages_kernel)
			printf(" %llu : %llu = %.3f |\n", (unsigned long long)r->pages_model,
			       (unsigned long long)r->pages_kernel, (double)r->pages_model / (double)r->pages_kernel);
		else
			puts(" |");
	}
}

static void print_grown_markdown(const struct conformance *c)
{
	if (!c->nr_grown)
		return;
	fputs("\n"
	      "## Memory that grew\n"
	      "\n"
	      "From a zone that is free, by the same allocations and frees in the kernel and in the model, to memory that is full and in\n"
	      "pieces: pageblocks whose type, and whose map to the page, came out alike. Fallback, per-cpu lists and merging decide it.\n"
	      "\n"
	      "| kernel | policy | memory | types | map |\n"
	      "|---|---|---|---|---|\n",
	      stdout);
	for (uint32_t i = 0; i < c->nr_grown; i++) {
		const struct conformance_grown_row *row = &c->grown[i];
		const struct conformance_kernel *k = &c->kernel[row->kernel];

		printf("| %s | %s | %s |", k->kernel, k->backend, row->name);
		cell(&row->types);
		cell(&row->map);
		putchar('\n');
	}
}

static void print_random_markdown(const struct conformance *c)
{
	bool any[2] = { false, false };

	for (uint32_t i = 0; i < c->nr_random; i++)
		any[c->random[i].exact] = true;
	if (any[false])
		fputs("\n"
		      "## Random requests\n"
		      "\n"
		      "On a layout of which the order of the free lists is not known, one after the other. Return code, stage and types\n"
		      "follow from the layout; how many pages a request migrates depends on that order as well, so that is compared as a\n"
		      "sum over granted requests.\n"
		      "\n"
		      "| kernel | policy | layout | requests | return code | stage | types | pages migrated, model : kernel |\n"
		      "|---|---|---|---|---|---|---|---|\n",
		      stdout);
	random_rows(c, false);
	if (any[true])
		fputs("\n"
		      "## Random requests, to the page\n"
		      "\n"
		      "On layouts that hold the order of the free lists, so that the model must put every page where the kernel did: the\n"
		      "map is that of all pageblocks that a request touches.\n"
		      "\n"
		      "| kernel | policy | layout | requests | return code | stage | types | map | pages migrated | sum of pages, "
		      "model : kernel |\n"
		      "|---|---|---|---|---|---|---|---|---|---|\n",
		      stdout);
	random_rows(c, true);
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
	print_grown_markdown(c);
	print_random_markdown(c);
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
