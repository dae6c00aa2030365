// SPDX-License-Identifier: MIT
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "knobs.h"

/* Groups that a refused one is joined with before all are taken together. */
#define MAX_JOINED 3u

uint32_t knobs_nr(void)
{
	struct contig_knob k;
	uint32_t nr = 0;

	while (contig_knob_at(nr, &k))
		nr++;
	assert(nr <= KNOBS_MAX);
	return nr;
}

const char *knob_name(uint32_t knob)
{
	struct contig_knob k;

	return contig_knob_at(knob, &k) ? k.name : "?";
}

const char *knob_value_name(uint32_t knob, uint8_t value)
{
	struct contig_knob k;

	return contig_knob_at(knob, &k) && value < k.nr_values ? k.values[value].name : "?";
}

static bool same(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && !strncmp(word, name, len);
}

static const struct contig_backend *preset(const char *spec)
{
	const struct contig_backend *b;

	for (size_t i = 0; (b = contig_backend_at(i)); i++) {
		if (same(spec, strcspn(spec, "+"), b->name))
			break;
	}
	return b;
}

static bool preset_values(const struct contig_backend *b, struct knob_values *out)
{
	struct contig_knob k;

	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; contig_knob_at(i, &k); i++) {
		int v = contig_knob_value(b, &k);

		if (v < 0)
			return false;
		out->value[i] = (uint8_t)v;
	}
	return true;
}

/* One "knob=value" of len bytes. */
static void set_word(struct knob_values *out, const char *word, size_t len)
{
	size_t name = strcspn(word, "=");
	struct contig_knob k;

	for (uint32_t i = 0; contig_knob_at(i, &k); i++) {
		for (unsigned int v = 0; same(word, name, k.name) && v < k.nr_values; v++) {
			if (same(word + name + 1, len - name - 1, k.values[v].name))
				out->value[i] = (uint8_t)v;
		}
	}
}

bool knobs_of(const char *spec, struct knob_values *out)
{
	const struct contig_backend *b = preset(spec);

	if (!b || !preset_values(b, out))
		return false;
	for (const char *word = strchr(spec, '+'); word; word = strchr(word, '+')) {
		word++;
		set_word(out, word, strcspn(word, "+"));
	}
	return true;
}

void knobs_differing(const struct knob_values *a, const struct knob_values *b, struct knob_list *out)
{
	uint32_t nr = knobs_nr();

	out->nr = 0;
	for (uint32_t i = 0; i < nr; i++) {
		if (a->value[i] != b->value[i])
			out->knob[out->nr++] = (uint16_t)i;
	}
}

struct knob_values knobs_switched(const struct knob_values *base, const struct knob_values *target,
                                  const struct knob_list *list)
{
	struct knob_values v = *base;

	for (uint32_t i = 0; i < list->nr; i++)
		v.value[list->knob[i]] = target->value[list->knob[i]];
	return v;
}

/* "+a=x+b=y" behind a name, or "a=x and b=y" */
static char *words(const char *name, const struct knob_values *v, const struct knob_list *list, const char *joint)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fputs(name, f);
	for (uint32_t i = 0; i < list->nr; i++)
		fprintf(f, "%s%s=%s", i || *name ? joint : "", knob_name(list->knob[i]),
		        knob_value_name(list->knob[i], v->value[list->knob[i]]));
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

char *knobs_spec(const struct knob_values *v)
{
	const struct contig_backend *b, *nearest = NULL;
	struct knob_values values;
	struct knob_list list, best = { .nr = UINT32_MAX };

	for (size_t i = 0; (b = contig_backend_at(i)); i++) {
		if (!preset_values(b, &values))
			continue;
		knobs_differing(&values, v, &list);
		if (list.nr < best.nr) {
			best = list;
			nearest = b;
		}
	}
	return nearest ? words(nearest->name, v, &best, "+") : NULL;
}

char *knobs_text(const struct knob_values *v, const struct knob_list *list)
{
	return words("", v, list, " and ");
}

int knobs_check(const struct knob_values *v, struct contig_diag *diag)
{
	char *spec = knobs_spec(v);
	int rc = spec ? contig_spec_check(spec, diag) : contig_diag_set(diag, -ENOMEM, "no memory");

	free(spec);
	return rc;
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* What is cut up: the groups so far, in the order of the list. */
struct cut {
	const struct knob_values *base;
	const struct knob_values *target;
	struct knob_groups *groups;
};

static void join(struct knob_list *to, const struct knob_list *from)
{
	memcpy(&to->knob[to->nr], from->knob, from->nr * sizeof(from->knob[0]));
	to->nr += from->nr;
}

static bool stands(const struct cut *c, const struct knob_list *list, struct contig_diag *diag)
{
	const struct knob_values v = knobs_switched(c->base, c->target, list);

	return !knobs_check(&v, diag);
}

/* The first `more` groups from number `from` on that make the list stand; their numbers into taken[]. */
static bool find_partners(const struct cut *c, const struct knob_list *list, uint32_t self, uint32_t from,
                          uint32_t more, uint32_t *taken)
{
	for (uint32_t i = from; i < c->groups->nr; i++) {
		struct knob_list wider = *list;

		if (i == self)
			continue;
		join(&wider, &c->groups->group[i].list);
		*taken = i;
		if (more == 1 ? stands(c, &wider, NULL) : find_partners(c, &wider, self, i + 1, more - 1, taken + 1))
			return true;
	}
	return false;
}

static int by_number(const void *a, const void *b)
{
	const uint16_t *x = a, *y = b;

	return *x - *y;
}

/* Group `self` was refused: it takes others in, which vanish from where they were. */
static void widen(const struct cut *c, uint32_t self)
{
	uint32_t taken[KNOBS_MAX], nr = 1;
	struct knob_group *g = c->groups->group;

	while (nr <= MAX_JOINED && !find_partners(c, &g[self].list, self, 0, nr, taken))
		nr++;
	if (nr > MAX_JOINED) {
		nr = 0;
		for (uint32_t i = 0; i < c->groups->nr; i++) {
			if (i != self)
				taken[nr++] = i;
		}
	}
	for (uint32_t i = 0; i < nr; i++)
		join(&g[self].list, &g[taken[i]].list);
	qsort(g[self].list.knob, g[self].list.nr, sizeof(g[self].list.knob[0]), by_number);
	/* from behind, so that numbers before stay what they are */
	for (uint32_t i = nr; i--;) {
		c->groups->nr--;
		memmove(&g[taken[i]], &g[taken[i] + 1], (c->groups->nr - taken[i]) * sizeof(*g));
	}
}

static int singles(const struct knob_list *list, struct knob_groups *out)
{
	out->nr = list->nr;
	out->group = calloc(list->nr + 1, sizeof(*out->group));
	if (!out->group)
		return -ENOMEM;
	for (uint32_t i = 0; i < list->nr; i++)
		out->group[i].list = (struct knob_list){ .nr = 1, .knob = { list->knob[i] } };
	return 0;
}

int knobs_apart(const struct knob_values *base, const struct knob_values *target, const struct knob_list *list,
                struct knob_groups *out)
{
	const struct cut c = { base, target, out };
	struct contig_diag diag;
	int rc = singles(list, out);

	for (uint32_t i = 0; !rc && i < out->nr; i++) {
		struct knob_group *g = &out->group[i];

		if (stands(&c, &g->list, &diag) || out->nr == 1)
			continue;
		snprintf(g->why, sizeof(g->why), "%s", diag.text);
		widen(&c, i);
		i = UINT32_MAX; /* groups have moved: look at all again */
	}
	return rc;
}

int knobs_in_turn(const struct knob_values *base, const struct knob_values *target, const struct knob_list *list,
                  struct knob_groups *out)
{
	struct knob_values now = *base;
	struct knob_groups left;
	struct contig_diag diag;
	int rc = singles(list, &left);

	*out = (struct knob_groups){ .group = calloc(list->nr + 1, sizeof(*out->group)) };
	if (!rc && !out->group)
		rc = -ENOMEM;
	while (!rc && left.nr) {
		struct cut c = { &now, target, &left };
		uint32_t i = 0;

		while (i < left.nr && !stands(&c, &left.group[i].list, &diag))
			i++;
		if (i == left.nr) {
			/* none can go alone: the first takes with it what it needs */
			i = 0;
			stands(&c, &left.group[0].list, &diag);
			snprintf(left.group[0].why, sizeof(left.group[0].why), "%s", diag.text);
			widen(&c, 0);
		}
		out->group[out->nr++] = left.group[i];
		now = knobs_switched(&now, target, &left.group[i].list);
		left.nr--;
		memmove(&left.group[i], &left.group[i + 1], (left.nr - i) * sizeof(*left.group));
	}
	free(left.group);
	if (rc)
		knobs_free(out);
	return rc;
}

void knobs_free(struct knob_groups *groups)
{
	free(groups->group);
	*groups = (struct knob_groups){ 0 };
}

/* ---- releases -------------------------------------------------------------------------------- */

static bool is_release(const struct contig_backend *b)
{
	return !strncmp(b->name, "linux-", strlen("linux-"));
}

uint32_t knobs_path(const char *from, const char *to, const char *path[KNOBS_MAX_PATH])
{
	const struct contig_backend *a = preset(from), *z = preset(to), *b;
	size_t at = 0, end = 0;
	uint32_t nr = 0;

	while ((b = contig_backend_at(at)) && b != a)
		at++;
	while ((b = contig_backend_at(end)) && b != z)
		end++;
	path[nr++] = from;
	for (; at != end && nr + 1 < KNOBS_MAX_PATH;) {
		at = at < end ? at + 1 : at - 1;
		b = contig_backend_at(at);
		if (at != end && is_release(b))
			path[nr++] = b->name;
	}
	path[nr++] = to;
	return nr;
}
