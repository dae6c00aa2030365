// SPDX-License-Identifier: MIT
/* words.c - what an argument may be, as the program knows it: one a line. */
#include <string.h>

#include "../../allocators/contig.h"
#include "../kernels/kernels.h"
#include "../shipped.h"
#include "../virtual/cost.h"
#include "../virtual/geometry.h"
#include "help.h"

static void backends(FILE *f)
{
	const struct contig_backend *b;

	for (size_t i = 0; (b = contig_backend_at(i)); i++)
		fprintf(f, "%s\n", b->name);
}

static void knobs(FILE *f)
{
	struct contig_knob k;

	for (size_t i = 0; contig_knob_at(i, &k); i++) {
		for (unsigned int v = 0; v < k.nr_values; v++)
			fprintf(f, "%s=%s\n", k.name, k.values[v].name);
	}
}

static bool print_name(void *f, const char *name)
{
	if (!guest_generation_named(name))
		fprintf(f, "%s\n", name);
	return true;
}

static void kernels(FILE *f)
{
	for (const struct guest_generation *g = guest_generations; g->name; g++)
		fprintf(f, "%s\n", g->name);
	guest_kernel_each(print_name, f);
}

static void geometries(FILE *f)
{
	const struct geometry_preset *p;

	for (size_t i = 0; (p = geometry_preset_at(i)); i++)
		fprintf(f, "%s\n", p->name);
}

/* A shipped file is known by its name without suffix. */
static bool print_base(void *f, const char *path)
{
	const char *base = strrchr(path, '/') + 1;

	fprintf(f, "%.*s\n", (int)(strrchr(base, '.') - base), base);
	return true;
}

static void workloads(FILE *f)
{
	shipped_each("corpus", ".ctr", print_base, f);
}

static void scenarios(FILE *f)
{
	shipped_each("scenarios", ".scn", print_base, f);
}

static void costs(FILE *f)
{
	fprintf(f, "%s\n", cost_linux_6_18.name);
	shipped_each("costs", ".cost", print_base, f);
}

bool help_words(FILE *f, const char *kind)
{
	static const struct {
		const char *kind;
		void (*print)(FILE *f);
	} all[] = {
		{ "backend", backends },    { "knob", knobs },  { "workload", workloads }, { "scenario", scenarios },
		{ "geometry", geometries }, { "costs", costs }, { "kernel", kernels },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!strcmp(all[i].kind, kind)) {
			all[i].print(f);
			return true;
		}
	}
	return false;
}
