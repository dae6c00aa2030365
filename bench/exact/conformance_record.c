// SPDX-License-Identifier: MIT
/*
 * conformance_record.c - answers of real kernels, as docs/formats.md has them: a line for each kernel and case. Lines of kernels
 * that were not asked are taken over as they are.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../guest/backend.h"
#include "arena.h"
#include "conformance_files.h"
#include "conformance_record.h"

#define OUT_OF_MEMORY contig_diag_set(diag, -ENOMEM, "no memory")

/* What was, or is now, answered: lines as they stand in the file. */
struct lines {
	uint32_t nr;
	struct line {
		char kernel[CONTIG_MAX_NAME + 1];
		char *name; /* of the case */
		char *text;
		json_t *json;
	} * line;
};

struct work {
	struct recording *r;
	uint32_t nr_cases;
	struct scripted_case *sc;
	struct lines before, now;
};

static struct line *find(const struct lines *l, const char *kernel, const char *name)
{
	for (uint32_t i = 0; i < l->nr; i++) {
		if (!strcmp(l->line[i].kernel, kernel) && (!name || !strcmp(l->line[i].name, name)))
			return &l->line[i];
	}
	return NULL;
}

/* The record is the line's from here on. */
static int add_line(struct lines *l, json_t *json, const char *text, struct contig_diag *diag)
{
	struct line *all = realloc(l->line, (l->nr + 1) * sizeof(*all));
	const char *kernel, *name;
	json_error_t err;

	if (all)
		l->line = all;
	if (!all || !json) {
		json_decref(json);
		return OUT_OF_MEMORY;
	}
	if (json_unpack_ex(json, &err, 0, "{s:s,s:s}", "kernel", &kernel, "case", &name)) {
		json_decref(json);
		return contig_diag_set(diag, -EBADMSG, "%s", err.text);
	}
	struct line *mine = &l->line[l->nr];

	*mine = (struct line){ .name = strdup(name),
		               .text = text ? strdup(text) : json_dumps(json, JSON_PRESERVE_ORDER),
		               .json = json };
	snprintf(mine->kernel, sizeof(mine->kernel), "%s", kernel);
	l->nr++;
	return mine->name && mine->text ? 0 : OUT_OF_MEMORY;
}

static void free_lines(struct lines *l)
{
	for (uint32_t i = 0; i < l->nr; i++) {
		free(l->line[i].name);
		free(l->line[i].text);
		json_decref(l->line[i].json);
	}
	free(l->line);
}

/* ---- reading -------------------------------------------------------------------------------------- */

static int add_case(void *ctx, const char *line, struct contig_diag *diag)
{
	struct work *w = ctx;
	struct scripted_case *sc = realloc(w->sc, (w->nr_cases + 1) * sizeof(*sc));

	if (!sc)
		return OUT_OF_MEMORY;
	w->sc = sc;
	return case_parse(line, 512, &sc[w->nr_cases++], diag);
}

static int add_before(void *ctx, const char *line, struct contig_diag *diag)
{
	struct work *w = ctx;
	json_error_t err;
	json_t *json = json_loads(line, 0, &err);

	if (!json)
		return contig_diag_set(diag, -EBADMSG, "not JSON: %s", err.text);
	return add_line(&w->before, json, line, diag);
}

/* ---- asking --------------------------------------------------------------------------------------- */

/* The name of a kernel in the answers: "6.1" for "linux-6.1@guest", "mine" for "mine@guest". */
static void kernel_name(const char *backend, char name[CONTIG_MAX_NAME + 1])
{
	size_t len = contig_name_machine(backend);
	const struct recorded_kernel *k;

	snprintf(name, CONTIG_MAX_NAME + 1, "%.*s", (int)len, backend);
	for (size_t i = 0; (k = recorded_kernel_at(i)); i++) {
		if (!strcmp(k->backend, name)) {
			snprintf(name, CONTIG_MAX_NAME + 1, "%s", k->name);
			return;
		}
	}
}

struct asking {
	const struct scripted_case *sc;
	json_t *before, *ops;
};

static void take_answer(void *ctx, const struct arena_answer *ans)
{
	struct asking *a = ctx;

	if (ans->op == AT_START)
		json_object_update_new(a->before, json_pack("{s:s,s:s}", "mt", ans->types, "map", ans->map));
	else
		json_array_append_new(a->ops, json_pack("{s:s,s:i,s:s,s:I,s:I,s:I,s:s,s:s,s:I}", "op",
		                                        a->sc->op[ans->op].text, "rc", ans->rc, "stage", ans->stage,
		                                        "mig_ok", (json_int_t)ans->count[COUNT_MIGRATED], "mig_fail",
		                                        (json_int_t)ans->not_migrated, "moved", (json_int_t)ans->moved,
		                                        "mt", ans->types, "map", ans->map, "ns", (json_int_t)ans->ns));
}

static int run_case(struct arena *a, struct asking *ask, const char *backend, struct contig_diag *diag)
{
	int rc = arena_open(a, backend, recorded_kernel_for(backend), ask->sc, diag);

	rc = rc ? rc : arena_tell_start(a, take_answer, ask, diag);
	for (uint32_t i = 0; rc >= 0 && i < ask->sc->nr_ops; i = (uint32_t)rc) {
		rc = arena_run(a, i, take_answer, ask, diag);
		if (rc < 0)
			break;
	}
	return rc < 0 ? rc : 0;
}

static int ask_case(struct work *w, const char *backend, const struct scripted_case *sc, struct contig_diag *diag)
{
	struct asking ask = { sc, json_object(), json_array() };
	char kernel[CONTIG_MAX_NAME + 1];
	struct arena a;
	int rc = run_case(&a, &ask, backend, diag);
	const struct guest *g = a.c ? backend_guest(a.c) : NULL;

	kernel_name(backend, kernel);
	if (!rc)
		rc = add_line(&w->now,
		              json_pack("{s:s,s:s,s:O,s:O,s:s?,s:s?}", "kernel", kernel, "case", sc->name, "before",
		                        ask.before, "ops", ask.ops, "release", g ? guest_says(g, "release") : NULL,
		                        "version", g ? guest_says(g, "version") : NULL),
		              NULL, diag);
	json_decref(ask.before);
	json_decref(ask.ops);
	arena_close(&a);
	return rc;
}

/* What no kernel can be asked, or this one not, is not answered; a guest that dies ends it all. */
static int ask_all(struct work *w, struct contig_diag *diag)
{
	struct recording *r = w->r;
	uint32_t done = 0, of = (uint32_t)r->nr_backends * w->nr_cases;

	/* one after the other: none stays longer than it is asked */
	for (size_t b = 0; b < r->nr_backends; b++, backend_guests_close()) {
		for (uint32_t i = 0; i < w->nr_cases; i++) {
			const struct scripted_case *sc = &w->sc[i];
			char kernel[CONTIG_MAX_NAME + 1];
			struct contig_diag inner = { "nobody knows such a case" };
			int rc = sc->beyond[0] ? -EOPNOTSUPP : ask_case(w, r->backends[b], sc, &inner);

			kernel_name(r->backends[b], kernel);
			if (rc == -EOPNOTSUPP || rc == -ENODATA) {
				r->skipped++;
				if (r->report)
					r->report(r->ctx, kernel, sc->name, "asking it", "an answer", inner.text);
			} else if (rc) {
				return contig_diag_set(diag, rc, "%s, case %s: %.400s", r->backends[b], sc->name,
				                       inner.text);
			}
			r->cases++;
			if (r->progress)
				r->progress(r->ctx, ++done, of);
		}
	}
	return 0;
}

/* ---- what changed --------------------------------------------------------------------------------- */

static void value_text(const json_t *value, char *text, size_t size)
{
	if (json_is_string(value))
		snprintf(text, size, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(text, size, "%lld", (long long)json_integer_value(value));
	else
		snprintf(text, size, "none");
}

static void compare_keys(struct recording *r, const struct line *l, const char *where, const json_t *before,
                         const json_t *now)
{
	static const char *const keys[] = { "rc", "stage", "mig_ok", "mig_fail", "moved", "mt", "map" };
	char was[CASE_MAX_MAP], is[CASE_MAX_MAP];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		value_text(json_object_get(before, keys[i]), was, sizeof(was));
		value_text(json_object_get(now, keys[i]), is, sizeof(is));
		if (!strcmp(was, is))
			continue;
		r->changed++;
		if (r->report)
			r->report(r->ctx, l->kernel, where, keys[i], was, is);
	}
}

static void compare_lines(struct work *w)
{
	for (uint32_t i = 0; i < w->now.nr; i++) {
		const struct line *now = &w->now.line[i], *was = find(&w->before, now->kernel, now->name);
		const json_t *ops = json_object_get(now->json, "ops"), *old;
		char where[192];

		if (!was) {
			w->r->new ++;
			continue;
		}
		snprintf(where, sizeof(where), "%s before", now->name);
		compare_keys(w->r, now, where, json_object_get(was->json, "before"),
		             json_object_get(now->json, "before"));
		old = json_object_get(was->json, "ops");
		for (size_t n = 0; n < json_array_size(ops); n++) {
			const json_t *op = json_array_get(ops, n);

			snprintf(where, sizeof(where), "%s %s", now->name,
			         json_string_value(json_object_get(op, "op")));
			compare_keys(w->r, now, where, json_array_get(old, n), op);
		}
	}
}

/* ---- writing -------------------------------------------------------------------------------------- */

/* Kernel by kernel as they were, a new one last; of one that was asked again, the new answers where there are some. */
static void print_answers(const struct work *w, FILE *f)
{
	for (uint32_t i = 0; i < w->before.nr; i++) {
		const struct line *was = &w->before.line[i], *now = find(&w->now, was->kernel, was->name);

		fprintf(f, "%s\n", now ? now->text : was->text);
		/* cases that are new, behind the last of the kernel's */
		if (i + 1 < w->before.nr && !strcmp(w->before.line[i + 1].kernel, was->kernel))
			continue;
		for (uint32_t n = 0; n < w->now.nr; n++) {
			if (!strcmp(w->now.line[n].kernel, was->kernel) &&
			    !find(&w->before, was->kernel, w->now.line[n].name))
				fprintf(f, "%s\n", w->now.line[n].text);
		}
	}
	for (uint32_t n = 0; n < w->now.nr; n++) {
		if (!find(&w->before, w->now.line[n].kernel, NULL))
			fprintf(f, "%s\n", w->now.line[n].text);
	}
}

static int copy_cases(const struct work *w, FILE *f)
{
	char path[4096], buf[65536];
	size_t n;

	snprintf(path, sizeof(path), "%s/cases.txt", w->r->dir);
	FILE *from = fopen(path, "r");

	if (!from)
		return -errno;
	while ((n = fread(buf, 1, sizeof(buf), from)))
		fwrite(buf, 1, n, f);
	int rc = ferror(from) ? -EIO : 0;

	fclose(from);
	return rc;
}

/* To a temporary name, and renamed when it is whole. */
static int write_file(const struct work *w, const char *name, struct contig_diag *diag)
{
	char path[4096], tmp[4112];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", w->r->out, name) >= sizeof(path))
		return contig_diag_set(diag, -EINVAL, "%.100s...: the name is too long", w->r->out);
	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	errno = 0;
	FILE *f = fopen(tmp, "w");
	int rc = f ? 0 : -errno;

	if (f && !strcmp(name, "cases.txt"))
		rc = copy_cases(w, f);
	else if (f)
		print_answers(w, f);
	if (f && (ferror(f) || fflush(f) || fsync(fileno(f))) && !rc)
		rc = errno ? -errno : -EIO;
	if (f && fclose(f) && !rc)
		rc = errno ? -errno : -EIO;
	if (!rc && rename(tmp, path))
		rc = -errno;
	if (rc && f)
		unlink(tmp);
	/* -EIO is a guest's */
	return rc ? contig_diag_set(diag, rc == -EIO ? -ENXIO : rc, "%s: %s", path, strerror(-rc)) : 0;
}

static int write_all(const struct work *w, struct contig_diag *diag)
{
	if (mkdir(w->r->out, 0777) && errno != EEXIST)
		return contig_diag_set(diag, -errno, "%s: %s", w->r->out, strerror(errno));
	int rc = write_file(w, "cases.txt", diag);

	return rc ? rc : write_file(w, "answers.jsonl", diag);
}

/* ---- all of it ------------------------------------------------------------------------------------ */

static int same_folder(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int check(const struct recording *r, struct contig_diag *diag)
{
	for (size_t i = 0; i < r->nr_backends; i++) {
		if (!backend_is_guest(r->backends[i]))
			return contig_diag_set(diag, -EINVAL,
			                       "%s is no real kernel: only those are recorded, -b %.*s@guest for one",
			                       r->backends[i], (int)strcspn(r->backends[i], "+"), r->backends[i]);
	}
	if (!r->nr_backends)
		return contig_diag_set(diag, -EINVAL, "--record: say which kernels, -b linux-6.1@guest for one");
	if (same_folder(r->dir, r->out))
		return contig_diag_set(
			diag, -EINVAL,
			"--record %s: another folder, please, so that what changed can be looked at first", r->out);
	return 0;
}

int conformance_record(struct recording *r, struct contig_diag *diag)
{
	struct work w = { .r = r };
	int rc = check(r, diag);

	rc = rc ? rc : conformance_each_line(r->dir, "cases.txt", add_case, &w, diag);
	/* the first recording of all has nothing before it */
	if (!rc && conformance_has_file(r->dir, "answers.jsonl"))
		rc = conformance_each_line(r->dir, "answers.jsonl", add_before, &w, diag);
	rc = rc ? rc : ask_all(&w, diag);
	if (!rc)
		compare_lines(&w);
	rc = rc ? rc : write_all(&w, diag);
	free_lines(&w.before);
	free_lines(&w.now);
	free(w.sc);
	return rc;
}
