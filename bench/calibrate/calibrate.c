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
