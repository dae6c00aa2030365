// SPDX-License-Identifier: MIT
/* calibrate.c - what both kinds of kernels share, and the one that runs here. */
#include "calibrate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../cli.h"
#include "../text/outfile.h"
#include "../virtual/costs.h"
#include "running.h"

/* ---- what a file says of itself -------------------------------------------------------------- */

static void cpu_model(char out[COST_MAX_TEXT])
{
	static const char key[] = "model name";
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[512];

	snprintf(out, COST_MAX_TEXT, "unknown");
	while (f && fgets(line, sizeof(line), f)) {
		char *at = strncmp(line, key, strlen(key)) ? NULL : strchr(line, ':');

		if (!at)
			continue;
		at[strcspn(at, "\n")] = '\0';
		if (at[1] == ' ' && at[2])
			snprintf(out, COST_MAX_TEXT, "%.200s", at + 2);
		break;
	}
	if (f)
		fclose(f);
	for (; *out; out++) {
		if (*out < ' ' || *out > '~')
			*out = '?';
	}
}

void calibrate_about(struct calibration *c, const struct calibrate_options *o, const char *release, const char *suffix)
{
	unsigned int major = 0, minor = 0;
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(c->costs.date, sizeof(c->costs.date), "%Y-%m-%d", &tm);
	cpu_model(c->costs.cpu);
	snprintf(c->costs.kernel, sizeof(c->costs.kernel), "%.200s", release);
	sscanf(release, "%u.%u", &major, &minor);
	if (o->name)
		snprintf(c->costs.name, sizeof(c->costs.name), "%s", o->name);
	else
		snprintf(c->costs.name, sizeof(c->costs.name), "linux-%u.%u-%s", major, minor, suffix);
}

int calibrate_observations(const struct calibrate_options *o, const struct observations *seen)
{
	struct outfile out;

	if (!o->observations)
		return CLI_OK;
	int status = outfile_open(&out, o->observations);

	if (status == CLI_OK) {
		observe_csv(seen, out.f);
		status = outfile_close(&out, CLI_OK);
	}
	return status;
}

/* ---- instructions and time ------------------------------------------------------------------- */

/* Of another file, or of a loop timed now. */
int calibrate_conversion(struct conversion *k, const struct calibrate_options *o, const struct cost_file *guest)
{
	struct contig_diag diag;
	struct costs other;

	if (!o->conversion) {
		int rc = convert_by_loop(k, &diag);

		return rc ? cli_error(CLI_MACHINE, "%s", diag.text) : CLI_OK;
	}
	int status = costs_open(&other, o->conversion, "--conversion"), rc = 0;

	if (status == CLI_OK && !other.file)
		status = cli_error(CLI_USAGE, "--conversion %s: is built in, and says nothing of its measurement",
		                   o->conversion);
	else if (status == CLI_OK && other.file->unit == COST_UNIT_PS)
		rc = convert_by_prices(k, other.file, guest, &diag);
	else if (status == CLI_OK)
		convert_as(k, other.file);
	costs_close(&other);
	return rc ? cli_error(CLI_USAGE, "--conversion: %s", diag.text) : status;
}

int calibrate_from(struct calibration *out, const struct calibrate_options *o)
{
	struct cost_file *c = &out->costs;
	struct conversion k;
	struct costs from;
	int status = costs_open(&from, o->from, "--from");

	if (status == CLI_OK && (!from.file || from.file->unit != COST_UNIT_MILLI_INSTRUCTIONS))
		status = cli_error(CLI_USAGE, "--from %s: its prices are times, and no instructions", o->from);
	if (status == CLI_OK) {
		*c = *from.file;
		status = calibrate_conversion(&k, o, c);
	}
	costs_close(&from);
	if (status != CLI_OK)
		return status;
	if (o->name)
		snprintf(c->name, sizeof(c->name), "%s", o->name);
	c->conversion = k.ps;
	c->conversion_low = k.low;
	c->conversion_high = k.high;
	memcpy(c->conversion_how, k.how, sizeof(c->conversion_how));
	observe_borrow_again(c, 1000.0 / (double)k.ps);
	return CLI_OK;
}

/* ---- the kernel that runs here ---------------------------------------------------------------- */

/* The empty function. */
static int call_umask(void *ctx, struct contig_diag *diag)
{
	(void)ctx;
	(void)diag;
	for (int i = 0; i < 400; i++)
		syscall(SYS_umask, syscall(SYS_umask, 022));
	return 0;
}

static int measure(struct calibration *out, const struct calibrate_options *o, struct running *r, struct probes *p,
                   struct contig_diag *diag)
{
	struct utsname uts;
	int rc = probes_overhead(p, call_umask, NULL, &r->overhead, diag);

	uname(&uts);
	r->backend = count_backend(uts.release);
	if (!rc && !r->backend)
		rc = contig_diag_set(diag, -EOPNOTSUPP, "'%.60s' is no release whose rules are known", uts.release);
	if (!rc)
		rc = running_measure(r, diag);
	if (!rc)
		rc = observe_prices(&r->seen, &out->costs, 1, diag);
	if (!rc && observe_quality(&r->seen, out->quality))
		rc = contig_diag_set(diag, -ENOMEM, "no memory");
	if (rc)
		return rc;
	calibrate_about(out, o, uts.release, "running");
	out->costs.unit = COST_UNIT_PS;
	snprintf(
		out->costs.how, sizeof(out->costs.how),
		"%s of the running kernel, clock %s; %u gigantic pages, %u memory blocks, %u migrations by compaction; work counted by the rules of %s%s",
		p->points ? "tracepoints" : "kprobe events", p->ticks ? "time stamp counter" : "CLOCK_MONOTONIC",
		r->gigantic, r->offline, r->migrations, r->backend,
		p->points ? "" : "; the tracing itself was measured and taken off");
	out->requests = r->seen.requests;
	out->skipped = r->seen.skipped;
	out->inside = r->overhead.inside * p->tick_ns * 1000;
	out->outside = r->overhead.outside * p->tick_ns * 1000;
	memcpy(out->probed, p->probed, sizeof(out->probed));
	memcpy(out->missing, p->missing, sizeof(out->missing));
	memcpy(out->notes, r->notes, sizeof(out->notes));
	return 0;
}

int calibrate_running(struct calibration *out, const struct calibrate_options *o, const volatile bool *stop)
{
	struct contig_diag diag = { "" };
	struct tracedir t;
	struct probes p;
	struct running r = { .probes = &p, .repeat = o->repeat, .stop = stop };
	int rc = tracedir_here(&t, &diag);

	if (rc)
		return cli_error(CLI_MACHINE, "%s", diag.text);
	rc = probes_open(&p, &t, &diag);
	if (!rc)
		rc = measure(out, o, &r, &p, &diag);
	probes_close(&p);
	int status = rc ? CLI_OK : calibrate_observations(o, &r.seen);

	observations_free(&r.seen);
	if (status != CLI_OK)
		return status;
	return rc ? cli_error(rc == -EINTR ? CLI_NO : CLI_MACHINE, "%s", diag.text) : CLI_OK;
}
