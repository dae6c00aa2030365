// SPDX-License-Identifier: MIT
/* trace_header.c - the header of a .ctr file: one table of fields for both directions. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "trace_layout.h"

struct field {
	uint16_t at;     /* in the file */
	uint16_t bytes;  /* in both */
	uint16_t member; /* offset in struct trace_info */
	uint8_t text;    /* a string, NUL-terminated */
};

#define FIELD(at_, name)                                                                                               \
	{                                                                                                              \
		at_, sizeof(((struct trace_info *)0)->name), offsetof(struct trace_info, name), 0                      \
	}
#define TEXT(at_, name)                                                                                                \
	{                                                                                                              \
		at_, sizeof(((struct trace_info *)0)->name), offsetof(struct trace_info, name), 1                      \
	}

static const struct field fields[] = {
	FIELD(8, version),         FIELD(32, page_shift),  FIELD(33, pageblock_order), FIELD(34, max_order),
	FIELD(36, nr_cpus),        FIELD(40, nr_nodes),    FIELD(48, nr_events),       FIELD(56, nr_initial),
	FIELD(64, nr_ids),         FIELD(72, duration_ns), FIELD(80, peak_pages),      FIELD(88, raw_events),
	FIELD(96, lost),           FIELD(104, splits),     FIELD(112, implied_frees),  FIELD(120, unmatched_frees),
	FIELD(128, failed_allocs), TEXT(136, kernel),      TEXT(200, label),           TEXT(264, date),
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

void trace_header_put(uint8_t head[TRACE_HEADER], const struct trace_info *info, uint64_t file_bytes, uint64_t chunks)
{
	memset(head, 0, TRACE_HEADER);
	memcpy(head, TRACE_MAGIC, 8);
	put32(head + 12, TRACE_HEADER);
	put64(head + TRACE_FILE_BYTES, file_bytes);
	put64(head + TRACE_CHUNKS, chunks);
	for (size_t i = 0; i < FIELDS; i++) {
		const struct field *f = &fields[i];
		const uint8_t *from = (const uint8_t *)info + f->member;
		uint64_t v64;
		uint32_t v32;

		if (f->text) {
			strncpy((char *)head + f->at, (const char *)from, f->bytes - 1u);
		} else if (f->bytes == 8) {
			memcpy(&v64, from, 8);
			put64(head + f->at, v64);
		} else if (f->bytes == 4) {
			memcpy(&v32, from, 4);
			put32(head + f->at, v32);
		} else {
			head[f->at] = *from;
		}
	}
	put64(head + TRACE_HEADER_SUM, fnv(FNV_START, head, TRACE_HEADER_SUM));
}

static int refuse(struct contig_diag *why, uint64_t *at, uint64_t where, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static int refuse(struct contig_diag *why, uint64_t *at, uint64_t where, const char *fmt, ...)
{
	va_list ap;

	*at = where;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

static bool is_text(const uint8_t *p, size_t room)
{
	for (size_t i = 0; i < room; i++) {
		if (!p[i])
			return true;
		if (p[i] < ' ' || p[i] == 0x7f)
			return false;
	}
	return false;
}

static int get_fields(const uint8_t *head, struct trace_info *info, uint64_t *at, struct contig_diag *why)
{
	for (size_t i = 0; i < FIELDS; i++) {
		const struct field *f = &fields[i];
		uint8_t *to = (uint8_t *)info + f->member;
		uint64_t v64 = get64(head + f->at);
		uint32_t v32 = get32(head + f->at);

		if (f->text) {
			if (!is_text(head + f->at, f->bytes))
				return refuse(why, at, f->at, "not a line of text");
			memcpy(to, head + f->at, f->bytes);
		} else if (f->bytes == 8) {
			memcpy(to, &v64, 8);
		} else if (f->bytes == 4) {
			memcpy(to, &v32, 4);
		} else {
			*to = head[f->at];
		}
	}
	return 0;
}

static int check_fields(const struct trace_info *i, uint64_t size, uint64_t *at, struct contig_diag *why)
{
	if (i->page_shift < 10 || i->page_shift > 30)
		return refuse(why, at, 32, "pages of 2^%u bytes", i->page_shift);
	if (i->pageblock_order > CONTIG_MAX_ORDER)
		return refuse(why, at, 33, "pageblock_order %u, above %u", i->pageblock_order, CONTIG_MAX_ORDER);
	if (i->max_order > CONTIG_MAX_ORDER)
		return refuse(why, at, 34, "max_order %u, above %u", i->max_order, CONTIG_MAX_ORDER);
	if (!i->nr_cpus || i->nr_cpus > CONTIG_MAX_CPUS)
		return refuse(why, at, 36, "%u cpus, not 1 to %u", i->nr_cpus, CONTIG_MAX_CPUS);
	if (!i->nr_nodes || i->nr_nodes > CONTIG_MAX_NODES)
		return refuse(why, at, 40, "%u nodes, not 1 to %u", i->nr_nodes, CONTIG_MAX_NODES);
	if (i->nr_events > size * TRACE_RATIO_MAX / 2)
		return refuse(why, at, 48, "%" PRIu64 " events, more than fit into a file of this size", i->nr_events);
	if (i->nr_initial > i->nr_events)
		return refuse(why, at, 56, "%" PRIu64 " initial events of %" PRIu64, i->nr_initial, i->nr_events);
	if (!i->nr_ids || i->nr_ids > UINT32_MAX)
		return refuse(why, at, 64, "%" PRIu64 " ids", i->nr_ids);
	return 0;
}

int trace_header_get(const uint8_t *head, size_t have, uint64_t size, struct trace_info *info, uint64_t *chunks,
                     uint64_t *at, struct contig_diag *why)
{
	if (memcmp(head, TRACE_MAGIC, have < 8 ? have : 8) || !have)
		return refuse(why, at, 0, "not a contigbench trace");
	if (have >= 12 && get32(head + 8) != TRACE_VERSION)
		return refuse(why, at, 8, "format version %u, this program reads version %u", get32(head + 8),
		              TRACE_VERSION);
	if (have < TRACE_HEADER)
		return refuse(why, at, have, "truncated inside the header");
	if (get32(head + 12) != TRACE_HEADER)
		return refuse(why, at, 12, "header of %u bytes instead of %u", get32(head + 12), TRACE_HEADER);
	if (get64(head + TRACE_HEADER_SUM) != fnv(FNV_START, head, TRACE_HEADER_SUM))
		return refuse(why, at, TRACE_HEADER_SUM, "the header's checksum is wrong");
	uint64_t said = get64(head + TRACE_FILE_BYTES);
	if (size != said)
		return refuse(why, at, size < said ? size : said, "%s: %" PRIu64 " bytes instead of %" PRIu64,
		              size < said ? "truncated" : "something follows the trace", size, said);
	*chunks = get64(head + TRACE_CHUNKS);
	int rc = get_fields(head, info, at, why);
	return rc ? rc : check_fields(info, size, at, why);
}
