/* SPDX-License-Identifier: MIT */
/*
 * balloon.h - a balloon driver (7.5): it holds pages that its hypervisor uses, unmovable to everybody else.
 *
 * Until v5.5 the memory-isolate notifier asks it, block by block, how many it could give back; a block goes in which
 * nothing else is unmovable. The pages themselves it gives back only when memory goes offline: freed (pseries CMM,
 * until v5.5), or with their reference dropped, PageOffline and offline with the rest (v5.6).
 */
#ifndef BALLOON_H
#define BALLOON_H

#include "user.h"

enum balloon_release {
	BALLOON_FREES, /* its pages go back to the buddy */
	BALLOON_DROPS, /* its pages lose their reference and stay its own until they are gone */
	BALLOON_KEEPS, /* it does not listen */
};

/* Answers that it can be made to give; 0 is the honest one. */
struct balloon_answers {
	int isolating;          /* negative: vetoes isolation */
	int going_offline;      /* negative: vetoes that memory goes offline */
	uint32_t found_at_most; /* reports fewer pages than it has in a block; 0: reports them all */
};

struct balloon;

/* 0 or -ENOMEM. How it lets go of pages is what the release does, by knob iso_notifier. */
int balloon_open(const struct user_machine *m, struct balloon **out);
/* Its pages stay where they are. */
void balloon_close(struct balloon *b);
void balloon_set_release(struct balloon *b, enum balloon_release how);
void balloon_set_answers(struct balloon *b, struct balloon_answers answers);

/* Take up to nr pages from the allocator, one by one: how many it got. */
uint32_t balloon_inflate(struct balloon *b, uint32_t cpu, uint32_t nr);
/* Take over pages in use, for layouts: -EINVAL if lab->convert() does not like them, -ENOMEM. */
int balloon_adopt(struct balloon *b, pfn_t start, uint32_t nr);
/* Give up to nr pages back, the last ones first: how many it gave. */
uint32_t balloon_deflate(struct balloon *b, uint32_t cpu, uint32_t nr);
/* Pages that it has in [start, start + nr). */
uint32_t balloon_pages(const struct balloon *b, pfn_t start, uint32_t nr);

#endif
