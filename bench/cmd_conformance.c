// SPDX-License-Identifier: MIT
/* cmd_conformance.c - contigbench conformance DIR: recorded kernel answers against the model. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "backends.h"
#include "cli.h"
#include "exact/conformance.h"

static const char help[] =
	"usage: contigbench conformance DIR [-b BACKEND,...] [--json] [--quiet]\n"
	"\n"
	"Run the recorded cases and random requests of DIR on the model of the same kernel, its invariants checked after every\n"
	"operation, and print how far the answers agree and every disagreement with both layout strings.\n"
	"\n"
	"  DIR            cases.txt, answers.jsonl, any random-*.jsonl with its random-*.layout.gz (docs/formats.md)\n"
	"  -b BACKEND,..  only these backends, each against the kernel of its name; knobs may be added with +\n"
	"  --json         print the counts as JSON\n"
	"  --quiet        do not list disagreements\n"
	"\n"
	"Exit status: 0 all agree in return code, stage and types; 1 some do not, or an invariant broke; 2 a file is damaged.\n";

struct printer {
	bool quiet;
	unsigned int nr;
};

static void print_disagreement(void *ctx, const char *kernel, const char *where, const char *what, const char *recorded,
                               const char *model)
{
	struct printer *p = ctx;

	if (p->quiet)
		return;
	if (!p->nr++)
		puts("disagreements");
	printf("  %s %s: %s\n    kernel  %s\n    model   %s\n", kernel, where, what, recorded, model);
}

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

static void print_json(const struct conformance *c)
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

static bool compared(const struct conformance *c)
{
	uint32_t of = 0;

	for (uint32_t i = 0; i < c->nr_kernels; i++)
		of += c->kernel[i].types.of + c->kernel[i].random_types.of;
	return of;
}

int cmd_conformance(int argc, char **argv)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' },
		                                 { "json", no_argument, NULL, 'j' },
		                                 { "quiet", no_argument, NULL, 'q' },
		                                 { NULL, 0, NULL, 0 } };
	struct backend_list backends = { 0 };
	struct printer printer = { 0 };
	struct contig_diag diag;
	bool json = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "b:h", options, NULL)) != -1) {
		switch (opt) {
		case 'b':
			if (backends_add(&backends, optarg))
				return CLI_USAGE;
			break;
		case 'j':
			json = printer.quiet = true;
			break;
		case 'q':
			printer.quiet = true;
			break;
		case 'h':
			fputs(help, stdout);
			return CLI_OK;
		default:
			return CLI_USAGE;
		}
	}
	if (argc - optind != 1)
		return cli_error(CLI_USAGE, "name one folder of recorded answers: contigbench conformance DIR");

	struct conformance *c = calloc(1, sizeof(*c));

	if (!c)
		return cli_error(CLI_MACHINE, "no memory");
	c->report = print_disagreement;
	c->ctx = &printer;
	int rc = conformance_run(c, argv[optind], backends.nr ? backends.name : NULL, backends.nr, &diag);
	int status = rc == -EUCLEAN ? CLI_NO : rc ? (int)cli_status_of(rc) : c->disagreements ? CLI_NO : CLI_OK;

	if (rc) {
		cli_error(status, "%s", diag.text);
	} else if (json) {
		print_json(c);
	} else {
		print_scripted(c);
		print_random(c);
		if (c->beyond[0])
			printf("not modelled: cases with%s\n", c->beyond);
	}
	if (!rc && !compared(c))
		cli_warn("%s: nothing there could be compared, so nothing agrees", argv[optind]);
	free(c);
	return status;
}
