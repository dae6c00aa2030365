// SPDX-License-Identifier: MIT
/* conformance.c - the scripted cases: cases.txt against answers.jsonl. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "conformance.h"
#include "conformance_files.h"

/* ---- bookkeeping ---------------------------------------------------------------------------------------------------------- */

struct conformance_kernel *conformance_kernel(struct conformance *c, const char *name, const char *const *backends,
					      size_t nr_backends)
{
	for (uint32_t i = 0; i < c->nr_kernels; i++) {
		if (!strcmp(c->kernel[i].kernel, name))
			return &c->kernel[i];
	}
	if (c->nr_kernels == CONFORMANCE_MAX_KERNELS)
		return NULL;
	struct conformance_kernel *k = &c->kernel[c->nr_kernels++];
	const struct recorded_kernel *known = recorded_kernel_find(name);

	snprintf(k->kernel, sizeof(k->kernel), "%s", name);
	if (known && !backends)
		snprintf(k->backend, sizeof(k->backend), "%s", known->backend);
	for (size_t i = 0; known && backends && i < nr_backends; i++) {
		size_t len = strcspn(backends[i], "+");

		if (strlen(known->backend) == len && !strncmp(backends[i], known->backend, len))
			snprintf(k->backend, sizeof(k->backend), "%s", backends[i]);
	}
	return k;
}

/* Compare one answer; only return code, stage and types decide. */
void conformance_compare(struct conformance *c, const struct conformance_kernel *k, struct agreement *a, bool decides,
			 const char *where, const char *what, const char *recorded, const char *model)
{
	a->of++;
	if (!strcmp(recorded, model)) {
		a->agree++;
		return;
	}
	if (decides)
		c->disagreements++;
	if (c->report)
		c->report(c->ctx, k->kernel, where, what, recorded, model);
}

void conformance_compare_number(struct conformance *c, const struct conformance_kernel *k, struct agreement *a,
				bool decides, const char *where, const char *what, int64_t recorded, int64_t model)
{
	char r[24], m[24];

	snprintf(r, sizeof(r), "%lld", (long long)recorded);
	snprintf(m, sizeof(m), "%lld", (long long)model);
	conformance_compare(c, k, a, decides, where, what, r, m);
}

/* ---- scripted cases ---------------------------------------------------------------------------------------------------------- */

struct case_list {
	uint32_t nr;
	struct scripted_case *sc;
};

static const struct scripted_case *find_case(const struct case_list *l, const char *name)
{
	for (uint32_t i = 0; i < l->nr; i++) {
		if (!strcmp(l->sc[i].name, name))
			return &l->sc[i];
	}
	return NULL;
}

static int add_case(void *ctx, const char *line, struct contig_diag *diag)
{
	struct case_list *l = ctx;
	struct scripted_case *sc = realloc(l->sc, (l->nr + 1) * sizeof(*sc));

	if (!sc)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	l->sc = sc;
	int rc = case_parse(line, 512, &sc[l->nr], diag);

	if (!rc && find_case(l, sc[l->nr].name))
		return contig_diag_set(diag, -EINVAL, "case %s is there twice", sc[l->nr].name);
	l->nr += !rc;
	return rc;
}

struct answers {
	struct conformance *c;
	const struct case_list *cases;
	const char *const *backends;
	size_t nr_backends;
};

static int run_case(struct conformance *c, struct conformance_kernel *k, const struct scripted_case *sc, json_t *before,
		    json_t *ops, struct contig_diag *diag)
{
	struct arena a;
	const char *mt, *map;
	json_error_t err;
	char where[160];
	int rc = arena_open(&a, k->backend, recorded_kernel_find(k->kernel), sc, diag);

	if (!rc && json_unpack_ex(before, &err, 0, "{s:s,s:s}", "mt", &mt, "map", &map))
		rc = contig_diag_set(diag, -EBADMSG, "before: %s", err.text);
	if (!rc) {
		char *types = arena_types(&a), *now = arena_map(&a);

		snprintf(where, sizeof(where), "%s before", sc->name);
		conformance_compare(c, k, &k->types, true, where, "types", mt, types);
		conformance_compare(c, k, &k->map, false, where, "map", map, now);
		free(types);
		free(now);
	}
	if (!rc && json_array_size(ops) != sc->nr_ops)
		rc = contig_diag_set(diag, -EBADMSG, "%zu answers for the %u operations of %s", json_array_size(ops), sc->nr_ops,
				     sc->name);
	for (uint32_t i = 0; !rc && i < sc->nr_ops; i++) {
		struct arena_answer ans;
		const char *stage;
		int want_rc, mig_ok, moved;

		if (json_unpack_ex(json_array_get(ops, i), &err, 0, "{s:i,s:s,s:i,s:i,s:s,s:s}", "rc", &want_rc, "stage", &stage,
				   "mig_ok", &mig_ok, "moved", &moved, "mt", &mt, "map", &map)) {
			rc = contig_diag_set(diag, -EBADMSG, "operation %u: %s", i + 1, err.text);
			break;
		}
		rc = arena_run(&a, &sc->op[i], &ans, diag);
		snprintf(where, sizeof(where), "%s %s", sc->name, sc->op[i].text);
		conformance_compare_number(c, k, &k->rc, true, where, "rc", want_rc, ans.rc);
		conformance_compare(c, k, &k->stage, true, where, "stage", stage, ans.stage);
		conformance_compare(c, k, &k->types, true, where, "types", mt, ans.types);
		conformance_compare(c, k, &k->map, false, where, "map", map, ans.map);
		conformance_compare_number(c, k, &k->migrated, false, where, "migrated", mig_ok, ans.migrated);
		conformance_compare_number(c, k, &k->moved, false, where, "mappings moved", moved, ans.moved);
		k->moved_away += ans.moved_away;
		free(ans.types);
		free(ans.map);
	}
	arena_close(&a);
	return rc;
}

static int add_answer(void *ctx, const char *line, struct contig_diag *diag)
{
	struct answers *a = ctx;
	json_error_t err;
	json_t *record = json_loads(line, 0, &err), *before, *ops;
	const char *kernel, *name;
	int rc = 0;

	if (!record)
		return contig_diag_set(diag, -EBADMSG, "not JSON: %s", err.text);
	if (json_unpack_ex(record, &err, 0, "{s:s,s:s,s:o,s:o}", "kernel", &kernel, "case", &name, "before", &before, "ops", &ops)) {
		rc = contig_diag_set(diag, -EBADMSG, "%s", err.text);
		goto out;
	}
	const struct scripted_case *sc = find_case(a->cases, name);
	struct conformance_kernel *k = conformance_kernel(a->c, kernel, a->backends, a->nr_backends);

	if (!sc || !k) {
		rc = contig_diag_set(diag, -EBADMSG, sc ? "kernel %s: too many kernels" : "no case %s in cases.txt",
				     sc ? kernel : name);
		goto out;
	}
	k->cases++;
	if (sc->beyond[0])
		k->not_modelled++;
	else if (k->backend[0])
		rc = run_case(a->c, k, sc, before, ops, diag);
out:
	json_decref(record);
	return rc;
}

int conformance_run(struct conformance *c, const char *dir, const char *const *backends, size_t nr_backends,
		    struct contig_diag *diag)
{
	struct case_list cases = { 0 };
	struct answers answers = { c, &cases, backends, nr_backends };
	int rc = conformance_each_line(dir, "cases.txt", add_case, &cases, diag);

	rc = rc ? rc : conformance_each_line(dir, "answers.jsonl", add_answer, &answers, diag);
	rc = rc ? rc : conformance_random(c, dir, backends, nr_backends, diag);
	free(cases.sc);
	return rc;
}
