// SPDX-License-Identifier: MIT
/* report.c - what was measured, for a reader and for a program. */
#include <inttypes.h>
#include <jansson.h>

#include "calibrate.h"

void calibrate_report(FILE *f, const struct calibration *c)
{
	bool instructions = c->costs.unit == COST_UNIT_MILLI_INSTRUCTIONS;
	const char *unit = instructions ? "instructions" : "ns";

	fprintf(f, "%s: kernel %s, %s\n%s\n\n", c->costs.name, c->costs.kernel, c->costs.cpu, c->costs.how);
	fprintf(f, "%-8s %-13s %14s %12s %12s %6s\n", "phase", "of", unit, "+-", "model ns", "rows");
	for (unsigned int p = 0; p < PHASE_NR; p++) {
		for (unsigned int k = 0; k < COST_COLUMN_NR; k++) {
			const struct cost_measured *m = &c->costs.measured[p][k];

			if (!m->given)
				continue;
			fprintf(f, "%-8s %-13s %14.3f ", contig_phase_name((enum contig_phase)p),
			        cost_column_name((enum cost_column)k), (double)m->price / 1000);
			if (m->nr)
				fprintf(f, "%12.3f %12.3f %6u", (double)m->error / 1000,
				        (double)cost_file_ps(&c->costs, m->price) / 1000, m->nr);
			else
				fprintf(f, "%12s %12.3f %6s", "-", (double)cost_file_ps(&c->costs, m->price) / 1000,
				        "-");
			fprintf(f, "%s%s\n", m->note[0] ? "  " : "", m->note);
		}
	}
	fputc('\n', f);
	for (unsigned int p = 0; p < PHASE_NR; p++) {
		const struct fit_quality *q = &c->quality[p];

		if (q->rows)
			fprintf(f, "%-8s durations are %.1f %% off their prices (median of %u), %u outliers\n",
			        contig_phase_name((enum contig_phase)p), q->residual * 100, q->rows, q->outliers);
	}
	if (c->requests)
		fprintf(f, "requests %u measured, %u answered otherwise than by the model and left out\n", c->requests,
		        c->skipped);
	if (c->inside > 0)
		fprintf(f, "tracing  adds %.1f %s to a function, %.1f to what is around it: taken off\n",
		        c->inside / 1000, unit, c->outside / 1000);
	if (c->probed[0])
		fprintf(f, "traced   %s\n", c->probed);
	if (c->missing[0])
		fprintf(f, "missing  %s\n", c->missing);
	if (instructions)
		fprintf(f, "time     %" PRIu64 " ps an instruction [%" PRIu64 ", %" PRIu64 "]: %s\n",
		        c->costs.conversion, c->costs.conversion_low, c->costs.conversion_high,
		        c->costs.conversion_how);
	if (c->notes[0])
		fprintf(f, "note     %s\n", c->notes);
}

static json_t *prices(const struct calibration *c)
{
	json_t *all = json_array();

	for (unsigned int p = 0; p < PHASE_NR; p++) {
		for (unsigned int k = 0; k < COST_COLUMN_NR; k++) {
			const struct cost_measured *m = &c->costs.measured[p][k];

			if (!m->given)
				continue;
			json_t *one = json_pack("{ss ss sI sI sI ss}", "phase", contig_phase_name((enum contig_phase)p),
			                        "column", cost_column_name((enum cost_column)k), "price",
			                        (json_int_t)m->price, "price_ps",
			                        (json_int_t)cost_file_ps(&c->costs, m->price), "observations",
			                        (json_int_t)m->nr, "note", m->note);

			json_object_set_new(one, "standard_error",
			                    m->nr ? json_integer((json_int_t)m->error) : json_null());
			json_array_append_new(all, one);
		}
	}
	return all;
}

static json_t *phases(const struct calibration *c)
{
	json_t *all = json_object();

	for (unsigned int p = 0; p < PHASE_NR; p++) {
		const struct fit_quality *q = &c->quality[p];

		if (q->rows)
			json_object_set_new(all, contig_phase_name((enum contig_phase)p),
			                    json_pack("{sI sI sf}", "durations", (json_int_t)q->rows, "outliers",
			                              (json_int_t)q->outliers, "median_deviation", q->residual));
	}
	return all;
}

void calibrate_json(FILE *f, const struct calibration *c)
{
	const struct cost_file *k = &c->costs;
	json_t *o =
		json_pack("{ss ss ss ss ss ss so so sI sI sf sf ss ss ss}", "name", k->name, "cpu", k->cpu, "kernel",
	                  k->kernel, "date", k->date, "how", k->how, "unit", cost_unit_name((enum cost_unit)k->unit),
	                  "prices", prices(c), "phases", phases(c), "requests", (json_int_t)c->requests, "skipped",
	                  (json_int_t)c->skipped, "tracing_inside", c->inside, "tracing_outside", c->outside, "traced",
	                  c->probed, "missing", c->missing, "notes", c->notes);

	json_object_set_new(o, "conversion",
	                    k->unit == COST_UNIT_PS
	                            ? json_null()
	                            : json_pack("{sI sI sI ss}", "ps_per_instruction", (json_int_t)k->conversion, "low",
	                                        (json_int_t)k->conversion_low, "high", (json_int_t)k->conversion_high,
	                                        "how", k->conversion_how));
	json_dumpf(o, f, JSON_INDENT(2));
	fputc('\n', f);
	json_decref(o);
}
