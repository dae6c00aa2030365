// SPDX-License-Identifier: MIT
/* conformance_random.c - random requests on recorded layouts (zone_layout.h), against the model. */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "conformance_files.h"
#include "random_model.h"

/* ---- the layouts ----------------------------------------------------------------------------- */

struct layout {
	struct conformance_kernel *k;
	struct conformance_random_row *row;
	struct zone_layout zone;
	struct random_model model;
	bool broken; /* verify failed: what follows says nothing */
};

struct random_run {
	struct conformance *c;
	const char *const *backends;
	size_t nr_backends;
	const char *file;
	char name[CONFORMANCE_NAME]; /* of the experiment */
	bool again;                  /* it goes on here, on a layout that was looked at anew */
	uint32_t nr;
	struct layout *layout[CONFORMANCE_MAX_KERNELS];
	uint32_t line;
};

static struct conformance_random_row *row_of(struct random_run *r, const struct conformance_kernel *k)
{
	uint32_t kernel = (uint32_t)(k - r->c->kernel);
	struct conformance_random_row *rows = r->c->random;

	for (uint32_t i = 0; i < r->c->nr_random; i++) {
		if (rows[i].kernel == kernel && !strcmp(rows[i].name, r->name))
			return &rows[i];
	}
	if (r->c->nr_random == CONFORMANCE_MAX_ROWS)
		return NULL;
	struct conformance_random_row *row = &rows[r->c->nr_random++];

	row->kernel = kernel;
	memcpy(row->name, r->name, sizeof(row->name));
	return row;
}

static struct layout *layout_of(struct random_run *r, const char *kernel)
{
	for (uint32_t i = 0; i < r->nr; i++) {
		if (!strcmp(r->layout[i]->k->kernel, kernel))
			return r->layout[i];
	}
	struct conformance_kernel *k = conformance_kernel(r->c, kernel, r->backends, r->nr_backends);
	struct conformance_random_row *row = k && r->nr < CONFORMANCE_MAX_KERNELS ? row_of(r, k) : NULL;

	if (!row)
		return NULL;
	struct layout *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->k = k;
	l->row = row;
	row->again += r->again;
	return r->layout[r->nr++] = l;
}

static int add_line(void *ctx, const char *line, struct contig_diag *diag)
{
	size_t len = strcspn(line, " ");
	char kernel[CONFORMANCE_KERNEL];

	if (!len || len >= sizeof(kernel) || !line[len])
		return contig_diag_set(diag, -EBADMSG, "not a kernel and what is in its memory");
	memcpy(kernel, line, len);
	kernel[len] = '\0';
	struct layout *l = layout_of(ctx, kernel);

	if (!l)
		return contig_diag_set(diag, -ENOMEM, "kernel %s: too many kernels or experiments", kernel);
	return zone_layout_parse(&l->zone, line + len + 1, diag);
}

/* A layout can be put into a model; no kernel can be brought to such a state as a whole. */
static bool is_asked(const struct layout *l)
{
	return l->k->backend[0] && !contig_name_machine(l->k->backend);
}

static int load_layout(struct layout *l, struct contig_diag *diag)
{
	struct contig_diag inner = { "" };
	int rc = is_asked(l) ? random_model_open(&l->model, &l->zone, l->k->backend, &inner)
	                     : zone_layout_check(&l->zone, &inner);

	return rc ? contig_diag_set(diag, rc, "kernel %s: %.400s", l->k->kernel, inner.text) : 0;
}

/* ---- the requests ---------------------------------------------------------------------------- */

struct recorded_request {
	const char *kernel;
	json_int_t start, pages, rc, migrated;
	struct random_answer answer;
};

static void compare(struct random_run *r, struct layout *l, const struct recorded_request *q,
                    const struct random_answer *model)
{
	const bool exact = l->zone.listed;
	struct conformance *c = r->c;
	struct conformance_kernel *k = l->k;
	struct conformance_random_row *row = l->row;
	const struct random_answer *kernel = &q->answer;
	const uint32_t before = c->disagreements;
	char where[128];

	snprintf(where, sizeof(where), "%.60s request %u at %u+%u", r->file, r->line, (pfn_t)q->start,
	         (uint32_t)q->pages);
	conformance_compare(c, k, &row->types, true, where, "types before", kernel->before, model->before);
	conformance_compare_number(c, k, &row->rc, true, where, "rc", kernel->rc, model->rc);
	conformance_compare(c, k, &row->stage, true, where, "stage", kernel->stage, model->stage);
	conformance_compare(c, k, &row->types, true, where, "types after", kernel->after, model->after);
	if (kernel->map)
		conformance_compare(c, k, &row->map, exact, where, "map", kernel->map, model->map);
	/* which pages lie in the range by now depends on the order of lists: without it counted, no verdict */
	if (exact) {
		conformance_compare_number(c, k, &row->migrated, true, where, "migrated", kernel->migrated,
		                           model->migrated);
	} else {
		row->migrated.of++;
		row->migrated.agree += kernel->migrated == model->migrated;
	}
	row->exact = exact;
	row->disagreeing += c->disagreements != before;
	row->granted_kernel += !kernel->rc;
	row->granted_model += !model->rc;
	if (!kernel->rc && !model->rc) {
		row->pages_model += (uint64_t)model->migrated;
		row->pages_kernel += (uint64_t)kernel->migrated;
	}
}

static int run_request(struct random_run *r, struct layout *l, const struct recorded_request *q,
                       struct contig_diag *diag)
{
	struct random_answer model;
	int rc = random_model_ask(&l->model, (pfn_t)q->start, (uint32_t)q->pages, q->answer.map, &model, diag);

	if (rc != -ENOMEM)
		compare(r, l, q, &model);
	random_answer_free(&model);
	if (rc != -EUCLEAN)
		return rc;
	char where[128];

	snprintf(where, sizeof(where), "%.60s request %u", r->file, r->line);
	conformance_compare(r->c, l->k, &l->row->types, true, where, "invariants", "hold", diag->text);
	l->broken = true;
	return 0;
}

static int check_request(const struct layout *l, const struct recorded_request *q, struct contig_diag *diag)
{
	json_int_t pages = (json_int_t)l->zone.nr_blocks * LAYOUT_NPB;

	if (q->start < 0 || q->pages < 1 || q->migrated < 0 || q->start >= pages || q->pages > pages - q->start)
		return contig_diag_set(diag, -EBADMSG,
		                       "%" JSON_INTEGER_FORMAT "+%" JSON_INTEGER_FORMAT " lies outside the layout of "
		                       "%u pages",
		                       q->start, q->pages, l->zone.nr_blocks * LAYOUT_NPB);
	return 0;
}

static int add_request(void *ctx, const char *line, struct contig_diag *diag)
{
	struct random_run *r = ctx;
	struct recorded_request q = { 0 };
	json_error_t err;
	json_t *record = json_loads(line, 0, &err);
	struct layout *l = NULL;
	int rc = 0;

	r->line++;
	if (!record)
		return contig_diag_set(diag, -EBADMSG, "not JSON: %s", err.text);
	if (json_unpack_ex(record, &err, 0, "{s:s,s:I,s:I,s:I,s:s,s:I,s:s,s:s,s?s}", "kernel", &q.kernel, "start",
	                   &q.start, "pages", &q.pages, "rc", &q.rc, "stage", &q.answer.stage, "migrated", &q.migrated,
	                   "type_before", &q.answer.before, "type_after", &q.answer.after, "map", &q.answer.map)) {
		rc = contig_diag_set(diag, -EBADMSG, "%s", err.text);
		goto out;
	}
	q.answer.rc = q.rc;
	q.answer.migrated = q.migrated;
	for (uint32_t i = 0; i < r->nr && !l; i++)
		l = strcmp(r->layout[i]->k->kernel, q.kernel) ? NULL : r->layout[i];
	rc = l ? check_request(l, &q, diag) : contig_diag_set(diag, -EBADMSG, "the layout has no kernel %s", q.kernel);
	if (rc)
		goto out;
	l->row->requests += !l->broken;
	if (is_asked(l) && !l->broken)
		rc = run_request(r, l, &q, diag);
out:
	json_decref(record);
	return rc;
}

/* random-NAME[.PART].jsonl[.gz]: the end of NAME, and whether PART is there. */
static size_t name_end(const char *file, size_t *stem)
{
	const char *end = strstr(file, ".jsonl"), *dot = memchr(file, '.', (size_t)(end - file));

	*stem = (size_t)(end - file);
	return dot ? (size_t)(dot - file) : *stem;
}

static int run_file(struct conformance *c, const char *dir, const char *name, const char *const *backends,
                    size_t nr_backends, struct contig_diag *diag)
{
	struct random_run r = { .c = c, .backends = backends, .nr_backends = nr_backends, .file = name };
	size_t stem, end = name_end(name, &stem), prefix = strlen("random-");
	char layout[300];

	snprintf(r.name, sizeof(r.name), "%.*s", (int)(end - prefix), name + prefix);
	r.again = end != stem;
	snprintf(layout, sizeof(layout), "%.*s.layout.gz", (int)stem, name);
	int rc = conformance_each_line(dir, layout, add_line, &r, diag);

	if (rc == -ENOENT)
		rc = contig_diag_set(diag, rc, "%s/%s has no layout: %s is missing", dir, name, layout);
	for (uint32_t i = 0; i < r.nr && !rc; i++) {
		struct contig_diag inner = { "" };

		rc = load_layout(r.layout[i], &inner);
		if (rc)
			contig_diag_set(diag, rc, "%s/%s: %.400s", dir, layout, inner.text);
	}
	rc = rc ? rc : conformance_each_line(dir, name, add_request, &r, diag);
	for (uint32_t i = 0; i < r.nr; i++) {
		random_model_close(&r.layout[i]->model);
		zone_layout_free(&r.layout[i]->zone);
		free(r.layout[i]);
	}
	return rc;
}

static int is_random(const struct dirent *d)
{
	const char *end = strstr(d->d_name, ".jsonl");

	return strlen(d->d_name) < 256 && !strncmp(d->d_name, "random-", 7) && end && end > d->d_name + 7 &&
	       (!end[6] || !strcmp(end + 6, ".gz"));
}

int conformance_random(struct conformance *c, const char *dir, const char *const *backends, size_t nr_backends,
                       struct contig_diag *diag)
{
	struct dirent **names;
	int nr = scandir(dir, &names, is_random, versionsort), rc = 0;

	if (nr < 0)
		return contig_diag_set(diag, -errno, "%s: %s", dir, strerror(errno));
	for (int i = 0; i < nr; i++) {
		if (!rc)
			rc = run_file(c, dir, names[i]->d_name, backends, nr_backends, diag);
		free(names[i]);
	}
	free(names);
	return rc;
}

/* ---- sums ------------------------------------------------------------------------------------ */

static void add_agreement(struct agreement *to, const struct agreement *a)
{
	to->agree += a->agree;
	to->of += a->of;
}

struct conformance_random_row conformance_random_sum(const struct conformance *c, uint32_t kernel)
{
	struct conformance_random_row sum = { .kernel = kernel };

	for (uint32_t i = 0; i < c->nr_random; i++) {
		const struct conformance_random_row *r = &c->random[i];

		if (r->kernel != kernel)
			continue;
		sum.requests += r->requests;
		sum.granted_kernel += r->granted_kernel;
		sum.granted_model += r->granted_model;
		sum.again += r->again;
		sum.disagreeing += r->disagreeing;
		sum.pages_model += r->pages_model;
		sum.pages_kernel += r->pages_kernel;
		add_agreement(&sum.rc, &r->rc);
		add_agreement(&sum.stage, &r->stage);
		add_agreement(&sum.types, &r->types);
		add_agreement(&sum.map, &r->map);
		add_agreement(&sum.migrated, &r->migrated);
	}
	return sum;
}
