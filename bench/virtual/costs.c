// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../workloads/trace/sha256.h"
#include "../cli.h"
#include "../shipped.h"
#include "costs.h"

#define FOLDER "costs"
#define SUFFIX ".cost"

static int read_file(struct cost_file *to, const char *path, struct contig_diag *diag)
{
	FILE *f = fopen(path, "re");
	int err = errno;

	if (!f)
		return contig_diag_set(diag, -err, "%.300s: %s", path, strerror(err));
	int rc = cost_file_read(to, f, path, diag);

	fclose(f);
	return rc;
}

int costs_open(struct costs *out, const char *name, const char *flag)
{
	struct contig_diag diag;

	*out = (struct costs){ .table = &cost_linux_6_18 };
	if (!name || !strcmp(name, cost_linux_6_18.name))
		return CLI_OK;
	out->path = shipped_find(FOLDER, SUFFIX, name);
	if (!out->path)
		return cli_error(
			CLI_USAGE,
			"%s %s: neither a file nor one of `contigbench list costs`; `contigbench calibrate` makes one",
			flag, name);
	out->file = calloc(1, sizeof(*out->file));
	if (!out->file)
		return cli_error(CLI_MACHINE, "no memory");
	int rc = read_file(out->file, out->path, &diag);

	out->table = &out->file->table;
	return rc ? cli_error(cli_status_of(-rc), "%s: %s", flag, diag.text) : CLI_OK;
}

void costs_close(struct costs *c)
{
	free(c->file);
	free(c->path);
	*c = (struct costs){ 0 };
}

static bool is_it(const char *path, const char *sha256)
{
	FILE *f = path ? fopen(path, "re") : NULL;
	char hex[65] = "";
	bool same = f && !sha256_stream(f, hex) && !strcmp(hex, sha256);

	if (f)
		fclose(f);
	return same;
}

char *costs_find(const char *name, const char *sha256, const char *was)
{
	if (is_it(was, sha256))
		return strdup(was);
	char *shipped = shipped_find(FOLDER, SUFFIX, name);

	if (is_it(shipped, sha256))
		return shipped;
	free(shipped);
	return NULL;
}

struct walk {
	void (*one)(void *ctx, const char *path, const struct cost_file *costs, const char *reason);
	void *ctx;
};

static bool walk_one(void *ctx, const char *path)
{
	const struct walk *w = ctx;
	struct cost_file *costs = malloc(sizeof(*costs));
	struct contig_diag diag;

	if (!costs)
		return false;
	int rc = read_file(costs, path, &diag);

	w->one(w->ctx, path, rc ? NULL : costs, rc ? diag.text : NULL);
	free(costs);
	return true;
}

void costs_each(void (*one)(void *ctx, const char *path, const struct cost_file *costs, const char *reason), void *ctx)
{
	struct walk w = { one, ctx };

	shipped_each(FOLDER, SUFFIX, walk_one, &w);
}
