/* SPDX-License-Identifier: MIT */
/*
 * caller.h - who makes the contiguous requests of a replay: nobody in particular (one alloc_contig_range for one given
 * range), or a user of contiguous memory (allocators/users/) that looks for a range by itself.
 */
#ifndef CALLER_H
#define CALLER_H

#include "../../allocators/users/cma.h"
#include "../../allocators/users/gigantic.h"
#include "../../allocators/users/virtio_mem.h"
#include "requests.h"

#define CALLER_MAX_ALIGN    31u /* order: a CMA request is aligned to its size */
#define CALLER_MEMORY_BLOCK (UINT64_C(128) << 20)

enum run_caller {
	RUN_PLAIN,
	RUN_CMA,
	RUN_VIRTIO_MEM,
	RUN_GIGANTIC,
	RUN_OFFLINE,
	RUN_CALLER_NR,
};

struct caller_params {
	uint8_t who;          /* enum run_caller */
	uint8_t cma_align;    /* largest order that a CMA request is aligned to */
	uint64_t cma_bytes;   /* of the CMA area; 0: an eighth of its zone, or for gigantic pages none */
	uint64_t block_bytes; /* of a memory block */
};

const char *caller_name(enum run_caller who);
/* RUN_CALLER_NR for a name that is none. */
enum run_caller caller_of_name(const char *name);

/* Pages of a memory block, and of the CMA area (0: there is none). */
uint32_t caller_block_pages(const struct caller_params *p, const struct contig_geometry *g);
uint64_t caller_cma_pages(const struct caller_params *p, const struct contig_geometry *g);
/* 0, or -EINVAL with the reason: a request of nr_pages could never be made. */
int caller_check(const struct caller_params *p, const struct contig_geometry *g, uint32_t nr_pages,
                 struct contig_diag *diag);

/* The caller in one replay. */
struct caller {
	const struct caller_params *params;
	uint32_t nr_pages; /* of a request */
	struct user_machine m;
	struct cma *cma;
	struct cma_area *area;
	struct memory_blocks blocks;
	struct virtio_mem *virtio;
};

/* Set up what the caller needs, before anything is allocated. 0, or -EINVAL, -EOPNOTSUPP or -ENOMEM with the reason. */
int caller_open(struct caller *k, const struct caller_params *p, struct contig *c, const struct contig_geometry *g,
                struct user_drivers *drivers, uint32_t nr_pages, struct contig_diag *diag);
void caller_close(struct caller *k);

/* Begin request q. -EINVAL: it can not be made now; -ENOMEM: of this machine. */
int caller_begin(struct caller *k, const struct request *q, struct user_request **out);
/*
 * Give back what a request got. 0 and *out NULL: that was all; 0 and *out: it takes steps, which end with 0; -EINVAL:
 * the backend does not take it back.
 */
int caller_release(struct caller *k, const struct request *q, pfn_t start, uint32_t nr, struct user_request **out);

#endif
