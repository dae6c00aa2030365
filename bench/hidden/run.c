// SPDX-License-Identifier: MIT
/* run.c - experiments on the model, in guests, and against what was recorded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../cli.h"
#include "hidden.h"

#define BUDGET 200000u

struct plan {
	const struct hidden_experiment **experiment;
	uint32_t nr;
	const char *backend[8]; /* by recorded_kernel_at(); NULL: not this one */
};

/* "linux-6.1+knob=value" stands for the kernel that linux-6.1 was recorded as. */
static bool stands_for(const char *backend, const struct recorded_kernel *k)
{
	size_t len = strcspn(backend, "+");

	return strlen(k->backend) == len && !strncmp(backend, k->backend, len);
}

static int choose_backends(struct plan *p, const struct hidden_options *o)
{
	const struct recorded_kernel *k;

	for (size_t i = 0; !o->nr_backends && (k = recorded_kernel_at(i)); i++)
		p->backend[i] = k->backend;
	for (uint32_t b = 0; b < o->nr_backends; b++) {
		bool found = false;

		for (size_t i = 0; (k = recorded_kernel_at(i)); i++) {
			if (!stands_for(o->backends[b], k))
				continue;
			if (p->backend[i])
				return cli_error(CLI_USAGE,
				                 "%s and %s both stand for kernel %s: run them one after the other",
				                 p->backend[i], o->backends[b], k->name);
			p->backend[i] = o->backends[b];
			found = true;
		}
		if (!found)
			return cli_error(
				CLI_USAGE,
				"%s is not the model of a kernel that experiments are made on: choose linux-5.10, "
				"linux-6.1, linux-6.12 or linux-7.2, knobs added with +",
				o->backends[b]);
	}
	return CLI_OK;
}

static bool is_chosen(const struct hidden_options *o, const struct hidden_experiment *e)
{
	for (uint32_t i = 0; i < o->nr_experiments; i++) {
		if (!strcmp(o->experiments[i], e->name) || !strcmp(o->experiments[i], e->group))
			return true;
	}
	return !o->nr_experiments;
}

static int choose_experiments(struct plan *p, const struct hidden_options *o)
{
	const struct hidden_experiment *e;
	size_t nr = 0;

	for (uint32_t i = 0; i < o->nr_experiments; i++) {
		bool known = false;

		for (size_t k = 0; (e = hidden_experiment_at(k)); k++)
			known |= !strcmp(o->experiments[i], e->name) || !strcmp(o->experiments[i], e->group);
		if (!known)
			return cli_error(CLI_USAGE, "%s is no experiment and no group of them: see --list",
			                 o->experiments[i]);
	}
	while (hidden_experiment_at(nr))
		nr++;
	p->experiment = calloc(nr, sizeof(*p->experiment));
	if (!p->experiment)
		return cli_error(CLI_MACHINE, "no memory");
	for (size_t i = 0; i < nr; i++) {
		e = hidden_experiment_at(i);
		if (is_chosen(o, e))
			p->experiment[p->nr++] = e;
	}
	return CLI_OK;
}

static int ask_kernels(const struct plan *p, const struct hidden_options *o, struct hidden_record *record)
{
	const struct recorded_kernel *k;
	struct contig_diag diag = { "" };
	int status = CLI_OK;

	/* one that can not be asked does not take away what the others say */
	for (size_t i = 0; (k = recorded_kernel_at(i)); i++) {
		if (!p->backend[i])
			continue;
		int rc = hidden_guest(k, o->kernel ? o->kernel : k->backend, p->experiment, p->nr, o->trials, record,
		                      o->record_to, &diag);

		if (rc)
			status = cli_error((int)cli_status_of(rc), "%s", diag.text);
	}
	return status;
}

/* Is anything to be done at all? */
static int check(const struct plan *p, const struct hidden_options *o)
{
	const struct recorded_kernel *k;
	uint32_t nr = 0;

	for (uint32_t i = 0; i < p->nr; i++) {
		for (size_t j = 0; (k = recorded_kernel_at(j)); j++)
			nr += p->backend[j] && hidden_is_for(p->experiment[i], k);
	}
	if (!nr)
		return cli_error(CLI_USAGE, "%s is not for any of these kernels", p->experiment[0]->name);
	/* trials take minutes: what could not be kept is not made */
	if (o->record_to && access(o->record_to, W_OK))
		return cli_error(cli_status_of(-errno), "--record %s: %s", o->record_to, strerror(errno));
	return CLI_OK;
}

static int ask_model(const struct plan *p, const struct hidden_options *o, const struct hidden_record *record,
                     struct hidden_results *all)
{
	const struct recorded_kernel *k;
	struct contig_diag diag = { "" };
	bool answers = o->trials || o->recorded;

	for (uint32_t i = 0; i < p->nr; i++) {
		for (size_t j = 0; (k = recorded_kernel_at(j)); j++) {
			if (!p->backend[j] || !hidden_is_for(p->experiment[i], k))
				continue;
			const struct hidden_answers *a = hidden_answered(record, p->experiment[i], k);

			if (answers && (!a || !a->set.nr))
				continue;
			int rc = hidden_compare(all, p->experiment[i], k, p->backend[j], record,
			                        o->budget ? o->budget : BUDGET, &diag);

			if (rc)
				return cli_error((int)cli_status_of(rc), "%s: %s", p->experiment[i]->name, diag.text);
		}
		cli_progress("experiments on the model", i + 1, p->nr);
	}
	return CLI_OK;
}

static void print(const struct hidden_results *all, const struct hidden_options *o)
{
	switch (o->form) {
	case HIDDEN_TEXT:
		hidden_print(all, o->verbose);
		break;
	case HIDDEN_JSON:
		hidden_print_json(all);
		break;
	case HIDDEN_MARKDOWN:
		hidden_print_markdown(all);
		break;
	}
}

int hidden_run(const struct hidden_options *o)
{
	struct hidden_results all = { 0 };
	struct hidden_record record = { 0 };
	struct contig_diag diag = { "" };
	struct plan p = { 0 };
	int status = choose_backends(&p, o);

	status = status ? status : choose_experiments(&p, o);
	status = status ? status : check(&p, o);
	if (!status && o->recorded) {
		int rc = hidden_load(&record, o->recorded, &diag);

		status = rc ? cli_error((int)cli_status_of(rc), "%s", diag.text) : CLI_OK;
	}
	int asked = !status && o->trials ? ask_kernels(&p, o, &record) : CLI_OK;

	status = status ? status : ask_model(&p, o, &record, &all);
	if (!status && (all.nr || !asked)) {
		print(&all, o);
		status = hidden_disagreements(&all) ? CLI_NO : CLI_OK;
	}
	status = status ? status : asked;
	hidden_results_free(&all);
	hidden_record_free(&record);
	free(p.experiment);
	return status;
}
