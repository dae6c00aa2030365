/* SPDX-License-Identifier: MIT */
/*
 * spans.h - what functions of the kernel took, from the text of a trace with an event at each entry and each return.
 *
 *	  sh-71  [001] .....  5123456: ctgb_isolate0: (start_isolate_page_range+0x0/0x1b0) a=0x100000 b=0x100200
 *	  sh-71  [001] .....  5129789: ctgb_isolate0r: (alloc_contig_range+0x8/0x1f0 <- start_isolate_page_range) ret=0x0
 *
 * Entries and returns of a task nest. What lacks one of the two, because the ring buffer or the kernel lost it, is left out and
 * counted, with all that was open then.
 */
#ifndef SPANS_H
#define SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPANS_EVENT "ctgb_" /* what the names of our events begin with */
#define SPANS_ARGS  2u

/* What the functions that are traced do; several may do the same. */
enum traced {
	TRACED_RANGE,   /* alloc_contig_range(): all of a request */
	TRACED_OFFLINE, /* offline_pages(): likewise */
	TRACED_ISOLATE,
	TRACED_UNDO,
	TRACED_DRAIN,   /* of per-cpu free lists */
	TRACED_LRU,     /* of per-cpu LRU batches */
	TRACED_COLLECT, /* isolate_migratepages_range() */
	TRACED_MIGRATE,
	TRACED_TEST,
	TRACED_GRAB,
	TRACED_EMPTY, /* a function that does next to nothing, to see what being traced costs */
	TRACED_TWICE, /* the same one, traced a second time */
	TRACED_NR,
};
const char *traced_name(enum traced t); /* "isolate" */

#define NO_SPAN UINT32_MAX

struct span {
	uint8_t what; /* enum traced */
	uint32_t task;
	uint32_t parent;          /* index of the span around it, or NO_SPAN; always below its own */
	uint64_t begin, end;      /* ticks of the trace's clock */
	uint64_t arg[SPANS_ARGS]; /* of a migration by its tracepoint: pages migrated, and not */
	uint64_t ret;
};

struct spans {
	struct span *at;
	uint32_t nr;
	bool ns;             /* ticks are ns (of a clock that shows us); else what the clock counts */
	uint64_t lost;       /* events that the trace says it lost */
	uint32_t unfinished; /* entries without a return, or open when events were lost */
	uint32_t orphans;    /* returns without an entry */
	uint32_t strange;    /* lines with our events that can not be read */
};

/* 0 or -ENOMEM. Free with spans_free() in either case. */
int spans_parse(struct spans *out, const char *text);
/*
 * The same of a kernel that has no kprobe events, from its tracepoints (points.c): a request is the write() that they lie in; what
 * has no tracepoint at both of its ends is not there.
 */
int points_parse(struct spans *out, const char *text);
void spans_free(struct spans *s);

/* What being traced costs, in ticks. */
struct overhead {
	double inside;  /* an entry and its return add to the span between them */
	double outside; /* ... and to every span around it */
};

/* Of one request: by what its functions do, without what is traced inside of them. */
struct parts {
	double ticks[TRACED_NR]; /* less the overhead, at least 0 */
	uint32_t calls[TRACED_NR];
	double other; /* of the request itself, outside of all parts */
};

/* Of the request at `top`, of which all other spans inside it are parts. */
void spans_parts(const struct spans *s, uint32_t top, const struct overhead *o, struct parts *out);
/* The next request, RANGE or OFFLINE, from index `from` on; NO_SPAN: there is none. */
uint32_t spans_request(const struct spans *s, uint32_t from);
/* From the empty function, traced once in one text, and twice in another: medians. False: it is not in them. */
bool spans_overhead(const struct spans *once, const struct spans *twice, struct overhead *out);

#endif
