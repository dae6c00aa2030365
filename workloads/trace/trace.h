/* SPDX-License-Identifier: MIT */
/*
 * trace.h - a recorded page workload (.ctr): what was allocated and freed, when, on which cpu.
 *
 * Events carry identity, never a pfn, so that any policy may place the pages differently. The file is a header, then
 * zstd-compressed chunks, each with its own checksum (docs/formats.md). Times are integer nanoseconds since the
 * beginning of the trace on the recording kernel's trace clock; events are in ascending order of time.
 */
#ifndef TRACE_H
#define TRACE_H

#include "../../allocators/contig.h"

enum trace_op {
	TRACE_ALLOC, /* id is new */
	TRACE_FREE,  /* id is dead from here on */
	/*
	 * id is replaced by the ids aux, aux + 1, ... of pieces of order `order`, ascending in address. They keep the
	 * kind, but an order-0 piece of a PAGE_LRU_COMPOUND is a PAGE_LRU; a pinned allocation has pinned pieces.
	 */
	TRACE_SPLIT,
	TRACE_PIN,   /* id can not be migrated from here on ... */
	TRACE_UNPIN, /* ... to here */
	TRACE_MARK,  /* a place in time; id is its number */
	TRACE_OP_NR,
};

struct trace_event {
	uint64_t ns;
	uint32_t id;  /* identity of the allocation: ALLOC and SPLIT hand them out from 1 upwards, without gaps */
	uint32_t aux; /* SPLIT: first id of the pieces */
	uint16_t cpu;
	uint8_t op;          /* enum trace_op */
	uint8_t order;       /* ALLOC: of the allocation; SPLIT: of the pieces */
	uint8_t kind;        /* ALLOC: enum page_kind */
	uint8_t migratetype; /* ALLOC: enum migratetype */
	uint8_t node;
	uint8_t zone; /* enum contig_zone_type */
};

/* What the recorder knew; counts are of events unless said otherwise. */
struct trace_info {
	uint32_t version;
	uint8_t page_shift;
	uint8_t pageblock_order;
	uint8_t max_order;
	uint32_t nr_cpus;
	uint32_t nr_nodes;
	uint64_t nr_events;  /* the initial allocations included */
	uint64_t nr_initial; /* the first nr_initial events are pages older than the trace, allocated at time 0 */
	uint64_t nr_ids;     /* highest id + 1 */
	uint64_t duration_ns;
	uint64_t peak_pages; /* most pages live at once */
	uint64_t raw_events; /* events read from the kernel */
	uint64_t lost;       /* events the kernel dropped */
	uint64_t splits;
	uint64_t implied_frees;   /* an allocation of a pfn that was live */
	uint64_t unmatched_frees; /* frees of pages nobody knew */
	uint64_t failed_allocs;   /* allocations that failed on the recording machine */
	char kernel[64];          /* uname -r of the recording machine */
	char label[64];           /* given with record --label */
	char date[32];            /* UTC, ISO 8601 */
};

struct trace {
	struct trace_info info;
	struct trace_event *events; /* info.nr_events of them */
	char sha256[65];            /* of the file's bytes */
};

/* Read and check a whole file. 0, or -errno with file, offset and reason in *diag. Free with trace_close(). */
int trace_open(const char *path, struct trace *t, struct contig_diag *diag);
void trace_close(struct trace *t);

/* Read and check the header, and that the file is as long as it says: events stays NULL, sha256 empty. */
int trace_open_info(const char *path, struct trace *t, struct contig_diag *diag);

/*
 * Read a trace event by event, with all of trace_open()'s checks, in the memory of one chunk and one byte an id:
 *
 *	while ((rc = trace_reader_next(r, &e, &diag)) == 1)
 *		...					rc is 0 at the end, -errno when the file turns out damaged
 */
struct trace_reader;
struct trace_reader *trace_reader_open(const char *path, struct contig_diag *diag); /* NULL: errno is set */
int trace_reader_next(struct trace_reader *r, struct trace_event *e, struct contig_diag *diag);
const struct trace_info *trace_reader_info(const struct trace_reader *r);
/* Once next() has returned 0: digest of the file's bytes, their number, and what the events took before compression. */
void trace_reader_digest(struct trace_reader *r, char sha256[65], uint64_t *file_bytes, uint64_t *packed_from);
void trace_reader_close(struct trace_reader *r);

/*
 * Write a trace to a temporary file beside path, renamed into place by trace_writer_close(); a file that is there
 * already is replaced, anything else than a file is refused. Memory use is that of one chunk and one byte an id,
 * whatever the length. Errors stick: the first one is what close reports, and nothing is left behind. An event that
 * would make a damaged trace (see trace_check.h) is such an error.
 */
struct trace_writer;
struct trace_writer *trace_writer_open(const char *path, struct contig_diag *diag); /* NULL: errno is set */
void trace_writer_add(struct trace_writer *w, const struct trace_event *e);
/* The error that sticks, described in *diag, or 0. */
int trace_writer_failed(const struct trace_writer *w, struct contig_diag *diag);
/*
 * info: counts that the writer can not know are taken from it; version, nr_events, nr_ids, peak_pages and splits are
 * filled in, nr_cpus, nr_nodes and duration_ns raised to what the events show.
 */
int trace_writer_close(struct trace_writer *w, struct trace_info *info, struct contig_diag *diag);
void trace_writer_abort(struct trace_writer *w);

#endif
