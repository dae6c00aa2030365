// SPDX-License-Identifier: MIT
/* conformance.c - the scripted cases: cases.txt against answers.jsonl. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "conformance.h"
#include "conformance_files.h"

/* ---- bookkeeping ----------------------------------------------------------------------------- */

/* "linux-6.1+merge_rule=iso_only" is a backend for the kernel that linux-6.1 was recorded as, and so is "linux-6.1@guest". */
static bool is_for(const char *backend, const struct recorded_kernel *k)
{
	size_t len = strcspn(backend, "+@");

	return strlen(k->backend) == len && !strncmp(backend, k->backend, len);
}

/* Each backend stands for one recorded kernel, and no two for the same. */
static int check_backends(const char *const *backends, size_t nr, struct contig_diag *diag)
{
	const struct recorded_kernel *k;

	for (size_t i = 0; i < nr; i++) {
		size_t at = 0;

		while ((k = recorded_kernel_at(at)) && !is_for(backends[i], k))
			at++;
		if (!k)
			return contig_diag_set(diag, -EINVAL,
			                       "%s is not the model of a kernel with recorded answers: choose "
			                       "linux-5.10, linux-6.1, linux-6.12 or linux-7.2, knobs added with +, or "
			                       "@guest for the kernel itself",
			                       backends[i]);
		for (size_t j = 0; j < i; j++) {
			if (is_for(backends[j], k))
				return contig_diag_set(
					diag, -EINVAL,
					"%s and %s both stand for kernel %s: run them one after the other", backends[j],
					backends[i], k->name);
		}
	}
	return 0;
}

struct conformance_kernel *conformance_kernel(struct conformance *c, const char *name, const char *const *backends,
                                              size_t nr_backends)
{
	for (uint32_t i = 0; i < c->nr_kernels; i++) {
		if (!strcmp(c->kernel[i].kernel, name))
			return &c->kernel[i];
	}
	if (c->nr_kernels == CONFORMANCE_MAX_KERNELS || strlen(name) >= sizeof(c->kernel[0].kernel))
		return NULL;
	struct conformance_kernel *k = &c->kernel[c->nr_kernels++];
	const struct recorded_kernel *known = recorded_kernel_find(name);

	snprintf(k->kernel, sizeof(k->kernel), "%s", name);
	if (known && !backends)
		snprintf(k->backend, sizeof(k->backend), "%s", known->backend);
	for (size_t i = 0; known && backends && i < nr_backends; i++) {
		if (is_for(backends[i], known))
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

/* ---- scripted cases -------------------------------------------------------------------------- */

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

	if (!rc && sc[l->nr].map[0])
		return contig_diag_set(diag, -EINVAL,
		                       "%s: no kernel can be asked for a state given by map=", sc[l->nr].name);

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

static int check_before(struct conformance *c, struct conformance_kernel *k, struct arena *a, json_t *before,
                        struct contig_diag *diag)
{
	const char *mt, *map;
	json_error_t err;
	char where[160];

	if (json_unpack_ex(before, &err, 0, "{s:s,s:s}", "mt", &mt, "map", &map))
		return contig_diag_set(diag, -EBADMSG, "before: %s", err.text);
	char *types = arena_types(a), *now = arena_map(a);
	int rc = types && now ? 0 : contig_diag_set(diag, -ENOMEM, "no memory");

	snprintf(where, sizeof(where), "%s before", a->sc->name);
	if (!rc) {
		conformance_compare(c, k, &k->types, true, where, "types", mt, types);
		conformance_compare(c, k, &k->map, true, where, "map", map, now);
	}
	free(types);
	free(now);
	return rc;
}

/* The answers of one case, as the operations give theirs. */
struct checking {
	struct conformance *c;
	struct conformance_kernel *k;
	const struct scripted_case *sc;
	json_t *ops;
	struct contig_diag *diag;
	int rc; /* an answer that is not one */
};

static void check_operation(void *ctx, const struct arena_answer *ans)
{
	struct checking *ch = ctx;
	struct conformance *c = ch->c;
	struct conformance_kernel *k = ch->k;

	if (ans->op < 0 || ch->rc)
		return;
	const char *text = ch->sc->op[ans->op].text, *op = text, *stage, *mt, *map;
	json_int_t want_rc, mig_ok, moved;
	json_error_t err;
	char where[160];

	if (json_unpack_ex(json_array_get(ch->ops, (size_t)ans->op), &err, 0, "{s?s,s:I,s:s,s:I,s:I,s:s,s:s}", "op",
	                   &op, "rc", &want_rc, "stage", &stage, "mig_ok", &mig_ok, "moved", &moved, "mt", &mt, "map",
	                   &map)) {
		ch->rc = contig_diag_set(ch->diag, -EBADMSG, "%s: %s", text, err.text);
		return;
	}
	if (strcmp(op, text)) {
		ch->rc = contig_diag_set(ch->diag, -EBADMSG, "%s: an answer to %s where cases.txt has %s", ch->sc->name,
		                         op, text);
		return;
	}
	snprintf(where, sizeof(where), "%s %s", ch->sc->name, text);
	conformance_compare_number(c, k, &k->rc, true, where, "rc", want_rc, ans->rc);
	conformance_compare(c, k, &k->stage, true, where, "stage", stage, ans->stage);
	conformance_compare(c, k, &k->types, true, where, "types", mt, ans->types);
	conformance_compare(c, k, &k->map, true, where, "map", map, ans->map);
	conformance_compare_number(c, k, &k->migrated, true, where, "migrated", mig_ok, ans->count[COUNT_MIGRATED]);
	conformance_compare_number(c, k, &k->moved, false, where, "mappings moved", moved, ans->moved);
	k->moved_away += ans->moved_away;
}

static int run_case(struct conformance *c, struct conformance_kernel *k, const struct scripted_case *sc, json_t *before,
                    json_t *ops, struct contig_diag *diag)
{
	struct checking ch = { c, k, sc, ops, diag, 0 };
	struct arena a;

	if (!json_is_array(ops) || json_array_size(ops) != sc->nr_ops)
		return contig_diag_set(diag, -EBADMSG, "%zu answers for the %u operations of %s", json_array_size(ops),
		                       sc->nr_ops, sc->name);
	int rc = arena_open(&a, k->backend, recorded_kernel_for(k->backend), sc, diag);

	if (rc == -ENODATA) {
		/* with other rules a page may land elsewhere while the case is built: that is an answer, too */
		conformance_compare(c, k, &k->types, true, sc->name, "building it", "as recorded", diag->text);
		rc = 0;
		goto out;
	}
	rc = rc ? rc : check_before(c, k, &a, before, diag);
	for (uint32_t i = 0; !rc && i < sc->nr_ops;) {
		int next = arena_run(&a, i, check_operation, &ch, diag);

		rc = next < 0 ? next : ch.rc;
		i = next < 0 ? i : (uint32_t)next;
	}
	if (rc == -EIO) { /* a guest that dies does so in one case; the next one boots it again */
		conformance_compare(c, k, &k->rc, true, sc->name, "the guest", "lives", diag->text);
		rc = 0;
	} else if (rc == -EOPNOTSUPP) {
		k->not_modelled++;
		if (c->report)
			c->report(c->ctx, k->kernel, sc->name, "asking it", "as recorded", diag->text);
		rc = 0;
	}
	if (rc == -EUCLEAN) { /* verify: the case ends here, the others go on */
		conformance_compare(c, k, &k->types, true, sc->name, "invariants", "hold", diag->text);
		rc = 0;
	}
out:
	arena_close(&a);
	return rc;
}

static void note_beyond(struct conformance *c, const char *what)
{
	size_t len = strlen(c->beyond);

	if (!strstr(c->beyond, what))
		snprintf(c->beyond + len, sizeof(c->beyond) - len, " %s", what);
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
	if (json_unpack_ex(record, &err, 0, "{s:s,s:s,s:o,s:o}", "kernel", &kernel, "case", &name, "before", &before,
	                   "ops", &ops)) {
		rc = contig_diag_set(diag, -EBADMSG, "%s", err.text);
		goto out;
	}
	const struct scripted_case *sc = find_case(a->cases, name);
	struct conformance_kernel *k = conformance_kernel(a->c, kernel, a->backends, a->nr_backends);

	if (!sc || !k) {
		rc = contig_diag_set(diag, -EBADMSG,
		                     sc ? "kernel %s: more than 16 kernels, or its name is too long"
		                        : "no case %s in cases.txt",
		                     sc ? kernel : name);
		goto out;
	}
	k->cases++;
	if (sc->beyond[0]) {
		k->not_modelled++;
		note_beyond(a->c, sc->beyond);
	} else if (k->backend[0])
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
	int rc = check_backends(backends, nr_backends, diag);

	rc = rc ? rc : conformance_kernels(c, dir, backends, nr_backends, diag);
	/* a folder of random requests alone has neither file; one without the other is damaged */
	if (!rc && (conformance_has_file(dir, "cases.txt") || conformance_has_file(dir, "answers.jsonl"))) {
		rc = conformance_each_line(dir, "cases.txt", add_case, &cases, diag);
		rc = rc ? rc : conformance_each_line(dir, "answers.jsonl", add_answer, &answers, diag);
	}
	rc = rc ? rc : conformance_scenarios(c, dir, backends, nr_backends, diag);
	rc = rc ? rc : conformance_grown(c, dir, backends, nr_backends, diag);
	rc = rc ? rc : conformance_random(c, dir, backends, nr_backends, diag);
	free(cases.sc);
	if (!rc && !c->nr_kernels)
		rc = contig_diag_set(diag, -EINVAL,
		                     "%s holds no recorded answers: neither answers.jsonl nor random-*.jsonl has any",
		                     dir);
	return rc;
}
