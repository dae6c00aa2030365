// SPDX-License-Identifier: MIT
/* scenario_expect.c - expect BACKEND[,BACKEND...] OPERATION KEY=VALUE ... [MARK ROW] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"
#include "words.h"

#define BAD(...)    contig_diag_set(diag, -EINVAL, __VA_ARGS__)
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static const char *const count_names[NR_COUNTS] = {
	[COUNT_MIGRATED] = "migrated", [COUNT_REPLACED] = "replaced",
	[COUNT_GOT] = "got",           [COUNT_AT] = "at",
	[COUNT_FREE] = "free",         [COUNT_FREE_CMA] = "free_cma",
	[COUNT_PCP] = "pcp",           [COUNT_ISOLATED] = "isolated",
	[COUNT_RESERVED] = "reserved", [COUNT_FREE_HIGHATOMIC] = "free_highatomic",
	[COUNT_DRIFT] = "drift",       [COUNT_DRIFT_CMA] = "drift_cma",
	[COUNT_LEAK] = "leak",
};

const char *scenario_count_name(enum scenario_count count)
{
	return count_names[count];
}

/* ---- return codes ---------------------------------------------------------------------------- */

static const struct {
	int rc;
	const char *name;
} codes[] = { { -EBUSY, "-EBUSY" }, { -ENOMEM, "-ENOMEM" }, { -EINVAL, "-EINVAL" },
	      { -EINTR, "-EINTR" }, { -EAGAIN, "-EAGAIN" }, { -EPERM, "-EPERM" } };

const char *scenario_rc(int rc, char buf[16])
{
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		if (codes[i].rc == rc)
			return codes[i].name;
	}
	snprintf(buf, 16, "%d", rc);
	return buf;
}

bool scenario_rc_parse(const char *text, int *rc)
{
	const char *digits = text + (*text == '-');
	uint32_t n;

	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		if (!strcmp(codes[i].name, text)) {
			*rc = codes[i].rc;
			return true;
		}
	}
	if (!word_number(&digits, 4095, &n) || *digits)
		return false;
	*rc = *text == '-' ? -(int)n : (int)n;
	return true;
}

/* ---- which backends -------------------------------------------------------------------------- */

static const struct contig_backend *known(const char *name, size_t len)
{
	const struct contig_backend *b;

	for (size_t i = 0; (b = contig_backend_at(i)); i++) {
		if (strlen(b->name) == len && !strncmp(b->name, name, len))
			return b;
	}
	return NULL;
}

static bool names(const struct scenario_expect *e, const char *name, size_t len)
{
	for (uint32_t i = 0; i < e->nr_backends; i++) {
		if (strlen(e->backend[i]) == len && !strncmp(e->backend[i], name, len))
			return true;
	}
	return false;
}

bool scenario_names(const struct scenario_expect *e, const char *backend)
{
	return names(e, backend, strlen(backend));
}

bool scenario_expects(const struct scenario_expect *e, const char *backend)
{
	size_t model = contig_name_machine(backend), len = model ? model : strlen(backend);
	const struct contig_backend *b = names(e, "all", 3) ? known(backend, len) : NULL;

	/* of what others add nobody has said anything */
	return scenario_names(e, backend) || names(e, backend, len) ||
	       (b && !b->baseline && contig_backend_built_in(b));
}

/* A kernel in a guest, whether it has been built or not. */
static bool is_machine(const char *name)
{
	return contig_name_machine(name) && !strchr(name, '+');
}

/* Split "A,B" and check each; "all" are all generations. */
static int parse_backends(struct scenario_expect *e, struct contig_diag *diag)
{
	struct contig_diag inner = { "" };
	uint32_t room = 1;

	for (const char *at = e->backends; (at = strchr(at, ',')); at++)
		room++;
	e->backend = calloc(room, sizeof(*e->backend));
	if (!e->backend)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	for (const char *at = e->backends; e->nr_backends < room; at += strcspn(at, ",") + 1) {
		char *name = strndup(at, strcspn(at, ","));

		if (!name)
			return contig_diag_set(diag, -ENOMEM, "no memory");
		e->backend[e->nr_backends++] = name;
		if (strcmp(name, "all") && !known(name, strlen(name)) && !is_machine(name) &&
		    contig_spec_check(name, &inner))
			return BAD("%.300s", inner.text);
	}
	return 0;
}

/* ---- which operation ------------------------------------------------------------------------- */

static int known_ops(const struct scripted_case *sc, const char *op, struct contig_diag *diag)
{
	struct word_list l = { "start" };

	for (uint32_t i = 0; i < sc->nr_ops; i++)
		word_list_add(&l, sc->op[i].text);
	for (uint32_t i = 0; i < sc->nr_requests; i++)
		word_list_add(&l, (char[]){ (char)('A' + i), '\0' });
	return BAD("'%s' is no operation of %s: %s", op, sc->name, l.text);
}

/* "a:0+8", "a:0+8#2", "A", "start" */
static int find_op(const struct scripted_case *sc, const char *op, int *out, struct contig_diag *diag)
{
	size_t len = strcspn(op, "#");
	const char *digits = op + len + 1;
	uint32_t nth = 0, seen = 0;

	if (!strcmp(op, "start")) {
		*out = AT_START;
		return 0;
	}
	if (op[0] >= 'A' && !op[1] && (uint32_t)(op[0] - 'A') < sc->nr_requests) {
		*out = AT_REQUEST(op[0] - 'A');
		return 0;
	}
	if (op[len] && (!word_number(&digits, CASE_MAX_OPS, &nth) || *digits || !nth))
		return known_ops(sc, op, diag);
	for (uint32_t i = 0; i < sc->nr_ops; i++) {
		if (strlen(sc->op[i].text) != len || strncmp(sc->op[i].text, op, len))
			continue;
		if (++seen == (nth ? nth : 1))
			*out = (int)i;
	}
	if (!seen || seen < nth)
		return known_ops(sc, op, diag);
	if (seen > 1 && !nth)
		return BAD("'%s' is there %u times in %s: say %s#1 for the first", op, seen, sc->name, op);
	return 0;
}

const char *scenario_op_name(const struct scripted_case *sc, int op, char buf[64])
{
	uint32_t nth = 0, of = 0;

	if (op == AT_START)
		return "start";
	if (op < AT_START) {
		snprintf(buf, 64, "%c", 'A' + AT_REQUEST(0) - op);
		return buf;
	}
	for (uint32_t i = 0; i < sc->nr_ops; i++) {
		of += !strcmp(sc->op[i].text, sc->op[op].text);
		nth += (int)i <= op && !strcmp(sc->op[i].text, sc->op[op].text);
	}
	if (of == 1)
		return sc->op[op].text;
	snprintf(buf, 64, "%s#%u", sc->op[op].text, nth);
	return buf;
}

/* ---- what it must answer --------------------------------------------------------------------- */

static int set_text(char **to, const char *value, struct contig_diag *diag)
{
	free(*to);
	*to = strdup(value);
	return *to ? 0 : contig_diag_set(diag, -ENOMEM, "no memory");
}

/* One of "a, b, c"? */
static bool listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at++) {
		if ((at == list || at[-1] == ' ') && (at[len] == ',' || !at[len]) && len)
			return true;
	}
	return false;
}

static const char *known_reasons(void)
{
	static struct word_list l;

	l.text[0] = '\0';
	for (enum contig_reason r = 0; r < WHY_NR; r++)
		word_list_add(&l, contig_reason_name(r));
	return l.text;
}

static int set_count(struct scenario_expect *e, enum scenario_count c, const char *value, struct contig_diag *diag)
{
	const char *digits = value + (value[0] == '-' || value[0] == '+');
	uint32_t n;

	if (!word_number(&digits, UINT32_MAX, &n) || *digits)
		return BAD("%s=%s is not a number", count_names[c], value);
	e->counts |= 1u << c;
	e->count[c] = value[0] == '-' ? -(int64_t)n : (int64_t)n;
	return 0;
}

static int parse_answer(const char *key, const char *value, struct scenario_expect *e, struct contig_diag *diag)
{
	struct word_list known = { "rc, stage, why, mt, map" };

	if (!strcmp(key, "rc")) {
		e->has_rc = scenario_rc_parse(value, &e->rc);
		return e->has_rc ? 0 : BAD("rc=%s: 0, a name such as -EBUSY, or a number", value);
	}
	if (!strcmp(key, "stage"))
		return listed(SCENARIO_STAGES, value) ? set_text(&e->stage, value, diag)
		                                      : BAD("stage=%s: %s", value, SCENARIO_STAGES);
	if (!strcmp(key, "why"))
		return listed(known_reasons(), value) ? set_text(&e->why, value, diag)
		                                      : BAD("why=%s: %s", value, known_reasons());
	if (!strcmp(key, "mt"))
		return set_text(&e->types, value, diag);
	if (!strcmp(key, "map"))
		return set_text(&e->map, value, diag);
	for (enum scenario_count c = 0; c < NR_COUNTS; c++) {
		if (!strcmp(key, count_names[c]))
			return set_count(e, c, value, diag);
		word_list_add(&known, count_names[c]);
	}
	return BAD("'%s=' is nothing that an answer has: %s", key, known.text);
}

/* "[D 8.1 a2]", and nothing behind it */
static int parse_evidence(char *text, struct scenario_expect *e, struct contig_diag *diag)
{
	static const char marks[] = "KD?";
	size_t len = strlen(text);

	while (len && strchr(" \t", text[len - 1]))
		text[--len] = '\0';
	const char *mark = len > 1 ? strchr(marks, text[1]) : NULL;

	if (len < 5 || text[len - 1] != ']' || !mark || !*mark || text[2] != ' ')
		return BAD(
			"'%s': an expectation ends with its evidence, K, D or ?, and the row of the specification: [D 8.1]",
			text);
	text[len - 1] = '\0';
	e->evidence = (enum scenario_evidence)(mark - marks);
	return set_text(&e->row, text + 3, diag);
}

static bool says_anything(const struct scenario_expect *e)
{
	return e->broken || e->has_rc || e->stage || e->why || e->types || e->map || e->counts;
}

int scenario_parse_expect(char *rest, const struct scripted_case *sc, struct scenario_expect *e,
                          struct contig_diag *diag)
{
	const char *backends = word_next(&rest), *op = word_next(&rest);

	if (!backends || !op)
		return BAD("expect: say backends, an operation, what it answers, and [MARK ROW]");
	int rc = set_text(&e->backends, backends, diag);

	rc = rc ? rc : parse_backends(e, diag);
	if (!rc && !strcmp(op, "none"))
		e->op = NO_ANSWER;
	else if (!rc)
		rc = find_op(sc, op, &e->op, diag);
	for (char *word; !rc && !e->row;) {
		rest += strspn(rest, " \t");
		if (*rest == '[') {
			rc = parse_evidence(rest, e, diag);
			break;
		}
		word = word_next(&rest);
		char *value = word ? word_value(word) : NULL;

		if (word && !value && !strcmp(word, "broken"))
			e->broken = true;
		else if (!word)
			rc = BAD(
				"an expectation ends with its evidence, K, D or ?, and the row of the specification: [D 8.1]");
		else
			rc = value ? parse_answer(word, value, e, diag)
			           : BAD("'%s' is not key=value, or a quote is left open", word);
	}
	if (!rc && (e->op == NO_ANSWER) == says_anything(e))
		rc = BAD(e->op == NO_ANSWER ? "expect ... none: nothing can be said of what is not there"
		                            : "expect %s: says nothing about the answer",
		         op);
	return rc;
}

/* Do both speak of some backend? */
static bool overlap(const struct scenario_expect *a, const struct scenario_expect *b)
{
	const struct contig_backend *built;

	for (size_t i = 0; (built = contig_backend_at(i)); i++) {
		if (scenario_expects(a, built->name) && scenario_expects(b, built->name))
			return true;
	}
	for (uint32_t i = 0; i < a->nr_backends; i++) {
		if (strcmp(a->backend[i], "all") && scenario_expects(b, a->backend[i]))
			return true;
	}
	return false;
}

const struct scenario_expect *scenario_said_before(const struct scenario *s, const struct scenario_expect *e)
{
	for (const struct scenario_expect *f = s->expect; f < e; f++) {
		bool both_say = (f->broken && e->broken) || (f->has_rc && e->has_rc) || (f->stage && e->stage) ||
		                (f->why && e->why) || (f->types && e->types) || (f->map && e->map) ||
		                (f->counts & e->counts);

		if (f->op == e->op ? !both_say && f->op != NO_ANSWER : f->op != NO_ANSWER && e->op != NO_ANSWER)
			continue;
		if (overlap(f, e))
			return f;
	}
	return NULL;
}
