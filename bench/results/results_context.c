// SPDX-License-Identifier: MIT
/* results_context.c - context.json: what differs between machines and executions, and therefore has no digest. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../plugins.h"
#include "results.h"

static void field(FILE *f, const char *key, const char *value)
{
	fprintf(f, "  \"%s\": ", key);
	json_text(f, value);
	fputs(",\n", f);
}

static void machine(FILE *f)
{
	struct utsname uts;
	char text[256];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	field(f, "date", text);
	if (!uname(&uts)) {
		field(f, "host_name", uts.nodename);
		field(f, "kernel", uts.release);
		field(f, "architecture", uts.machine);
	}
	fprintf(f, "  \"num_cpus\": %ld,\n", sysconf(_SC_NPROCESSORS_ONLN));
	field(f, "compiler", __VERSION__);
}

void json_machine(FILE *f, const struct machine *m)
{
	fputs("  \"machine\": {", f);
	for (size_t i = 0; i < m->nr; i++) {
		fputs(i ? ",\n    " : "\n    ", f);
		json_text(f, m->facts[i].key);
		fputs(": ", f);
		json_text(f, m->facts[i].value);
	}
	fputs("\n  },\n", f);
}

/* What the wall clock has in its results, too: governor, hypervisor, limits ..., and hwloc's view. */
static void facts(FILE *f)
{
	struct machine m;

	if (machine_describe(&m))
		return;
	json_machine(f, &m);
	if (m.hwloc_xml)
		field(f, "hwloc_xml", m.hwloc_xml);
	machine_free(&m);
}

/* Where a trace lies, for who comes back to it from another folder. */
static void path_text(FILE *f, const char *name)
{
	char *real = realpath(name, NULL);

	json_text(f, real ? real : name);
	free(real);
}

int results_write_context(const char *dir, const struct results *r, const struct results_context *c,
                          struct contig_diag *diag)
{
	struct replay_speed speed = results_speed(r);
	char path[4096];

	snprintf(path, sizeof(path), "%s/context.json", dir);
	FILE *f = fopen(path, "w");
	int err = f ? 0 : errno;

	if (f) {
		fputs("{\n", f);
		field(f, "schema", RESULTS_SCHEMA);
		field(f, "revision", cli_revision());
		field(f, "digest", c->digest);
		machine(f);
		facts(f);
		fputs("  \"command\": [", f);
		for (int i = 0; i < c->argc; i++) {
			fputs(i ? ", " : "", f);
			json_text(f, c->argv[i]);
		}
		fputs("],\n  \"workload_files\": [", f);
		for (uint32_t w = 0; w < r->plan->nr_workloads; w++) {
			fputs(w ? ", " : "", f);
			path_text(f, r->plan->workloads[w].path);
		}
		fputs("],\n  \"plugin_files\": [", f);
		for (size_t i = 0; plugin_at(i); i++) {
			fputs(i ? ", " : "", f);
			path_text(f, plugin_at(i)->file);
		}
		if (r->plan->costs.path) {
			fputs("],\n  \"cost_files\": [", f);
			path_text(f, r->plan->costs.path);
		}
		fprintf(f, "],\n  \"jobs\": %u,\n  \"replays\": %u,\n  \"resumed_replays\": %u,\n", c->jobs,
		        r->plan->nr_replays, c->resumed);
		fprintf(f,
		        "  \"wall_ns\": %" PRIu64 ",\n  \"replay_cpu_ns\": %" PRIu64 ",\n  \"events\": %" PRIu64
		        ",\n  \"events_per_cpu_second\": %" PRIu64 "\n}\n",
		        c->wall_ns, speed.cpu_ns, speed.events, speed.per_second);
		errno = 0;
		if (fflush(f) || ferror(f))
			err = errno ? errno : EIO;
		if (fclose(f) && !err)
			err = errno;
	}
	if (err)
		snprintf(diag->text, sizeof(diag->text), "%.400s can not be written: %s", path, strerror(err));
	return -err;
}
