/* SPDX-License-Identifier: MIT */
/*
 * trace_layout.h - the bytes of a .ctr file (docs/formats.md), for the writer, the reader and their tests only.
 *
 *	header | chunk | chunk | ... | trailer		all numbers little-endian
 */
#ifndef TRACE_LAYOUT_H
#define TRACE_LAYOUT_H

#include <stdint.h>
#include <string.h>

#include "trace.h"

/* As PNG's: the first byte is no text, the line ends break when something "converts" them. */
#define TRACE_MAGIC                                                                                                    \
	"\x89"                                                                                                         \
	"CTR\r\n\x1a\n"
#define TRACE_VERSION    1u
#define TRACE_HEADER     384u /* bytes */
#define TRACE_HEADER_SUM 376u /* where its checksum is */
#define TRACE_FILE_BYTES 16u
#define TRACE_CHUNKS     24u

#define TRACE_TAG_CHUNK   0x4b4e4843u /* "CHNK" */
#define TRACE_CHUNK       48u         /* bytes of a chunk's header */
#define TRACE_CHUNK_SUM   40u
#define TRACE_TAG_TRAILER 0x4c494154u /* "TAIL" */
#define TRACE_TRAILER     40u
#define TRACE_TRAILER_SUM 32u

enum trace_method {
	TRACE_STORED,
	TRACE_ZSTD
};

/*
 * Bounds that keep what a reader allocates in proportion to the file: an event is at least a byte of code and a byte of
 * time and takes 24 bytes of memory, so a file of n bytes is never worth more than 64 * n / 2 * 24 bytes of events.
 */
#define TRACE_CHUNK_EVENTS 65536u
#define TRACE_CHUNK_CODES  4096u /* codes defined in one chunk */
#define TRACE_COLUMN_MAX   10u   /* bytes an event takes in one column, at most: a code and its definition */
#define TRACE_DEFINITION   8u    /* bytes of the definition of a code */
#define TRACE_RATIO_MAX    64u   /* a chunk that compresses better is stored */

/*
 * Page kinds have numbers of their own in the file, so that a kind added to contig.h changes no trace. 0 in the second
 * direction: a number that no kind has.
 */
static const struct {
	uint8_t kind; /* enum page_kind */
	uint8_t number;
} trace_kinds[] = {
	{ PAGE_KERNEL, 2 }, { PAGE_RECLAIMABLE, 3 }, { PAGE_LRU, 4 }, { PAGE_LRU_COMPOUND, 5 }, { PAGE_USER, 6 },
};

static inline uint8_t trace_kind_number(uint8_t kind)
{
	for (size_t i = 0; i < sizeof(trace_kinds) / sizeof(trace_kinds[0]); i++) {
		if (trace_kinds[i].kind == kind)
			return trace_kinds[i].number;
	}
	return 0;
}

static inline uint8_t trace_kind_of(uint8_t number)
{
	for (size_t i = 0; i < sizeof(trace_kinds) / sizeof(trace_kinds[0]); i++) {
		if (trace_kinds[i].number == number)
			return trace_kinds[i].kind;
	}
	return PAGE_NONE;
}

/* The columns of a chunk, in the order in which they follow each other. */
enum trace_column {
	COL_CODE,
	COL_TIME,
	COL_ID,
	COL_NR
};

struct trace_chunk {
	uint32_t method;
	uint32_t events;
	uint32_t first_id; /* the next new id at its beginning */
	uint64_t first_ns; /* time of the event before it */
	uint32_t packed;   /* bytes behind the chunk's header */
	uint32_t column[COL_NR];
};

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)v);
	put16(p + 2, (uint16_t)(v >> 16));
}

static inline void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static inline uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

/* FNV-1a, 64 bits: every step is a bijection, so a single damaged byte always shows. */
#define FNV_START 0xcbf29ce484222325u

static inline uint64_t fnv(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len--)
		h = (h ^ *p++) * 0x100000001b3u;
	return h;
}

/* ---- header (trace_header.c) ----------------------------------------------------------------- */

void trace_header_put(uint8_t head[TRACE_HEADER], const struct trace_info *info, uint64_t file_bytes, uint64_t chunks);

/*
 * The first `have` bytes, TRACE_HEADER or all there are, of a file of `size` bytes. 0, or -EBADMSG with the reason in
 * *why and the byte it is about in *at.
 */
int trace_header_get(const uint8_t *head, size_t have, uint64_t size, struct trace_info *info, uint64_t *chunks,
                     uint64_t *at, struct contig_diag *why);

#endif
