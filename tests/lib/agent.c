// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../allocators/linux/wire.h"
#include "../../allocators/policy.h"
#include "../../bench/exact/arena.h"
#include "../../workloads/layout_items.h"
#include "agent.h"
#include "agent_memory.h"

#define BASE  1048576u /* first pfn of the guest's node; the model's is 0 */
#define HELD  131072u
#define CPU   1u
#define LIMIT 2u /* seconds that the host waits */

struct agent_lies agent_lies;
unsigned int agent_starts;

/* ---- the guest ------------------------------------------------------------------------------------ */

struct held {
	owner_t owner;
	pfn_t pfn;
	char kind;
};

static struct {
	FILE *in, *out;
	struct agent_lies lies;
	unsigned int commands, allocations, looks;
	const struct recorded_kernel *k;
	char backend[64];
	struct contig *c;
	struct contig_geometry g;
	struct contig_hooks hooks;
	struct held held[HELD];
	uint32_t nr_held, fresh;
} a;

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(a.out, fmt, ap);
	va_end(ap);
	fputc('\n', a.out);
}

static struct held *held_by(owner_t owner)
{
	for (uint32_t i = 0; i < a.nr_held; i++) {
		if (a.held[i].owner == owner)
			return &a.held[i];
	}
	return NULL;
}

static void on_move(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	struct held *h = held_by(owner);

	(void)ctx;
	(void)order;
	if (!h)
		return;
	h->pfn = to;
	if (strchr("XLTCQ", h->kind))
		say("+ moved %llu %u %u", (unsigned long long)owner, from + BASE, to + BASE);
}

static void place_runs(pfn_t pfn, pfn_t end)
{
	for (; pfn < end; pfn += 1024)
		a.c->ops->lab->place(a.c, pfn, 10, PAGE_FREE, OWNER_NONE);
}

/* As it is after a boot. */
static void start_anew(void)
{
	struct contig_diag diag;

	contig_close(a.c);
	arena_geometry(&a.g, ARENA_ZONE_PAGES);
	a.hooks = (struct contig_hooks){ .moved = on_move };
	a.c = contig_open(a.backend, &a.g, &a.hooks, &diag);
	if (!a.c)
		_exit(3);
	place_runs(a.k->front, ARENA_ZONE_PAGES);
	arena_free_other_node(a.c, &a.g);
	for (uint32_t i = 0; a.k->free_front[i]; i++)
		a.c->ops->lab->place(a.c, i * 512, a.k->free_front[i] - 1u, PAGE_FREE, OWNER_NONE);
	a.nr_held = a.fresh = 0;
}

static void flush(void)
{
	for (uint32_t i = 0; i < a.nr_held; i++)
		a.c->ops->lab->to_lru(a.c, a.held[i].pfn);
	a.fresh = 0;
}

/* ---- commands -------------------------------------------------------------------------------------- */

static void cmd_hello(char **w)
{
	(void)w;
	say("+ wire %d\n+ release %s-model\n+ version model\n+ cpus 2\n+ pageblock_order 9\n+ max_order 10",
	    WIRE_VERSION, a.k->version);
	say("+ section_order 15\n+ node 1\n+ zone_start %u\n+ zone_pages %u\n+ zone_managed 128772", BASE,
	    ARENA_ZONE_PAGES);
	say("+ wmark_min 2486\n+ wmark_low 3107\n+ wmark_high 3728\n+ can_isolate 1\n= 0");
}

static void cmd_arena(char **w)
{
	(void)w;
	start_anew();
	say("= %u", BASE + a.k->front);
}

static const char *stage(const struct contig_outcome *o)
{
	return outcome_stage(o);
}

static void run_range(char **w, enum contig_op op)
{
	const struct contig_range_args args = { .start = (pfn_t)strtoul(w[1], NULL, 10) - BASE,
		                                .nr = (uint32_t)strtoul(w[2], NULL, 10),
		                                .cpu = CPU,
		                                .op = (uint8_t)op,
		                                .caller = !strcmp(w[3], "cma") ? CALLER_CMA : CALLER_MOVABLE };
	bool early = a.c->ops->policy(a.c)->lru_drain == lru_drain_before_migrate;
	struct contig_outcome o = { 0 };
	struct contig_range *r;
	struct contig_work work;

	o.rc = contig_range_begin(a.c, &args, &r);
	for (bool more = !o.rc; more;) {
		more = contig_range_step(r, &work);
		/* past isolation the batches of all cpus are flushed */
		if (work.phase != work.next && (early ? work.next : work.phase) == PHASE_MIGRATE)
			flush();
		if (!more)
			contig_range_end(r, &o);
	}
	if (op == RANGE_UNDO)
		say("= %d", o.rc);
	else
		say("= %d %s %u %u %u 4711", o.rc, stage(&o), o.total.migrated, o.total.not_migrated, o.total.replaced);
}

static void cmd_range(char **w)
{
	run_range(w, RANGE_ALLOC);
}

static void cmd_isolate(char **w)
{
	run_range(w, RANGE_ISOLATE);
}

static void cmd_undo(char **w)
{
	run_range(w, RANGE_UNDO);
}

static void cmd_give(char **w)
{
	pfn_t pfn = (pfn_t)strtoul(w[1], NULL, 10) - BASE;

	say("= %d", contig_range_free(a.c, CPU, pfn, (uint32_t)strtoul(w[2], NULL, 10)));
}

static enum page_kind kind_of(char letter)
{
	for (const struct layout_item *i = layout_items; i->letter; i++) {
		if (i->letter == letter && !(letter == 'P'))
			return i->kind;
	}
	return PAGE_NONE;
}

static void cmd_alloc(char **w)
{
	unsigned int order = (unsigned int)strtoul(w[3], NULL, 10);
	const struct contig_what what = { .kind = (uint8_t)kind_of(w[2][0] == 'L' ? 'X' : w[2][0]),
		                          .order = (uint8_t)order,
		                          .migratetype = (uint8_t)contig_type_of_letter(w[4][0]),
		                          .node = 1,
		                          .this_node = true,
		                          .highatomic = w[6] };
	owner_t owner = strtoull(w[1], NULL, 10);
	int64_t pfn = contig_alloc(a.c, CPU, what, owner);

	if (pfn < 0) {
		say("= %lld", (long long)pfn);
		return;
	}
	a.held[a.nr_held++] = (struct held){ owner, (pfn_t)pfn, w[2][0] };
	/* a full batch goes to the LRU, and so does one that a compound joins */
	if (strchr("XLT", w[2][0]) && (++a.fresh == a.k->lru_batch || order))
		flush();
	say("= %lld", (long long)pfn + BASE + (++a.allocations == a.lies.elsewhere));
}

static int place_one(pfn_t pfn, owner_t owner)
{
	const struct contig_what what = { .kind = PAGE_USER, .migratetype = MT_MOVABLE, .node = 1, .this_node = true };
	int64_t at;
	int rc = contig_range_free(a.c, CPU, pfn, 1);

	if (rc)
		return rc;
	at = contig_alloc(a.c, CPU, what, owner);
	if (at != pfn || ++a.allocations == a.lies.elsewhere)
		return -EXDEV;
	a.held[a.nr_held++] = (struct held){ owner, pfn, 'X' };
	if (++a.fresh == a.k->lru_batch)
		flush();
	return 0;
}

static void cmd_place(char **w)
{
	pfn_t pfn = (pfn_t)strtoul(w[2], NULL, 10) - BASE, nr = (pfn_t)strtoul(w[3], NULL, 10);
	owner_t owner = strtoull(w[1], NULL, 10);
	int rc = 0;

	for (pfn_t i = 0; i < nr && !rc; i++)
		rc = place_one(pfn + i, owner + i);
	if (rc)
		say("= %d the page came elsewhere", rc);
	else
		say("= %u", nr);
}

static void cmd_free(char **w)
{
	struct held *h = held_by(strtoull(w[1], NULL, 10));
	int rc = h ? contig_free(a.c, CPU, h->pfn, h->owner) : -ENOENT;

	if (!rc)
		*h = a.held[--a.nr_held];
	say("= %d", rc);
}

static void cmd_pin(char **w)
{
	say("= %d", a.c->ops->lab->pin(a.c, (pfn_t)strtoul(w[1], NULL, 10) - BASE, w[2][0] == '1'));
}

static void cmd_freeze(char **w)
{
	say("= %d", a.c->ops->lab->freeze(a.c, (pfn_t)strtoul(w[1], NULL, 10) - BASE));
}

static void cmd_convert(char **w)
{
	pfn_t pfn = (pfn_t)strtoul(w[1], NULL, 10) - BASE;
	enum page_kind kind = kind_of(w[3][0] == 'o' ? 'O' : w[3][0]);
	uint32_t nr = (uint32_t)strtoul(w[2], NULL, 10);
	int rc = a.c->ops->lab->convert(a.c, pfn, nr, kind, OWNER_NONE);

	for (pfn_t p = pfn; w[3][0] == 'o' && p < pfn + nr && !rc; p++)
		rc = a.c->ops->lab->freeze(a.c, p);
	if (w[3][1])
		say("= -95 pages of higher order are nothing that this agent makes");
	else
		say("= %d", rc);
}

static void cmd_type(char **w)
{
	enum migratetype mt = contig_type_of_letter(w[3][0]);

	if (mt == MT_CMA)
		say("= -95 the kernel has no CMA");
	else
		say("= %d", a.c->ops->lab->set_type(a.c, ((pfn_t)strtoul(w[1], NULL, 10) - BASE) >> 9, mt));
}

static void cmd_drain(char **w)
{
	(void)w;
	a.c->ops->lab->drain(a.c);
	say("= 0");
}

static void cmd_lru(char **w)
{
	(void)w;
	flush();
	say("= 0");
}

static char letter_of(const struct contig_run *run)
{
	if (run->frozen)
		return run->kind == PAGE_OFFLINE ? 'o' : 'P';
	for (const struct layout_item *i = layout_items; i->letter; i++) {
		if (i->kind == run->kind && !i->frozen)
			return i->letter;
	}
	return 'X';
}

static char list_of(const struct contig_run *run)
{
	return run->kind == PAGE_FREE ? contig_type_letter((enum migratetype)run->list) : '-';
}

/* What is drawn page by page has order 0, whatever the model keeps it as. */
static void run_at(pfn_t pfn, struct contig_run *run)
{
	a.c->ops->lab->run(a.c, pfn, run);
	for (const struct layout_item *i = layout_items; i->letter; i++) {
		if (i->kind != run->kind || i->frozen != run->frozen || i->size != LAYOUT_PAGES)
			continue;
		run->pfn = pfn;
		run->nr = 1;
		run->order = 0;
	}
}

/* Pages of one kind in a row are one line. */
static void cmd_look(char **w)
{
	pfn_t pfn = (pfn_t)strtoul(w[1], NULL, 10) - BASE, end = pfn + (pfn_t)strtoul(w[2], NULL, 10);
	bool blind = ++a.looks == a.lies.blind;
	uint32_t lines = 0;

	while (pfn < end) {
		struct contig_run run, next;

		run_at(pfn, &run);
		while (!run.order && run.pfn + run.nr < end) {
			run_at(run.pfn + run.nr, &next);
			if (next.order || next.kind != run.kind || next.pinned != run.pinned ||
			    next.frozen != run.frozen || next.list != run.list)
				break;
			run.nr++;
		}
		say("+ %u %u %u %c %c %s", run.pfn + BASE + blind, run.nr, run.order, letter_of(&run), list_of(&run),
		    run.frozen   ? "0"
		    : run.pinned ? "!"
		                 : "-");
		blind = false;
		pfn = run.pfn + run.nr;
		lines++;
	}
	say("= %u", lines);
}

static char type_letter(block_t b)
{
	enum migratetype stored, mt = a.c->ops->lab->type(a.c, b, &stored);
	char letter = contig_type_letter(stored);

	return mt == MT_ISOLATE ? (char)tolower(letter) : letter;
}

static void cmd_types(char **w)
{
	char text[ARENA_ZONE_PAGES / 512 + 1] = "";
	block_t first = ((pfn_t)strtoul(w[1], NULL, 10) - BASE) >> 9, nr = (block_t)strtoul(w[2], NULL, 10) >> 9;

	for (block_t b = 0; b < nr; b++)
		text[b] = type_letter(first + b);
	say("= 0 %s", text);
}

static void say_run(pfn_t pfn, unsigned int order, enum migratetype list)
{
	say("+ %u %c %u", order, contig_type_letter(list), pfn + BASE);
}

static void cmd_list(char **w)
{
	(void)w;
	agent_lists(a.c, say_run);
	say("= 0");
}

static void cmd_populate(char **w)
{
	start_anew();
	say("= %d", agent_populate(a.c, &a.g, a.k->lru_batch, w[1], strtoull(w[2], NULL, 10),
	                           (uint32_t)strtoul(w[3], NULL, 10), (uint32_t)strtoul(w[4], NULL, 10)));
}

/* There is no shell: nothing that it is used for is of any concern to a model. */
static void cmd_sh(char **w)
{
	(void)w;
	say("= 0");
}

static void walk_free(int64_t *all, int64_t *cma)
{
	struct contig_run run;

	*all = *cma = 0;
	for (pfn_t pfn = 0; pfn < ARENA_ZONE_PAGES; pfn = run.pfn + run.nr) {
		a.c->ops->lab->run(a.c, pfn, &run);
		for (pfn_t p = run.pfn; run.kind == PAGE_FREE && p < run.pfn + run.nr; p += 512) {
			int64_t inside = run.nr < 512 ? run.nr : 512;
			enum migratetype mt = a.c->ops->lab->type(a.c, p >> 9, NULL);

			*all += mt == MT_ISOLATE ? 0 : inside;
			*cma += mt == MT_CMA ? inside : 0;
		}
	}
}

static void cmd_stats(char **w)
{
	struct contig_stats s;
	int64_t all, cma;

	(void)w;
	contig_stats(a.c, 0, &s);
	walk_free(&all, &cma);
	say("+ free %lld\n+ free_cma %lld\n+ free_highatomic %lld\n+ pcp %lld\n+ isolated %lld", (long long)s.free,
	    (long long)s.free_cma, (long long)s.free_highatomic, (long long)s.pcp, (long long)s.isolated);
	say("+ reserved_highatomic %lld\n+ drift %lld\n+ drift_cma %lld\n+ tainted 0\n= 0",
	    (long long)s.reserved_highatomic, (long long)((int64_t)s.free - all),
	    (long long)((int64_t)s.free_cma - cma));
}

static const struct {
	const char *name;
	unsigned int words;
	void (*run)(char **w);
} commands[] = {
	{ "hello", 1, cmd_hello }, { "arena", 2, cmd_arena },     { "reset", 1, cmd_arena },
	{ "range", 4, cmd_range }, { "isolate", 4, cmd_isolate }, { "undo", 4, cmd_undo },
	{ "give", 3, cmd_give },   { "alloc", 6, cmd_alloc },     { "free", 2, cmd_free },
	{ "pin", 3, cmd_pin },     { "freeze", 3, cmd_freeze },   { "convert", 4, cmd_convert },
	{ "type", 4, cmd_type },   { "drain", 1, cmd_drain },     { "lru", 1, cmd_lru },
	{ "look", 3, cmd_look },   { "types", 3, cmd_types },     { "list", 2, cmd_list },
	{ "stats", 1, cmd_stats }, { "place", 4, cmd_place },     { "populate", 5, cmd_populate },
	{ "sh", 3, cmd_sh },
};

static void execute(char *line)
{
	char *w[9] = { NULL }, *save = NULL;
	unsigned int nr = 0;

	for (char *word = strtok_r(line, " \n", &save); word && nr < 8; word = strtok_r(NULL, " \n", &save))
		w[nr++] = word;
	if (++a.commands == a.lies.dies_at)
		_exit(1);
	if (a.commands == a.lies.sleeps_at)
		sleep(60);
	if (a.commands == a.lies.garbled_at) {
		say("it is\tso");
		return;
	}
	for (size_t i = 0; nr && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(w[0], commands[i].name) && nr >= commands[i].words) {
			commands[i].run(w);
			return;
		}
	}
	say("= -22 usage");
}

static void agent_main(int fd, const char *name)
{
	char line[WIRE_LINE];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	a.k = strncmp(name, "linux-", 6) ? NULL : recorded_kernel_find(name + 6);
	a.k = a.k ? a.k : recorded_kernel_find("6.1");
	snprintf(a.backend, sizeof(a.backend), "%s", a.k->backend);
	a.in = fdopen(fd, "r");
	a.out = fdopen(dup(fd), "w");
	say(WIRE_READY);
	fflush(a.out);
	while (fgets(line, sizeof(line), a.in)) {
		execute(line);
		fflush(a.out);
	}
	_exit(0);
}

struct guest *agent_boot(const char *name, struct contig_diag *diag)
{
	int pair[2];

	agent_starts++;
	a.lies = agent_lies;
	agent_lies = (struct agent_lies){ 0 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return NULL;
	fflush(NULL);
	pid_t pid = fork();

	if (!pid) {
		close(pair[0]);
		agent_main(pair[1], name);
	}
	close(pair[1]);
	struct guest *g = guest_attach(name, pair[0], LIMIT, diag);

	if (g)
		guest_limit(g, LIMIT);
	return g;
}
