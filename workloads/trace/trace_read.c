// SPDX-License-Identifier: MIT
/* trace_read.c - a .ctr file into events; nothing in it is believed before it is checked. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "sha256.h"
#include "trace_check.h"
#include "trace_layout.h"
#include "varint.h"

struct trace_reader {
	char *path;
	int fd;
	uint64_t size, at; /* of the file; what has been read so far */
	struct sha256 sha;
	struct trace_info info;
	struct trace_check check;
	uint64_t nr_chunks, chunks_said, chain, raw_bytes;
	bool ended;
	/* the current chunk */
	uint64_t chunk_at;
	struct trace_chunk chunk;
	uint32_t done; /* events of it handed out */
	uint64_t last_ns;
	uint32_t last_old[CONTIG_MAX_CPUS];
	uint32_t nr_codes;
	struct trace_event code[TRACE_CHUNK_CODES + 1];
	struct varint_in column[COL_NR];
	uint8_t *raw, *packed;
	size_t raw_room, packed_room;
	ZSTD_DCtx *zstd;
};

#define RAW_MAX ((size_t)COL_NR * TRACE_COLUMN_MAX * TRACE_CHUNK_EVENTS)

static int refuse(const struct trace_reader *r, struct contig_diag *diag, uint64_t at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static int refuse(const struct trace_reader *r, struct contig_diag *diag, uint64_t at, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(diag->text, sizeof(diag->text), "%s: byte %" PRIu64 ": ", r->path, at);

	if (n > 0 && (size_t)n < sizeof(diag->text)) {
		va_start(ap, fmt);
		vsnprintf(diag->text + n, sizeof(diag->text) - (size_t)n, fmt, ap);
		va_end(ap);
	}
	return -EBADMSG;
}

/* len bytes, all of them: the caller has made sure that the file is long enough. */
static int take(struct trace_reader *r, void *to, size_t len, struct contig_diag *diag)
{
	uint8_t *p = to;

	if (len > r->size - r->at)
		return refuse(r, diag, r->at, "truncated: the file ends at byte %" PRIu64, r->size);
	for (size_t got = 0; got < len;) {
		ssize_t n = read(r->fd, p + got, len - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int err = -errno;

			snprintf(diag->text, sizeof(diag->text), "%s: can not read: %s", r->path, strerror(-err));
			return err;
		}
		if (!n)
			return refuse(r, diag, r->at + got, "the file became shorter while it was read");
		got += (size_t)n;
	}
	sha256_add(&r->sha, to, len);
	r->at += len;
	return 0;
}

/* ---- header ---------------------------------------------------------------------------------- */

static int read_header(struct trace_reader *r, struct contig_diag *diag)
{
	uint8_t head[TRACE_HEADER];
	size_t have = r->size < sizeof(head) ? (size_t)r->size : sizeof(head);
	struct contig_diag why;
	uint64_t at;
	int rc = take(r, head, have, diag);

	if (!rc && trace_header_get(head, have, r->size, &r->info, &r->chunks_said, &at, &why))
		rc = refuse(r, diag, at, "%s", why.text);
	return rc;
}

/* ---- chunks ---------------------------------------------------------------------------------- */

static int check_chunk(struct trace_reader *r, struct contig_diag *diag)
{
	const struct trace_chunk *c = &r->chunk;
	uint64_t at = r->chunk_at, raw = 0;

	if (c->method > TRACE_ZSTD)
		return refuse(r, diag, at + 4, "compression method %u", c->method);
	if (!c->events || c->events > TRACE_CHUNK_EVENTS)
		return refuse(r, diag, at + 8, "chunk of %u events, not 1 to %u", c->events, TRACE_CHUNK_EVENTS);
	if (c->first_id != r->check.next_id)
		return refuse(r, diag, at + 12, "chunk begins at id %u instead of %" PRIu64, c->first_id,
		              r->check.next_id);
	if (c->first_ns != r->check.last_ns)
		return refuse(r, diag, at + 16, "chunk begins at %" PRIu64 " ns instead of %" PRIu64, c->first_ns,
		              r->check.last_ns);
	for (unsigned int i = 0; i < COL_NR; i++) {
		if (c->column[i] > c->events * TRACE_COLUMN_MAX || (i != COL_ID && c->column[i] < c->events))
			return refuse(r, diag, at + 28 + 4 * i, "column of %u bytes for %u events", c->column[i],
			              c->events);
		raw += c->column[i];
	}
	if (c->packed > r->size - r->at)
		return refuse(r, diag, at + 24, "chunk of %u bytes reaches beyond the file's end", c->packed);
	if (c->method == TRACE_STORED ? c->packed != raw : raw > (uint64_t)c->packed * TRACE_RATIO_MAX)
		return refuse(r, diag, at + 24, "chunk of %u bytes for %" PRIu64 " unpacked ones", c->packed, raw);
	if (c->packed > ZSTD_COMPRESSBOUND(RAW_MAX))
		return refuse(r, diag, at + 24, "chunk of %u bytes", c->packed);
	return 0;
}

static int reserve(const struct trace_reader *r, uint8_t **buf, size_t *room, size_t need, struct contig_diag *diag)
{
	if (need <= *room)
		return 0;
	free(*buf);
	*buf = malloc(need);
	*room = *buf ? need : 0;
	if (*buf)
		return 0;
	snprintf(diag->text, sizeof(diag->text), "%s: no memory for a chunk", r->path);
	return -ENOMEM;
}

static int unpack(struct trace_reader *r, const uint8_t *head, struct contig_diag *diag)
{
	const struct trace_chunk *c = &r->chunk;
	uint64_t at = r->chunk_at;
	size_t raw = (size_t)c->column[COL_CODE] + c->column[COL_TIME] + c->column[COL_ID];
	int rc = reserve(r, &r->packed, &r->packed_room, c->packed, diag);

	if (!rc)
		rc = reserve(r, &r->raw, &r->raw_room, c->method == TRACE_ZSTD ? raw : 0, diag);
	if (!rc)
		rc = take(r, r->packed, c->packed, diag);
	if (rc)
		return rc;
	if (get64(head + TRACE_CHUNK_SUM) != fnv(fnv(FNV_START, head, TRACE_CHUNK_SUM), r->packed, c->packed))
		return refuse(r, diag, at, "the chunk's checksum is wrong");
	const uint8_t *from = r->packed;
	if (c->method == TRACE_ZSTD) {
		size_t n = ZSTD_decompressDCtx(r->zstd, r->raw, raw, r->packed, c->packed);

		if (ZSTD_isError(n))
			return refuse(r, diag, at + TRACE_CHUNK, "zstd: %s", ZSTD_getErrorName(n));
		if (n != raw)
			return refuse(r, diag, at + TRACE_CHUNK, "unpacks to %zu bytes instead of %zu", n, raw);
		from = r->raw;
	}
	for (int i = 0; i < COL_NR; i++) {
		r->column[i] = (struct varint_in){ from, from + c->column[i] };
		from += c->column[i];
	}
	r->raw_bytes += raw;
	return 0;
}

static int read_chunk(struct trace_reader *r, const uint8_t *tag, struct contig_diag *diag)
{
	uint8_t head[TRACE_CHUNK];
	struct trace_chunk *c = &r->chunk;

	memcpy(head, tag, 4);
	int rc = take(r, head + 4, sizeof(head) - 4, diag);
	if (rc)
		return rc;
	*c = (struct trace_chunk){
		.method = get32(head + 4),
		.events = get32(head + 8),
		.first_id = get32(head + 12),
		.first_ns = get64(head + 16),
		.packed = get32(head + 24),
	};
	for (unsigned int i = 0; i < COL_NR; i++)
		c->column[i] = get32(head + 28 + 4 * i);
	rc = check_chunk(r, diag);
	if (!rc)
		rc = unpack(r, head, diag);
	if (rc)
		return rc;
	r->nr_chunks++;
	r->chain = fnv(r->chain, head + TRACE_CHUNK_SUM, 8);
	r->done = 0;
	r->nr_codes = 0;
	r->last_ns = c->first_ns;
	for (size_t cpu = 0; cpu < CONTIG_MAX_CPUS; cpu++)
		r->last_old[cpu] = c->first_id;
	return 1;
}

static int check_totals(struct trace_reader *r, struct contig_diag *diag)
{
	const struct trace_info *i = &r->info;
	const struct {
		const char *what;
		uint64_t at, said, found;
	} totals[] = {
		{ "chunks", TRACE_CHUNKS, r->chunks_said, r->nr_chunks },
		{ "events", 48, i->nr_events, r->check.events },
		{ "ids", 64, i->nr_ids, r->check.next_id },
		{ "peak pages", 80, i->peak_pages, r->check.peak_pages },
		{ "splits", 104, i->splits, r->check.splits },
	};

	for (size_t k = 0; k < sizeof(totals) / sizeof(totals[0]); k++) {
		if (totals[k].said != totals[k].found)
			return refuse(r, diag, totals[k].at, "the header says %" PRIu64 " %s, the file has %" PRIu64,
			              totals[k].said, totals[k].what, totals[k].found);
	}
	if (i->duration_ns < r->check.last_ns)
		return refuse(r, diag, 72, "the last event is later than the end of the trace");
	return 0;
}

static int read_trailer(struct trace_reader *r, const uint8_t *tag, struct contig_diag *diag)
{
	uint8_t tail[TRACE_TRAILER];
	uint64_t at = r->at - 4;

	memcpy(tail, tag, 4);
	int rc = take(r, tail + 4, sizeof(tail) - 4, diag);
	if (rc)
		return rc;
	if (get64(tail + TRACE_TRAILER_SUM) != fnv(FNV_START, tail, TRACE_TRAILER_SUM))
		return refuse(r, diag, at, "the trailer's checksum is wrong");
	if (get64(tail + 8) != r->nr_chunks || get64(tail + 16) != r->check.events || get64(tail + 24) != r->chain)
		return refuse(r, diag, at, "chunks are missing, doubled or out of order");
	if (r->at != r->size)
		return refuse(r, diag, r->at, "something follows the trailer");
	rc = check_totals(r, diag);
	r->ended = !rc;
	return rc;
}

static int next_part(struct trace_reader *r, struct contig_diag *diag)
{
	uint8_t tag[4];

	for (int i = 0; i < COL_NR && r->nr_chunks; i++) {
		if (r->column[i].at != r->column[i].end)
			return refuse(r, diag, r->chunk_at, "bytes are left over in column %d", i);
	}
	r->chunk_at = r->at;
	int rc = take(r, tag, sizeof(tag), diag);
	if (rc)
		return rc;
	switch (get32(tag)) {
	case TRACE_TAG_CHUNK:
		return read_chunk(r, tag, diag);
	case TRACE_TAG_TRAILER:
		return read_trailer(r, tag, diag);
	default:
		return refuse(r, diag, r->chunk_at, "neither a chunk nor the trailer begins here");
	}
}

/* ---- events ---------------------------------------------------------------------------------- */

static const char *get_code(struct trace_reader *r, struct trace_event *e)
{
	struct varint_in *in = &r->column[COL_CODE];
	uint64_t code;

	if (!varint_get(in, &code))
		return "the code column ends early";
	if (code > r->nr_codes)
		return "a code that is not defined";
	if (!code) {
		if (in->end - in->at < (ptrdiff_t)TRACE_DEFINITION)
			return "the code column ends early";
		if (r->nr_codes == TRACE_CHUNK_CODES)
			return "too many codes";
		code = ++r->nr_codes;
		r->code[code] = (struct trace_event){
			.op = in->at[0],
			.order = in->at[1],
			.kind = trace_kind_of(in->at[2]),
			.migratetype = in->at[3],
			.node = in->at[4],
			.zone = in->at[5],
			.cpu = get16(in->at + 6),
		};
		in->at += TRACE_DEFINITION;
	}
	*e = r->code[code];
	/* checked here because it indexes last_old; everything else is trace_check's */
	return e->cpu < r->info.nr_cpus ? NULL : "a cpu that the header does not know";
}

static const char *get_event(struct trace_reader *r, struct trace_event *e)
{
	const char *why = get_code(r, e);
	uint64_t v;

	if (why)
		return why;
	if (!varint_get(&r->column[COL_TIME], &v))
		return "the time column ends early";
	if (v > UINT64_MAX - r->last_ns)
		return "time overflows";
	e->ns = r->last_ns += v;
	if (e->op == TRACE_ALLOC) {
		e->id = (uint32_t)r->check.next_id;
		return NULL;
	}
	if (!varint_get(&r->column[COL_ID], &v))
		return "the id column ends early";
	if (e->op != TRACE_MARK)
		v = (uint64_t)unzigzag(v) + r->last_old[e->cpu];
	if (v > UINT32_MAX)
		return "an id beyond 32 bits";
	e->id = (uint32_t)v;
	if (e->op != TRACE_MARK)
		r->last_old[e->cpu] = e->id;
	if (e->op == TRACE_SPLIT)
		e->aux = (uint32_t)r->check.next_id;
	return NULL;
}

int trace_reader_next(struct trace_reader *r, struct trace_event *e, struct contig_diag *diag)
{
	struct contig_diag why;

	while (r->done == r->chunk.events) {
		if (r->ended)
			return 0;
		int rc = next_part(r, diag);
		if (rc <= 0)
			return rc;
	}
	uint64_t nr = r->check.events;
	const char *text = get_event(r, e);
	int rc = text ? -EBADMSG : trace_check_event(&r->check, e, &why);
	if (!rc && nr < r->info.nr_initial && (e->op != TRACE_ALLOC || e->ns)) {
		text = "one of the initial allocations is not an allocation at time 0";
		rc = -EBADMSG;
	}
	if (!rc && (r->check.events > r->info.nr_events || r->check.next_id > r->info.nr_ids)) {
		text = "more events or ids than the header says";
		rc = -EBADMSG;
	}
	if (rc) {
		refuse(r, diag, r->chunk_at, "event %" PRIu64 " (%u of this chunk): %s", nr, r->done,
		       text ? text : why.text);
		return rc;
	}
	r->done++;
	return 1;
}

/* ---- open and close -------------------------------------------------------------------------- */

static int open_file(struct trace_reader *r, const char *path, struct contig_diag *diag)
{
	struct stat st;
	int rc = 0;

	r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo must not block us */
	if (r->fd < 0 || fstat(r->fd, &st))
		rc = -errno;
	else if (S_ISDIR(st.st_mode))
		rc = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		rc = -EINVAL;
	if (rc)
		snprintf(diag->text, sizeof(diag->text), "%s: can not read: %s", path,
		         rc == -EINVAL ? "not a regular file" : strerror(-rc));
	else
		r->size = (uint64_t)st.st_size;
	return rc;
}

struct trace_reader *trace_reader_open(const char *path, struct contig_diag *diag)
{
	struct trace_reader *r = calloc(1, sizeof(*r));
	int rc = -ENOMEM;

	if (!r)
		goto out;
	r->fd = -1;
	r->chain = FNV_START;
	r->path = strdup(path);
	r->zstd = ZSTD_createDCtx();
	if (!r->path || !r->zstd)
		goto out;
	sha256_init(&r->sha);
	rc = open_file(r, path, diag);
	if (!rc)
		rc = read_header(r, diag);
	if (!rc)
		trace_check_init(&r->check, r->info.nr_cpus, r->info.nr_nodes);
out:
	if (rc == -ENOMEM)
		snprintf(diag->text, sizeof(diag->text), "%s: no memory to read it", path);
	if (rc) {
		trace_reader_close(r);
		errno = -rc;
		return NULL;
	}
	return r;
}

const struct trace_info *trace_reader_info(const struct trace_reader *r)
{
	return &r->info;
}

void trace_reader_digest(struct trace_reader *r, char sha256[65], uint64_t *file_bytes, uint64_t *packed_from)
{
	struct sha256 sha = r->sha;

	sha256_hex(&sha, sha256);
	*file_bytes = r->size;
	*packed_from = r->raw_bytes;
}

void trace_reader_close(struct trace_reader *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	ZSTD_freeDCtx(r->zstd);
	trace_check_free(&r->check);
	free(r->raw);
	free(r->packed);
	free(r->path);
	free(r);
}
