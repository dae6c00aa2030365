// SPDX-License-Identifier: MIT
/* conformance_kernels.c - kernels.json: who gave the answers of a folder. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "conformance.h"
#include "conformance_files.h"

static bool same_base(const char *a, const char *b)
{
	size_t len = strcspn(a, "+@");

	return len == strcspn(b, "+@") && !strncmp(a, b, len);
}

/* The one that was asked for, of a kernel that was held against the same with other knobs. */
static const char *turned(const char *model, const char *const *backends, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (same_base(model, backends[i]))
			return backends[i];
	}
	return NULL;
}

static int add_kernel(struct conformance *c, json_t *o, const char *const *backends, size_t nr_backends,
                      struct contig_diag *diag)
{
	const char *name, *model = "", *release = "", *version = "", *date = "", *missing = "";
	json_error_t err;

	if (json_unpack_ex(o, &err, 0, "{s:s,s?s,s?s,s?s,s?s,s?s}", "kernel", &name, "model", &model, "release",
	                   &release, "version", &version, "date", &date, "missing", &missing))
		return contig_diag_set(diag, -EBADMSG, "%s", err.text);
	struct conformance_kernel *k = conformance_kernel(c, name, backends, nr_backends);

	if (!k)
		return contig_diag_set(diag, -EBADMSG, "kernel %s: more than %u kernels, or its name is too long", name,
		                       CONFORMANCE_MAX_KERNELS);
	/* whoever asked knows best what it is */
	if (*model) {
		int rc = contig_spec_check(model, diag);

		if (rc)
			return rc;
		const char *mine = backends ? turned(model, backends, nr_backends) : model;

		if (mine)
			snprintf(k->backend, sizeof(k->backend), "%s", mine);
	}
	snprintf(k->release, sizeof(k->release), "%s", release);
	snprintf(k->version, sizeof(k->version), "%s", version);
	snprintf(k->date, sizeof(k->date), "%s", date);
	snprintf(k->missing, sizeof(k->missing), "%s", missing);
	return 0;
}

int conformance_kernels(struct conformance *c, const char *dir, const char *const *backends, size_t nr_backends,
                        struct contig_diag *diag)
{
	struct contig_diag inner = { "" };
	json_error_t err;
	char path[4096];
	json_t *all, *o;
	int rc = 0;
	size_t i;

	snprintf(path, sizeof(path), "%s/kernels.json", dir);
	FILE *f = fopen(path, "r");

	if (!f)
		return errno == ENOENT ? 0 : contig_diag_set(diag, -errno, "%s: %s", path, strerror(errno));
	all = json_loadf(f, 0, &err);
	fclose(f);
	if (!json_is_array(all)) {
		rc = contig_diag_set(diag, -EBADMSG, "%s: %s", path, all ? "not an array of kernels" : err.text);
		json_decref(all);
		return rc;
	}
	json_array_foreach(all, i, o)
	{
		rc = rc ? rc : add_kernel(c, o, backends, nr_backends, &inner);
	}
	json_decref(all);
	return rc ? contig_diag_set(diag, rc, "%s: %.400s", path, inner.text) : 0;
}
