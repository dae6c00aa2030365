// SPDX-License-Identifier: MIT
/* trace_write.c - events into a .ctr file: columns of varints, compressed chunk by chunk, renamed when complete. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "trace_check.h"
#include "trace_layout.h"
#include "varint.h"

#define ZSTD_LEVEL 5 /* 2 % smaller than level 3 on a recorded build, and still 10 million events a second */
#define SLOTS      (2 * TRACE_CHUNK_CODES)

struct trace_writer {
	char *path, *temp;
	int fd, err;
	struct contig_diag why;
	struct trace_check check;
	uint64_t file_bytes, nr_chunks, chain;
	uint32_t max_cpu, max_node;
	/* the chunk being filled */
	struct trace_chunk chunk;
	uint64_t last_ns;
	uint32_t last_old[CONTIG_MAX_CPUS]; /* id freed last, by cpu: what dies together was born together */
	uint32_t nr_codes;
	struct {
		uint64_t definition;
		uint32_t code; /* 0: slot is empty */
	} slot[SLOTS];
	uint8_t *column[COL_NR];
	uint8_t *raw, *packed;
	size_t packed_room;
	ZSTD_CCtx *zstd;
};

static void fail(struct trace_writer *w, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void fail(struct trace_writer *w, int err, const char *fmt, ...)
{
	va_list ap;

	if (w->err)
		return;
	w->err = err;
	va_start(ap, fmt);
	vsnprintf(w->why.text, sizeof(w->why.text), fmt, ap);
	va_end(ap);
}

static void write_all(struct trace_writer *w, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len && !w->err) {
		ssize_t n = write(w->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fail(w, -errno, "%s: can not write: %m", w->path);
			return;
		}
		p += n;
		len -= (size_t)n;
		w->file_bytes += (uint64_t)n;
	}
}

static void begin_chunk(struct trace_writer *w)
{
	w->chunk = (struct trace_chunk){ .first_id = (uint32_t)w->check.next_id, .first_ns = w->check.last_ns };
	w->last_ns = w->check.last_ns;
	w->nr_codes = 0;
	memset(w->slot, 0, sizeof(w->slot));
	for (size_t cpu = 0; cpu < CONTIG_MAX_CPUS; cpu++)
		w->last_old[cpu] = w->chunk.first_id;
}

static void end_chunk(struct trace_writer *w)
{
	struct trace_chunk *c = &w->chunk;
	uint8_t head[TRACE_CHUNK] = { 0 };
	size_t raw = 0;

	if (!c->events || w->err)
		return;
	for (int i = 0; i < COL_NR; i++) {
		memcpy(w->raw + raw, w->column[i], c->column[i]);
		raw += c->column[i];
	}
	size_t n = ZSTD_compressCCtx(w->zstd, w->packed, w->packed_room, w->raw, raw, ZSTD_LEVEL);
	bool stored = ZSTD_isError(n) || n >= raw || raw > n * TRACE_RATIO_MAX;
	const uint8_t *body = stored ? w->raw : w->packed;
	c->packed = (uint32_t)(stored ? raw : n);

	put32(head, TRACE_TAG_CHUNK);
	put32(head + 4, stored ? TRACE_STORED : TRACE_ZSTD);
	put32(head + 8, c->events);
	put32(head + 12, c->first_id);
	put64(head + 16, c->first_ns);
	put32(head + 24, c->packed);
	for (unsigned int i = 0; i < COL_NR; i++)
		put32(head + 28 + 4 * i, c->column[i]);
	put64(head + TRACE_CHUNK_SUM, fnv(fnv(FNV_START, head, TRACE_CHUNK_SUM), body, c->packed));
	w->chain = fnv(w->chain, head + TRACE_CHUNK_SUM, 8);
	write_all(w, head, sizeof(head));
	write_all(w, body, c->packed);
	w->nr_chunks++;
	begin_chunk(w);
}

static void put_varint(struct trace_writer *w, enum trace_column col, uint64_t v)
{
	uint32_t *len = &w->chunk.column[col];

	*len += (uint32_t)varint_put(w->column[col] + *len, v);
}

/* The code of everything about an event but its time and id; a new one is followed by its definition. */
static void put_code(struct trace_writer *w, const struct trace_event *e)
{
	bool alloc = e->op == TRACE_ALLOC, split = e->op == TRACE_SPLIT;
	uint8_t def[TRACE_DEFINITION] = {
		e->op,
		alloc || split ? e->order : 0,
		alloc ? trace_kind_number(e->kind) : 0,
		alloc ? e->migratetype : 0,
		alloc ? e->node : 0,
		alloc ? e->zone : 0,
	};
	put16(def + 6, e->cpu);
	uint64_t key = get64(def);
	size_t i = (size_t)((key * 0x9e3779b97f4a7c15u) >> 32) % SLOTS;

	while (w->slot[i].code && w->slot[i].definition != key)
		i = (i + 1) % SLOTS;
	if (w->slot[i].code) {
		put_varint(w, COL_CODE, w->slot[i].code);
		return;
	}
	w->slot[i].definition = key;
	w->slot[i].code = ++w->nr_codes;
	put_varint(w, COL_CODE, 0);
	memcpy(w->column[COL_CODE] + w->chunk.column[COL_CODE], def, sizeof(def));
	w->chunk.column[COL_CODE] += TRACE_DEFINITION;
}

void trace_writer_add(struct trace_writer *w, const struct trace_event *e)
{
	struct contig_diag why;

	if (w->err)
		return;
	int rc = trace_check_event(&w->check, e, &why);
	if (rc) {
		fail(w, rc, "%s: event %llu: %s", w->path, (unsigned long long)w->check.events, why.text);
		return;
	}
	if (e->cpu > w->max_cpu)
		w->max_cpu = e->cpu;
	if (e->op == TRACE_ALLOC && e->node > w->max_node)
		w->max_node = e->node;

	put_code(w, e);
	put_varint(w, COL_TIME, e->ns - w->last_ns);
	w->last_ns = e->ns;
	if (e->op == TRACE_MARK) {
		put_varint(w, COL_ID, e->id);
	} else if (e->op != TRACE_ALLOC) {
		put_varint(w, COL_ID, zigzag((int64_t)e->id - (int64_t)w->last_old[e->cpu]));
		w->last_old[e->cpu] = e->id;
	}
	w->chunk.events++;
	if (w->chunk.events == TRACE_CHUNK_EVENTS || w->nr_codes == TRACE_CHUNK_CODES)
		end_chunk(w);
}

int trace_writer_failed(const struct trace_writer *w, struct contig_diag *diag)
{
	if (w->err)
		*diag = w->why;
	return w->err;
}

static void destroy(struct trace_writer *w)
{
	int err = errno;

	if (w->fd >= 0)
		close(w->fd);
	if (w->temp)
		unlink(w->temp);
	ZSTD_freeCCtx(w->zstd);
	for (int i = 0; i < COL_NR; i++)
		free(w->column[i]);
	trace_check_free(&w->check);
	free(w->raw);
	free(w->packed);
	free(w->path);
	free(w->temp);
	free(w);
	errno = err;
}

void trace_writer_abort(struct trace_writer *w)
{
	if (w)
		destroy(w);
}

/* A temporary file in the target's folder, so that renaming stays within one file system. */
static int make_temp(struct trace_writer *w, const char *path)
{
	struct stat st;
	char *real = realpath(path, NULL); /* through a symbolic link, if it is one */

	w->path = real ? real : strdup(path);
	if (!w->path)
		return -ENOMEM;
	/* as root, renaming over a device node would replace it */
	if (!stat(w->path, &st) && !S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (asprintf(&w->temp, "%s.tmp-XXXXXX", w->path) < 0) {
		w->temp = NULL;
		return -ENOMEM;
	}
	w->fd = mkostemp(w->temp, O_CLOEXEC);
	if (w->fd < 0) {
		int err = -errno;

		free(w->temp);
		w->temp = NULL;
		return err;
	}
	mode_t mask = umask(0);
	umask(mask);
	return fchmod(w->fd, 0666 & ~mask) ? -errno : 0;
}

struct trace_writer *trace_writer_open(const char *path, struct contig_diag *diag)
{
	static const uint8_t nothing[TRACE_HEADER];
	struct trace_writer *w = calloc(1, sizeof(*w));
	size_t raw = (size_t)COL_NR * TRACE_COLUMN_MAX * TRACE_CHUNK_EVENTS;
	int rc = -ENOMEM;

	if (!w)
		goto out;
	w->fd = -1;
	w->chain = FNV_START;
	w->raw = malloc(raw);
	w->packed_room = ZSTD_compressBound(raw);
	w->packed = malloc(w->packed_room);
	w->zstd = ZSTD_createCCtx();
	for (int i = 0; i < COL_NR; i++)
		w->column[i] = malloc((size_t)TRACE_COLUMN_MAX * TRACE_CHUNK_EVENTS);
	if (!w->raw || !w->packed || !w->zstd || !w->column[COL_CODE] || !w->column[COL_TIME] || !w->column[COL_ID])
		goto out;
	trace_check_init(&w->check, CONTIG_MAX_CPUS, CONTIG_MAX_NODES);
	begin_chunk(w);
	rc = make_temp(w, path);
	if (rc)
		goto out;
	/* the header's place: an interrupted writer leaves no magic behind */
	write_all(w, nothing, sizeof(nothing));
	rc = w->err;
out:
	if (!rc)
		return w;
	snprintf(diag->text, sizeof(diag->text), "%s: can not write: %s", path,
	         rc == -EINVAL ? "not a regular file" : strerror(-rc));
	if (w)
		destroy(w);
	errno = -rc;
	return NULL;
}

static void fill_in(const struct trace_writer *w, struct trace_info *info)
{
	info->version = TRACE_VERSION;
	info->nr_events = w->check.events;
	info->nr_ids = w->check.next_id;
	info->peak_pages = w->check.peak_pages;
	info->splits = w->check.splits;
	if (info->nr_cpus <= w->max_cpu)
		info->nr_cpus = w->max_cpu + 1;
	if (info->nr_nodes <= w->max_node)
		info->nr_nodes = w->max_node + 1;
	if (info->duration_ns < w->check.last_ns)
		info->duration_ns = w->check.last_ns;
	if (!info->page_shift)
		info->page_shift = 12;
}

/* The rename lasts only once the folder is on disk; a file system that can not do that is no reason to fail. */
static void sync_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

int trace_writer_close(struct trace_writer *w, struct trace_info *info, struct contig_diag *diag)
{
	uint8_t head[TRACE_HEADER], tail[TRACE_TRAILER] = { 0 };

	end_chunk(w);
	fill_in(w, info);
	put32(tail, TRACE_TAG_TRAILER);
	put64(tail + 8, w->nr_chunks);
	put64(tail + 16, w->check.events);
	put64(tail + 24, w->chain);
	put64(tail + TRACE_TRAILER_SUM, fnv(FNV_START, tail, TRACE_TRAILER_SUM));
	write_all(w, tail, sizeof(tail));
	trace_header_put(head, info, w->file_bytes, w->nr_chunks);
	if (!w->err && pwrite(w->fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
		fail(w, -errno, "%s: can not write: %m", w->path);
	if (!w->err && fsync(w->fd))
		fail(w, -errno, "%s: can not write: %m", w->path);
	if (!w->err && rename(w->temp, w->path))
		fail(w, -errno, "%s: can not be put into place: %m", w->path);
	int rc = w->err;
	if (rc) {
		*diag = w->why;
	} else {
		free(w->temp);
		w->temp = NULL;
		sync_folder(w->path);
	}
	destroy(w);
	return rc;
}
