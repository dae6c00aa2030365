/* SPDX-License-Identifier: MIT */
/*
 * backing.h - real memory behind simulated pages: on the node that their zone is on, copied when they migrate.
 *
 * Each page in use carries two stamps, at its beginning and at its end, made from its owner and its place in the
 * allocation. A page that two owners got, or that was freed, lost or not copied whole, has the wrong ones: that is found
 * when it is freed, when it migrates, is given back, and by backing_check().
 */
#ifndef BACKING_H
#define BACKING_H

#include "placement.h"

struct backing;

/* Bytes that the pages of a geometry take. */
uint64_t backing_bytes(const struct contig_geometry *g);
/*
 * Check that all of it will fit (whole and, if bound, node by node) with 64 MiB and a 64th of it to spare before anything is
 * mapped; then map, bind, populate and verify it. The placement must outlive it. -ENOMEM with what is needed and what there
 * is; -EINVAL: a zone on a node that the placement does not know; -EIO: the kernel did not bind it, though it said so; else
 * as placement_bind().
 */
int backing_open(struct backing **out, const struct contig_geometry *g, const struct placement *p,
                 struct contig_diag *diag);
/* That check alone, for who wants to know before the first of many replays. */
int backing_check_room(const struct contig_geometry *g, const struct placement *p, struct contig_diag *diag);
void backing_close(struct backing *b);

/*
 * As the hooks of struct contig_hooks: from several threads, no system call, no allocation, no lock. Two threads must not
 * call about the same page at once: that the backend hands a page to one at a time is what is being tested. What is wrong
 * is kept for backing_failed(). An owner's upper half is its event, below 2^32 - 1.
 */
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
/* The real page behind a simulated one, NULL if no zone has it: contents between the stamps are anybody's. */
char *backing_page(const struct backing *b, pfn_t pfn);
/* Where its pages lie by the kernel's answer. */
int backing_verify_nodes(const struct backing *b, struct placement_found *found, struct contig_diag *diag);

#endif
