/* SPDX-License-Identifier: MIT */
/*
 * knobs.h - policies as values of knobs: taken apart, compared, put together again.
 *
 * Everything here comes from the tables behind contig_backend_at() and contig_knob_at(): how many backends and knobs
 * there are, and which values go together, is theirs to say.
 */
#ifndef KNOBS_H
#define KNOBS_H

#include "../../allocators/contig.h"

#define KNOBS_MAX 256u

/* One policy: a value for every knob, in the order of contig_knob_at(). */
struct knob_values {
	uint8_t value[KNOBS_MAX];
};

/* Some knobs, by number, in the order in which they are meant. */
struct knob_list {
	uint32_t nr;
	uint16_t knob[KNOBS_MAX];
};

/* Knobs that are switched together, and if there is more than one the reason why they can not stand apart. */
struct knob_group {
	struct knob_list list;
	char why[sizeof(((struct contig_diag *)0)->text)];
};

struct knob_groups {
	uint32_t nr;
	struct knob_group *group;
};

uint32_t knobs_nr(void);
const char *knob_name(uint32_t knob);
const char *knob_value_name(uint32_t knob, uint8_t value);

/* Values of a spec that contig_spec_check() has accepted. False if its backend has no knobs. */
bool knobs_of(const char *spec, struct knob_values *out);

/* The nearest preset and what differs from it: "linux-6.1+iso_align=maxpage". Free it; NULL without memory. */
char *knobs_spec(const struct knob_values *v);

/* Knobs in which the two differ, in table order. */
void knobs_differing(const struct knob_values *a, const struct knob_values *b, struct knob_list *out);

/* `base` with the knobs of the list as in `target`. */
struct knob_values knobs_switched(const struct knob_values *base, const struct knob_values *target,
                                  const struct knob_list *list);

/* 0, or -EINVAL with the reason: such a combination makes no sense. */
int knobs_check(const struct knob_values *v, struct contig_diag *diag);

/*
 * Cut `list` into groups that can each be switched in `base`, alone, to the values of `target`: single knobs where the
 * combination is one, else the fewest that are. All of the list together must be. 0 or -ENOMEM; free with knobs_free().
 */
int knobs_apart(const struct knob_values *base, const struct knob_values *target, const struct knob_list *list,
                struct knob_groups *out);

/*
 * The same, one after another: each group is switched on top of those before it. A knob that has to wait for others
 * comes as soon as they have been switched.
 */
int knobs_in_turn(const struct knob_values *base, const struct knob_values *target, const struct knob_list *list,
                  struct knob_groups *out);
void knobs_free(struct knob_groups *groups);

/* "iso_align=block" or "free_large=per_block and merge_rule=mergeable_retype", values as in `v`. Free it. */
char *knobs_text(const struct knob_values *v, const struct knob_list *list);

/*
 * Releases to walk through from backend `from` to backend `to`, both included: those between them in the table of
 * backends, in its order or against it; proposals (what is not called linux-...) are none. Returns how many.
 */
#define KNOBS_MAX_PATH 64u
uint32_t knobs_path(const char *from, const char *to, const char *path[KNOBS_MAX_PATH]);

#endif
