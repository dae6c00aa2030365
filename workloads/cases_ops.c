// SPDX-License-Identifier: MIT
/*
 * cases_ops.c - the operations of scripted cases: NAME[:ARGUMENT{,ARGUMENT}], separated by ';', or by '|' where requests
 * are interrupted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "words.h"

#define BAD(...) contig_diag_set(diag, -EINVAL, __VA_ARGS__)

/* What must stand behind the colon, in this order, and the words that may follow. */
enum {
	SPAN = 1u << 0,
	ORDER = 1u << 1,
	TYPE = 1u << 2,
	KIND = 1u << 3,
	KIND_MAYBE = 1u << 4,
	CMA = 1u << 5,
	OFFLINE = 1u << 6,
	PASSES = 1u << 7,
	TIMES = 1u << 8,
	FORCE = 1u << 9,
	KSWAPD = 1u << 10,
	ATOMIC = 1u << 11,
};

static const struct verb {
	const char *name;
	enum case_verb verb;
	enum contig_op range_op;
	unsigned int takes;
	const char *form;
} verbs[] = {
	{ "a", OP_RANGE, RANGE_ALLOC, SPAN | CMA, "a:OFFSET+LENGTH[,cma]" },
	{ "iso", OP_RANGE, RANGE_ISOLATE, SPAN | CMA | OFFLINE, "iso:OFFSET+LENGTH[,cma|,offline]" },
	{ "undo", OP_RANGE, RANGE_UNDO, SPAN | CMA, "undo:OFFSET+LENGTH[,cma]" },
	{ "off", OP_RANGE, RANGE_OFFLINE, SPAN | PASSES, "off:OFFSET+LENGTH[,passes=N]" },
	{ "on", OP_ONLINE, 0, SPAN, "on:OFFSET+LENGTH" },
	{ "f", OP_GIVE, 0, SPAN, "f:OFFSET+LENGTH" },
	{ "k", OP_KERNEL, 0, SPAN, "k:OFFSET+LENGTH" },
	{ "u", OP_UNMAP, 0, SPAN, "u:FIRST+COUNT" },
	{ "alloc", OP_ALLOC, 0, ORDER | TYPE | KIND_MAYBE | TIMES | ATOMIC,
	  "alloc:ORDER,TYPE[,KIND][,times=N|,all][,highatomic][,last]" },
	{ "free", OP_FREE, 0, SPAN, "free:OFFSET+LENGTH" },
	{ "pin", OP_PIN, 0, SPAN, "pin:OFFSET+LENGTH" },
	{ "unpin", OP_UNPIN, 0, SPAN, "unpin:OFFSET+LENGTH" },
	{ "freeze", OP_FREEZE, 0, SPAN, "freeze:OFFSET+LENGTH" },
	{ "type", OP_TYPE, 0, SPAN | TYPE, "type:OFFSET+LENGTH,TYPE" },
	{ "convert", OP_CONVERT, 0, SPAN | KIND, "convert:OFFSET+LENGTH,KIND" },
	{ "drain", OP_DRAIN, 0, 0, "drain" },
	{ "lru", OP_LRU, 0, 0, "lru" },
	{ "unreserve", OP_UNRESERVE, 0, TYPE | FORCE, "unreserve:TYPE[,force]" },
	{ "wmark", OP_WATERMARK, 0, ORDER | TYPE | KSWAPD | ATOMIC, "wmark:ORDER,TYPE[,kswapd][,highatomic][,last]" },
};

#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* Letters of a layout string for what can be in use; a kind that alloc: or convert: may ask for. */
static const struct {
	char letter;
	enum page_kind kind;
} kinds[] = {
	{ 'K', PAGE_KERNEL },       { 'S', PAGE_RECLAIMABLE }, { 'L', PAGE_LRU },         { 'T', PAGE_LRU_COMPOUND },
	{ 'X', PAGE_USER },         { 'N', PAGE_NONCOMPOUND }, { 'V', PAGE_MOVABLE_OPS }, { 'C', PAGE_HUGETLB },
	{ 'Q', PAGE_HUGETLB_POOL }, { 'O', PAGE_OFFLINE },     { 'A', PAGE_CONTIG },      { 'W', PAGE_HWPOISON },
};

const char *case_known_ops(void)
{
	static struct word_list l;

	l.text[0] = '\0';
	for (size_t i = 0; i < NR_VERBS; i++)
		word_list_add(&l, verbs[i].name);
	return l.text;
}

static bool read_type(const char *word, struct case_op *op)
{
	op->mt = contig_type_of_letter(word[0]);
	return op->mt != MT_NR && !word[1];
}

static bool read_kind(const char *word, struct case_op *op)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (word[0] == kinds[i].letter && !word[1]) {
			op->kind = kinds[i].kind;
			return true;
		}
	}
	return false;
}

static bool read_number(const char *word, uint32_t max, uint32_t *out)
{
	return word_number(&word, max, out) && !*word && *out;
}

/* A word behind the arguments that must be there. */
static bool read_option(unsigned int takes, const char *word, struct case_op *op)
{
	uint32_t n;

	if (takes & CMA && !strcmp(word, "cma"))
		op->caller = CALLER_CMA;
	else if (takes & OFFLINE && !strcmp(word, "offline"))
		op->caller = CALLER_OFFLINE;
	else if (takes & PASSES && !strncmp(word, "passes=", 7) && read_number(word + 7, UINT16_MAX, &n))
		op->passes = (uint16_t)n;
	else if (takes & TIMES && !strncmp(word, "times=", 6) && read_number(word + 6, 1u << 20, &n))
		op->times = n;
	else if (takes & TIMES && !strcmp(word, "all"))
		op->times = UINT32_MAX;
	else if (takes & FORCE && !strcmp(word, "force"))
		op->force = true;
	else if (takes & KSWAPD && !strcmp(word, "kswapd"))
		op->kswapd = true;
	else if (takes & ATOMIC && !strcmp(word, "highatomic"))
		op->highatomic = true;
	else if (takes & ATOMIC && !strcmp(word, "last"))
		op->last_chance = true;
	else
		return takes & KIND_MAYBE && op->kind == PAGE_NONE && read_kind(word, op);
	return true;
}

/* The next argument; an empty one if there is none. */
static const char *next_argument(char **at)
{
	char *word = strsep(at, ",");

	return word ? word : "";
}

static bool read_arguments(unsigned int takes, char *at, struct case_op *op)
{
	const char *word;
	uint32_t order;

	if (takes & SPAN) {
		struct case_span span;
		const char *end = case_parse_span(next_argument(&at), &span);

		if (!end || *end)
			return false;
		op->start = span.start;
		op->nr = span.nr;
	}
	if (takes & ORDER) {
		word = next_argument(&at);
		if (!word_number(&word, CONTIG_MAX_ORDER, &order) || *word)
			return false;
		op->order = (uint8_t)order;
	}
	if (takes & TYPE && !read_type(next_argument(&at), op))
		return false;
	/* what one may allocate; a block may be of any type */
	if (takes & ORDER && op->mt > MT_RECLAIMABLE)
		return false;
	if (takes & KIND && !read_kind(next_argument(&at), op))
		return false;
	while (at) {
		if (!read_option(takes, next_argument(&at), op))
			return false;
	}
	return true;
}

/* "A:3", "B:migrate", "A:end": on with a request that has begun */
static bool read_step(const char *how, struct case_op *op)
{
	if (!how)
		return false;
	if (!strcmp(how, "end")) {
		op->times = STEPS_TO_END;
		return true;
	}
	if (read_number(how, 1u << 20, &op->times))
		return true;
	for (op->until = 0; op->until < PHASE_DONE; op->until++) {
		if (!strcmp(how, contig_phase_name(op->until)))
			return true;
	}
	return false;
}

static int parse_step(char letter, const char *how, struct scripted_case *c, struct case_op *op,
                      struct contig_diag *diag)
{
	op->verb = OP_STEP;
	op->request = (uint8_t)(letter - 'A');
	if (op->request >= c->nr_requests)
		return BAD("'%s': no request %c has begun: one with a '|' behind it gets a letter, A being the first",
		           op->text, letter);
	if (!op->joined)
		return BAD("'%s': requests end with the operation that began them: '|' goes before it, not ';'",
		           op->text);
	if (!read_step(how, op))
		return BAD("'%s': say %c:N for N steps, %c:PHASE (isolate, drain, migrate, test, grab, undo) or %c:end",
		           op->text, letter, letter, letter);
	return 0;
}

static int parse_op(char *word, struct scripted_case *c, struct case_op *op, struct contig_diag *diag)
{
	if (strlen(word) >= sizeof(op->text))
		return BAD("'%s' is not an operation: too long", word);
	strcpy(op->text, word);
	char *arguments = strchr(word, ':');
	size_t i = 0;

	if (arguments)
		*arguments++ = '\0';
	if (word[0] >= 'A' && word[0] <= 'Z' && !word[1])
		return parse_step(word[0], arguments, c, op, diag);
	while (i < NR_VERBS && strcmp(word, verbs[i].name))
		i++;
	if (i == NR_VERBS) { /* what later recordings do, and the model does not know yet */
		if (!word[0] || word[1] || !arguments)
			return BAD("'%s' is not an operation: %s", op->text, case_known_ops());
		snprintf(c->beyond, sizeof(c->beyond), "%c:", word[0]);
		return 0;
	}
	op->verb = verbs[i].verb;
	op->range_op = (uint8_t)verbs[i].range_op;
	if (!arguments ? verbs[i].takes : !verbs[i].takes || !read_arguments(verbs[i].takes, arguments, op))
		return BAD("'%s' is not an operation: say %s", op->text, verbs[i].form);
	return 0;
}

/* Requests that are not alone in their operation get letters. */
static int parse_joined(char *text, struct scripted_case *c, struct contig_diag *diag)
{
	bool alone = !strchr(text, '|');
	char *word;

	for (bool first = true; (word = strsep(&text, "|")); first = false) {
		if (c->nr_ops == CASE_MAX_OPS)
			return BAD("more than %u operations", CASE_MAX_OPS);
		struct case_op *op = &c->op[c->nr_ops++];

		*op = (struct case_op){ .request = CASE_NO_REQUEST, .joined = !first, .times = 1, .until = PHASE_NR };
		int rc = parse_op(word, c, op, diag);

		if (rc)
			return rc;
		if (alone || op->verb != OP_RANGE)
			continue;
		if (c->nr_requests == 26)
			return BAD("'%s': more than 26 requests with a letter", op->text);
		op->request = (uint8_t)c->nr_requests++;
	}
	return 0;
}

int case_parse_ops(char *text, struct scripted_case *c, struct contig_diag *diag)
{
	char *word;
	int rc = 0;

	while (!rc && (word = strsep(&text, ";"))) {
		if (*word)
			rc = parse_joined(word, c, diag);
	}
	return rc;
}
