/* SPDX-License-Identifier: MIT */
/*
 * backing.h - real memory behind simulated pages: on the node that their zone is on, copied when they migrate.
 *
 * Each page in use carries two stamps, at its beginning and at its end, made from its owner and its place in the
 * allocation. A page that two owners got, or that was freed, lost or not copied whole, has the wrong ones: that is found
 * when it is freed, when it migrates, and by backing_verify().
 */
#ifndef BACKING_H
#define BACKING_H

#include "placement.h"

struct backing;

/* Bytes that the pages of a geometry take. */
uint64_t backing_bytes(const struct contig_geometry *g);
/*
 * Check that all of it will fit (whole, and node by node) before anything is touched, map, bind, populate and verify it.
 * -ENOMEM with what is needed and what there is; else as placement_bind().
 */
int backing_open(struct backing **out, const struct contig_geometry *g, const struct placement *p,
                 struct contig_diag *diag);
void backing_close(struct backing *b);

/* As the hooks of struct contig_hooks: from several threads, no system call, no allocation. */
void backing_filled(struct backing *b, owner_t owner, pfn_t pfn, unsigned int order);
void backing_emptied(struct backing *b, owner_t owner, pfn_t pfn, unsigned int order);
void backing_copy(struct backing *b, owner_t owner, pfn_t from, pfn_t to, unsigned int order);
/* A contiguous request's result: stamped when got, checked and wiped when given back. */
void backing_range_got(struct backing *b, uint32_t request, pfn_t start, uint32_t nr);
void backing_range_back(struct backing *b, uint32_t request, pfn_t start, uint32_t nr);

/* Does the allocation still carry its stamps? For a backend at rest. 0 or -EUCLEAN. */
int backing_check(const struct backing *b, owner_t owner, pfn_t pfn, unsigned int order, struct contig_diag *diag);
/* The first wrong stamp that a hook has met since it was opened: 0, or -EUCLEAN and what it was. */
int backing_failed(const struct backing *b, struct contig_diag *diag);
/* Where its pages lie by the kernel's answer. */
int backing_verify_nodes(const struct backing *b, struct placement_found *found, struct contig_diag *diag);

#endif
