// SPDX-License-Identifier: MIT
/* backend.c - real kernels by name: making them known, booting them when they are first needed, talking to the one that runs. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../allocators/linux/wire.h"
#include "backend_inside.h"
#include "../kernels/kernels.h"

static struct machine *machines;

/* ---- talking --------------------------------------------------------------------------------- */

int guest_fails(struct guest_contig *gc, int rc, const char *fmt, ...)
{
	va_list ap;

	if (gc->rc)
		return gc->rc;
	va_start(ap, fmt);
	vsnprintf(gc->why.text, sizeof(gc->why.text), fmt, ap);
	va_end(ap);
	/* it does not answer any more, or not as it should: what it says next would mean nothing */
	if (rc == -EIO) {
		guest_close(gc->m->g);
		gc->m->g = NULL;
	}
	return gc->rc = rc;
}

static int is_dead(struct guest_contig *gc, const struct contig_diag *why)
{
	return guest_fails(gc, -EIO, "%.500s", why->text);
}

/* The line to send, if there is still somebody to send it to; else why not, as gc->rc. */
static int line_for(struct guest_contig *gc, char line[WIRE_LINE], const char *fmt, va_list ap)
{
	if (gc->rc)
		return gc->rc;
	if (!gc->m->g)
		return guest_fails(gc, -EIO, "%s was asked before it had an arena", gc->m->name);
	vsnprintf(line, WIRE_LINE, fmt, ap);
	return 0;
}

int guest_ask(struct guest_contig *gc, struct guest_answer **ans, const char *fmt, ...)
{
	struct contig_diag diag = { "" };
	struct guest_answer *mine;
	char line[WIRE_LINE];
	va_list ap;

	va_start(ap, fmt);
	int rc = line_for(gc, line, fmt, ap);
	va_end(ap);
	if (rc)
		return rc;
	if (guest_call(gc->m->g, &mine, &diag, "%s", line))
		return is_dead(gc, &diag);
	if (mine->rc == -EOPNOTSUPP)
		return guest_fails(gc, -EOPNOTSUPP, "not possible here: %.400s", mine->words[0] ? mine->words : line);
	if (ans)
		*ans = mine;
	return 0;
}

int guest_tell(struct guest_contig *gc, const char *fmt, ...)
{
	struct contig_diag diag = { "" };
	char line[WIRE_LINE];
	va_list ap;

	va_start(ap, fmt);
	int rc = line_for(gc, line, fmt, ap);
	va_end(ap);
	if (rc)
		return rc;
	guest_changed(gc);
	return guest_post(gc->m->g, &diag, "%s", line) ? is_dead(gc, &diag) : 0;
}

uint64_t guest_says_number(const struct guest_contig *gc, const char *key)
{
	return gc->m->g ? guest_number(gc->m->g, key) : 0;
}

void guest_changed(struct guest_contig *gc)
{
	gc->seen_valid = gc->types_valid = gc->stats_valid = false;
}

/* ---- known ones ------------------------------------------------------------------------------ */

bool backend_is_guest(const char *spec)
{
	size_t len = contig_name_machine(spec);

	return len && !strncmp(spec + len, "@guest", 6) && (!spec[len + 6] || spec[len + 6] == '+');
}

static struct machine *machine_named(const char *name)
{
	struct machine *m = machines;

	while (m && strcmp(m->name, name))
		m = m->next;
	return m;
}

static int refuse_knobs(const char *name, const char *knobs, struct contig_diag *diag)
{
	int len = (int)contig_name_machine(name);

	return contig_diag_set(diag, -EINVAL,
	                       "%.*s@guest is a real kernel and has no knobs to turn: `%.*s+%.100s` is its model with "
	                       "them",
	                       len, name, len, name, knobs);
}

static struct contig *guest_open(const struct contig_backend *self, const struct contig_geometry *g,
                                 const struct contig_hooks *hooks, const char *knobs, struct contig_diag *diag)
{
	struct guest_contig *gc;

	if (knobs) {
		refuse_knobs(self->name, knobs, diag);
		return NULL;
	}
	gc = calloc(1, sizeof(*gc));
	if (!gc) {
		contig_diag_set(diag, -ENOMEM, "no memory");
		return NULL;
	}
	gc->c.ops = self;
	gc->m = (struct machine *)(uintptr_t)self->data;
	gc->g = *g;
	gc->hooks = hooks;
	return &gc->c;
}

static void guest_release(struct contig *c)
{
	struct guest_contig *gc = guest_of(c);

	if (gc->m->user == gc)
		gc->m->user = NULL;
	held_forget(gc);
	free(gc->wanted);
	free(gc->wanted_type);
	free(gc->seen);
	free(gc->type);
	free(gc);
}

static int check_spec(const char *spec, struct contig_diag *diag)
{
	const char *knobs = strchr(spec, '+');

	if (!backend_is_guest(spec))
		return contig_diag_set(diag, -EINVAL, "'%.80s' is no kernel in a guest: those are called NAME@guest",
		                       spec);
	return knobs ? refuse_knobs(spec, knobs + 1, diag) : 0;
}

int backend_guest_add(const char *spec, backend_boot boot, struct contig_diag *diag)
{
	struct guest_kernel built = { 0 };
	int rc = check_spec(spec, diag);

	if (rc || machine_named(spec))
		return rc;
	struct machine *m = calloc(1, sizeof(*m));

	if (!m)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	snprintf(m->name, sizeof(m->name), "%s", spec);
	snprintf(m->kernel, sizeof(m->kernel), "%.*s", (int)contig_name_machine(spec), spec);
	rc = boot ? 0 : guest_kernel_load(m->kernel, &built, diag);
	if (rc) {
		free(m);
		return rc;
	}
	snprintf(m->summary, sizeof(m->summary), "Linux %s itself, in a guest", built.release);
	m->boot = boot;
	m->ops = (struct contig_backend){ .name = m->name,
		                          .summary = m->summary,
		                          .open = guest_open,
		                          .close = guest_release,
		                          .lab = &guest_lab,
		                          .data = m };
	guest_ops(&m->ops);
	rc = contig_backend_add(&m->ops, diag);
	if (rc) {
		free(m);
		return rc;
	}
	if (!machines)
		atexit(backend_guests_close);
	m->next = machines;
	machines = m;
	return 0;
}

void backend_guests_close(void)
{
	for (struct machine *m = machines; m; m = m->next) {
		guest_close(m->g);
		m->g = NULL;
	}
}

struct guest *backend_guest(struct contig *c)
{
	const struct guest_contig *gc = guest_of(c);

	return gc->m->user == gc ? gc->m->g : NULL;
}

void backend_guest_changed(struct contig *c)
{
	guest_changed(guest_of(c));
}

/* ---- the arena ------------------------------------------------------------------------------- */

static int boot(struct machine *m, struct contig_diag *diag)
{
	const struct guest_options options = GUEST_OPTIONS;

	if (m->g)
		return 0;
	errno = 0;
	m->g = m->boot ? m->boot(m->kernel, diag) : guest_boot(m->kernel, &options, diag);
	m->tainted = 0;
	m->went_offline = false;
	if (m->g)
		return 0;
	/* -EIO and -EOPNOTSUPP are what becomes of a single case: this is the machine's */
	return !errno || errno == EIO || errno == EOPNOTSUPP ? -ENXIO : -errno;
}

static int check_geometry(const struct guest_contig *gc, struct contig_diag *diag)
{
	const struct contig_geometry *g = &gc->g;
	uint64_t p = guest_number(gc->m->g, "pageblock_order"), m = guest_number(gc->m->g, "max_order"),
		 section = guest_number(gc->m->g, "section_order");

	if (g->pageblock_order != p || g->max_order != m)
		return contig_diag_set(diag, -EOPNOTSUPP,
		                       "not possible here: P=%u M=%u, and this kernel has P=%llu M=%llu",
		                       g->pageblock_order, g->max_order, (unsigned long long)p, (unsigned long long)m);
	if (g->section_order && g->section_order != section)
		return contig_diag_set(diag, -EOPNOTSUPP,
		                       "not possible here: section=%u, and this kernel has sections of order %llu",
		                       g->section_order, (unsigned long long)section);
	if (g->page_shift != 12)
		return contig_diag_set(diag, -EOPNOTSUPP, "not possible here: its pages have 4 KiB");
	return 0;
}

static int make_room(struct guest_contig *gc, uint32_t blocks, struct contig_diag *diag)
{
	uint32_t per_run = 1u << (gc->g.max_order - gc->g.pageblock_order);

	gc->pages = ((blocks + per_run - 1) / per_run * per_run) << gc->g.pageblock_order;
	gc->zone_start = (pfn_t)guest_number(gc->m->g, "zone_start");
	gc->zone_pages = (uint32_t)guest_number(gc->m->g, "zone_pages");
	free(gc->wanted);
	free(gc->wanted_type);
	free(gc->seen);
	free(gc->type);
	held_forget(gc);
	gc->wanted = calloc(gc->pages, sizeof(*gc->wanted));
	gc->wanted_type = calloc((gc->pages >> gc->g.pageblock_order) + 1, 1);
	gc->seen = calloc(gc->pages, sizeof(*gc->seen));
	gc->type = calloc((gc->zone_pages >> gc->g.pageblock_order) + 2, 1);
	if (!gc->wanted || !gc->wanted_type || !gc->seen || !gc->type)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	return 0;
}

/* As large as memory blocks it is aligned to them, so that it can go offline: among twice as many one is. */
static int ask_arena(struct guest_contig *gc, uint32_t blocks, pfn_t *start, struct contig_diag *diag)
{
	uint32_t section = 1u << guest_says_number(gc, "section_order"), spare = gc->pages % section ? 0 : section;
	struct guest_answer *ans;
	int rc = guest_ask(gc, &ans, "arena %u", (gc->pages + spare) >> gc->g.pageblock_order);
	if (rc) {
		*diag = gc->why;
		return rc;
	}
	if (ans->rc < 0)
		return contig_diag_set(diag, (int)ans->rc, "%s has no %u pageblocks in a row that are free: %.200s",
		                       gc->m->name, blocks, ans->words);
	if ((uint64_t)ans->rc - gc->zone_start > gc->zone_pages - gc->pages - spare ||
	    (uint64_t)ans->rc & ((1u << gc->g.max_order) - 1))
		return contig_diag_set(diag, -EPROTO,
		                       "%s: an arena at pfn %lld, which is not in its zone or not aligned", gc->m->name,
		                       (long long)ans->rc);
	*start = (pfn_t)ans->rc;
	if (spare)
		*start = (*start + spare - 1) & ~(spare - 1);
	gc->start = *start;
	return 0;
}

/* What it warned of in the last case is not this one's fault. */
static int note_tainted(struct guest_contig *gc, struct contig_diag *diag)
{
	int rc = see_stats(gc);

	if (rc)
		*diag = gc->why;
	gc->m->tainted = gc->tainted;
	return rc;
}

int guest_arena(struct contig *c, uint32_t blocks, pfn_t *start, struct contig_diag *diag)
{
	struct guest_contig *gc = guest_of(c);

	if (gc->m->user && gc->m->user != gc)
		return contig_diag_set(diag, -EBUSY, "%s is in use already", gc->m->name);
	/* memory that went and came is not as it was: its zone has other borders, and bad pages stay bad */
	if (gc->m->went_offline) {
		guest_close(gc->m->g);
		gc->m->g = NULL;
	}
	int rc = boot(gc->m, diag);

	if (rc)
		return rc;
	gc->m->user = gc;
	gc->rc = 0;
	guest_changed(gc);
	rc = check_geometry(gc, diag);
	rc = rc ? rc : make_room(gc, blocks, diag);
	rc = rc ? rc : ask_arena(gc, blocks, start, diag);
	rc = rc ? rc : note_tainted(gc, diag);
	if (rc)
		return rc;
	wanted_clear(gc);
	gc->collecting = true;
	gc->froze = false;
	return 0;
}
