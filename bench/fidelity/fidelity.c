// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>
#include <time.h>

#include "../cli.h"
#include "../exact/arena.h"
#include "experiment.h"
#include "fidelity.h"

/* ---- which ----------------------------------------------------------------------------------- */

static const char *backend_named(const char *name)
{
	const struct contig_backend *b;

	for (size_t i = 0; (b = contig_backend_at(i)); i++) {
		if (!strcmp(b->name, name))
			return b->name;
	}
	return NULL;
}

/* Kernels that were recorded before keep their names: "6.1". */
static const char *recorded_name(const char *guest)
{
	const struct recorded_kernel *k;

	for (size_t i = 0; (k = recorded_kernel_at(i)); i++) {
		if (!strcmp(k->backend, guest))
			return k->name;
	}
	return guest;
}

int fidelity_add_kernel(struct fidelity_run *run, const char *name, const char *model, struct contig_diag *diag)
{
	struct fidelity_kernel *k = &run->kernel[run->nr_kernels];
	size_t len = strcspn(name, "@");
	char guest[40];

	if (!len || len >= sizeof(guest) || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != len ||
	    (name[len] && strcmp(name + len, "@guest") != 0))
		return contig_diag_set(diag, -EINVAL, "%.60s is not a kernel in a guest: linux-6.1@guest is one", name);
	if (run->nr_kernels == FIDELITY_MAX_KERNELS)
		return contig_diag_set(diag, -EINVAL, "more than %u kernels", FIDELITY_MAX_KERNELS);
	snprintf(guest, sizeof(guest), "%.*s", (int)len, name);
	for (uint32_t i = 0; i < run->nr_kernels; i++) {
		if (!strcmp(run->kernel[i].name, recorded_name(guest)))
			return contig_diag_set(diag, -EINVAL, "%s is there twice", guest);
	}
	if (!model)
		model = backend_named(guest);
	if (!model)
		return contig_diag_set(diag, -EINVAL,
		                       "%s is a kernel of your own: name the backend to hold it against with --model",
		                       guest);
	snprintf(k->guest, sizeof(k->guest), "%s@guest", guest);
	snprintf(k->name, sizeof(k->name), "%s", recorded_name(guest));
	k->model = model;
	run->nr_kernels++;
	return contig_spec_check(model, diag);
}

/* ---- who it is ------------------------------------------------------------------------------- */

static int note_kernel(struct fidelity_record *r, const struct fidelity_kernel *k, const struct guest *g,
                       struct contig_diag *diag)
{
	const char *release = guest_says(g, "release"), *version = guest_says(g, "version");
	time_t now = time(NULL);
	char date[32];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	return recording_kernel(r,
	                        json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "kernel", k->name, "guest", k->guest, "model",
	                                  k->model, "release", release ? release : "", "version",
	                                  version ? version : "", "date", date),
	                        diag);
}

static int note_missing(struct fidelity_record *r, const struct fidelity_kernel *k, const char *what,
                        struct contig_diag *diag)
{
	struct contig_diag inner;
	json_t *o = json_pack("{s:s,s:s,s:s,s:o}", "kernel", k->name, "guest", k->guest, "model", k->model, "missing",
	                      json_sprintf("%s%s", what, diag->text));
	int rc = recording_kernel(r, o, &inner);

	cli_error(CLI_MACHINE, "%s: %s%s", k->guest, what, diag->text);
	return rc ? cli_error(CLI_MACHINE, "%s", inner.text) : CLI_OK;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static struct guest *boot(const struct fidelity_run *run, const struct fidelity_kernel *k, struct contig_diag *diag)
{
	struct guest_options o = GUEST_OPTIONS;
	char name[80];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(k->guest, "@"), k->guest);
	o.quiet = run->quiet;
	return run->boot ? run->boot(name, diag) : guest_boot(name, &o, diag);
}

static int ask_scenarios(const struct fidelity_run *run, const struct fidelity_kernel *k, struct fidelity_record *r,
                         struct contig_diag *diag)
{
	int rc = backend_guest_add(k->guest, run->boot, diag);

	rc = rc ? rc : scenario_set_run(&run->set, k->guest, k->name, r, diag);
	backend_guests_close();
	return rc;
}

/* `booted` says whether there was anybody to ask. */
static int ask_random(const struct fidelity_run *run, const struct fidelity_kernel *k, struct fidelity_record *r,
                      bool *booted, struct contig_diag *diag)
{
	errno = EIO;
	struct experiment e = { .g = boot(run, k, diag),
		                .kernel = k->name,
		                .model = k->model,
		                .seed = run->seed,
		                .requests = run->requests,
		                .layouts = run->layouts,
		                .record = r };

	*booted = e.g;
	if (!e.g)
		return errno ? -errno : -EIO;
	int rc = note_kernel(r, k, e.g, diag);

	rc = rc || !run->requests ? rc : experiment_run(&e, diag);
	guest_close(e.g);
	return rc;
}

uint32_t fidelity_ask(const struct fidelity_run *run, struct fidelity_record *r)
{
	uint32_t incomplete = 0;

	for (uint32_t i = 0; i < run->nr_kernels; i++) {
		const struct fidelity_kernel *k = &run->kernel[i];
		struct contig_diag diag = { "" };
		bool booted = false;
		/* random requests first: this boot says who it is */
		int random = ask_random(run, k, r, &booted, &diag), scenarios = 0;

		if (random)
			note_missing(r, k, booted ? "random requests: " : "", &diag);
		/* what can not be booted need not be tried again */
		if (booted && run->set.nr)
			scenarios = ask_scenarios(run, k, r, &diag);
		if (scenarios)
			note_missing(r, k, "scenarios: ", &diag);
		incomplete += random || scenarios;
		/* no QEMU: nor will the next one boot */
		if (!booted && random == -ENOEXEC)
			break;
	}
	return incomplete;
}
