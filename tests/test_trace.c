// SPDX-License-Identifier: MIT
/* test_trace.c - the .ctr format: what is written is read back, and nothing damaged is believed. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>
#include <cmocka.h>

#include "../workloads/trace/sha256.h"
#include "../workloads/trace/trace.h"
#include "../workloads/trace/trace_layout.h"
#include "../workloads/trace/varint.h"

static char dir[] = "/tmp/contigbench-test-XXXXXX";
static char file[64], other[64];

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof(file), "%s/a.ctr", dir);
	snprintf(other, sizeof(other), "%s/b.ctr", dir);
	return 0;
}

static unsigned int files_in_dir(void)
{
	DIR *d = opendir(dir);
	unsigned int n = 0;

	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(file);
	unlink(other);
	return rmdir(dir);
}

static uint64_t random_state = 1;

static uint32_t below(uint32_t n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((random_state >> 33) % n);
}

static uint8_t *slurp(const char *path, size_t *len)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	*len = (size_t)st.st_size;
	uint8_t *data = malloc(*len + 1);
	assert_int_equal(read(fd, data, *len), *len);
	close(fd);
	return data;
}

static void spill(const char *path, const uint8_t *data, size_t len)
{
	unlink(path); /* ext4 writes a file out that is truncated and written again */
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

/* -errno of reading it, with the message. */
static int verdict(const char *path, struct contig_diag *diag)
{
	struct trace t;
	int rc = trace_open(path, &t, diag);

	if (!rc)
		trace_close(&t);
	return rc;
}

static void refused(const char *path, int rc, const char *part)
{
	struct contig_diag diag;

	assert_int_equal(verdict(path, &diag), rc);
	assert_non_null(strstr(diag.text, path));
	if (!strstr(diag.text, part))
		fail_msg("'%s' does not mention '%s'", diag.text, part);
}

static struct trace_event alloc(uint64_t ns, uint32_t id, unsigned int order)
{
	return (struct trace_event){
		.ns = ns,
		.op = TRACE_ALLOC,
		.id = id,
		.order = (uint8_t)order,
		.kind = order ? PAGE_LRU_COMPOUND : PAGE_LRU,
		.migratetype = MT_MOVABLE,
		.zone = ZONE_NORMAL,
	};
}

static int write_trace(const char *path, const struct trace_event *e, size_t n, struct contig_diag *diag)
{
	struct trace_info info = { .nr_initial = n && !e[0].ns && e[0].op == TRACE_ALLOC, .label = "test" };
	struct trace_writer *w = trace_writer_open(path, diag);

	if (!w)
		return -errno;
	for (size_t i = 0; i < n; i++)
		trace_writer_add(w, &e[i]);
	return trace_writer_close(w, &info, diag);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

/* The examples of FIPS 180 and the empty message. */
static void test_sha256(void **state)
{
	static const struct {
		const char *text, *digest;
	} vectors[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	char digest[65], a[1000];
	struct sha256 s;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		sha256_init(&s);
		sha256_add(&s, vectors[i].text, strlen(vectors[i].text));
		sha256_hex(&s, digest);
		assert_string_equal(digest, vectors[i].digest);
	}
	/* a million letters, in pieces that never fit the block size */
	memset(a, 'a', sizeof(a));
	sha256_init(&s);
	for (size_t done = 0, n; done < 1000000; done += n) {
		n = 1 + (done * 7) % 999;
		if (n > 1000000 - done)
			n = 1000000 - done;
		sha256_add(&s, a, n);
	}
	sha256_hex(&s, digest);
	assert_string_equal(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void test_varint(void **state)
{
	static const uint64_t values[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX >> 1, UINT64_MAX };
	uint8_t buf[VARINT_MAX];
	uint64_t v = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		size_t n = varint_put(buf, values[i]);
		struct varint_in in = { buf, buf + n };

		assert_true(varint_get(&in, &v));
		assert_true(v == values[i] && in.at == in.end);
		in = (struct varint_in){ buf, buf + n - 1 };
		assert_false(varint_get(&in, &v));
		assert_true(zigzag(unzigzag(values[i])) == values[i]);
	}
	memset(buf, 0xff, sizeof(buf)); /* more than 64 bits */
	assert_false(varint_get(&(struct varint_in){ buf, buf + sizeof(buf) }, &v));
}

/* ---- round trip ------------------------------------------------------------------------------ */

#define MANY 300000u

/* A random but valid trace: live ids are kept in a list. */
static size_t random_trace(struct trace_event *e, size_t n)
{
	static struct {
		uint32_t id;
		uint8_t order;
		bool pinned;
	} live[MANY];
	uint32_t nr = 0, next = 1;
	uint64_t ns = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t what = below(100), k = nr ? below(nr) : 0;

		ns += i < 100 ? 0 : below(3) ? below(3000) : (uint64_t)below(1u << 30) << below(8);
		if (!nr || (what < 55 && nr < MANY - 1100)) {
			e[i] = alloc(ns, next, below(4) ? 0 : below(6));
			e[i].node = (uint8_t)below(3);
			e[i].zone = (uint8_t)below(ZONE_TYPE_NR);
			if (below(3) == 0) {
				e[i].kind = PAGE_KERNEL;
				e[i].migratetype = (uint8_t)below(3);
			}
			live[nr].id = next++;
			live[nr].pinned = false;
			live[nr++].order = e[i].order;
		} else if (what < 60 && live[k].order && nr < MANY - 1100) {
			uint32_t order = below(live[k].order), pieces = 1u << (live[k].order - order);
			bool pinned = live[k].pinned;

			e[i] = (struct trace_event){
				.op = TRACE_SPLIT, .id = live[k].id, .aux = next, .order = (uint8_t)order
			};
			live[k] = live[--nr];
			for (uint32_t p = 0; p < pieces; p++) {
				live[nr].id = next++;
				live[nr].pinned = pinned;
				live[nr++].order = (uint8_t)order;
			}
		} else if (what < 65) {
			e[i] = (struct trace_event){ .op = live[k].pinned ? TRACE_UNPIN : TRACE_PIN, .id = live[k].id };
			live[k].pinned = !live[k].pinned;
		} else if (what < 66) {
			e[i] = (struct trace_event){ .op = TRACE_MARK, .id = below(UINT32_MAX) };
		} else {
			e[i] = (struct trace_event){ .op = TRACE_FREE, .id = live[k].id };
			live[k] = live[--nr];
		}
		e[i].ns = ns;
		e[i].cpu = (uint16_t)below(5);
	}
	return n;
}

static void test_round_trip(void **state)
{
	struct trace_event *e = calloc(MANY, sizeof(*e));
	struct contig_diag diag = { "" };
	struct trace t;

	(void)state;
	random_trace(e, MANY);
	struct trace_info info = {
		.page_shift = 14,
		.pageblock_order = 11,
		.max_order = 12,
		.nr_cpus = 6,
		.raw_events = 7,
		.lost = 8,
		.implied_frees = 9,
		.unmatched_frees = 10,
		.failed_allocs = 11,
		.kernel = "6.1.0-test",
		.label = "a label",
		.date = "2026-01-01T00:00:00Z",
	};
	struct trace_writer *w = trace_writer_open(file, &diag);
	assert_non_null(w);
	for (size_t i = 0; i < MANY; i++)
		trace_writer_add(w, &e[i]);
	if (trace_writer_close(w, &info, &diag))
		fail_msg("%s", diag.text);
	if (trace_open(file, &t, &diag))
		fail_msg("%s", diag.text);
	assert_memory_equal(t.events, e, MANY * sizeof(*e));
	assert_memory_equal(&t.info, &info, sizeof(info));
	assert_int_equal(info.nr_events, MANY);
	assert_int_equal(info.nr_nodes, 3);
	assert_true(info.duration_ns == e[MANY - 1].ns);
	assert_true(info.peak_pages > 0 && info.nr_ids > 1 && info.splits > 0);
	trace_close(&t);

	/* the digest is that of the bytes */
	struct sha256 s;
	char digest[65];
	size_t len;
	uint8_t *bytes = slurp(file, &len);
	sha256_init(&s);
	sha256_add(&s, bytes, len);
	sha256_hex(&s, digest);
	assert_string_equal(t.sha256, digest);
	free(bytes);

	assert_int_equal(trace_open_info(file, &t, &diag), 0);
	assert_null(t.events);
	assert_memory_equal(&t.info, &info, sizeof(info));
	free(e);
}

static void test_empty_trace(void **state)
{
	struct contig_diag diag;
	struct trace t;

	(void)state;
	assert_int_equal(write_trace(file, NULL, 0, &diag), 0);
	assert_int_equal(trace_open(file, &t, &diag), 0);
	assert_int_equal(t.info.nr_events, 0);
	assert_int_equal(t.info.nr_ids, 1);
	trace_close(&t);
}

/* More kinds of events than a chunk has codes: chunks end early. And events that compress too well: stored. */
static void test_odd_chunks(void **state)
{
	struct trace_event *e = calloc(MANY, sizeof(*e));
	struct contig_diag diag;
	struct trace t;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		e[i] = alloc(i, i + 1, i / 1000 % 11);
		e[i].cpu = (uint16_t)(i % 1000);
	}
	for (uint32_t i = 20000; i < MANY; i++)
		e[i] = alloc(20000, i + 1, 0);
	if (write_trace(file, e, MANY, &diag))
		fail_msg("%s", diag.text);
	if (trace_open(file, &t, &diag))
		fail_msg("%s", diag.text);
	assert_memory_equal(t.events, e, MANY * sizeof(*e));
	trace_close(&t);
	free(e);
}

/* ---- writer ---------------------------------------------------------------------------------- */

static void test_writer_refuses(void **state)
{
	struct trace_event good[] = { alloc(5, 1, 0), alloc(6, 2, 3), alloc(7, 3, 0) };
	struct {
		struct trace_event e;
		const char *why;
	} bad[] = {
		{ alloc(6, 4, 0), "time goes back" },
		{ alloc(8, 3, 0), "next new id is 4" },
		{ alloc(8, 5, 0), "next new id is 4" },
		{ alloc(8, 4, CONTIG_MAX_ORDER + 1), "order 21" },
		{ { .ns = 8, .op = TRACE_FREE, .id = 4 }, "never allocated" },
		{ { .ns = 8, .op = TRACE_FREE, .id = 0 }, "never allocated" },
		{ { .ns = 8, .op = TRACE_SPLIT, .id = 2, .aux = 4, .order = 3 }, "split into order 3" },
		{ { .ns = 8, .op = TRACE_SPLIT, .id = 2, .aux = 5, .order = 0 }, "next new id is 4" },
		{ { .ns = 8, .op = TRACE_UNPIN, .id = 2 }, "not pinned" },
		{ { .ns = 8, .op = TRACE_OP_NR, .id = 2 }, "unknown event" },
		{ { .ns = 8, .op = TRACE_FREE, .id = 2, .cpu = CONTIG_MAX_CPUS }, "cpu 1024" },
	};
	struct contig_diag diag;

	(void)state;
	unlink(file);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct trace_event e[] = { good[0], good[1], good[2], bad[i].e };

		assert_int_equal(write_trace(file, e, 4, &diag), -EBADMSG);
		if (!strstr(diag.text, bad[i].why) || !strstr(diag.text, "event 3"))
			fail_msg("'%s' does not mention '%s'", diag.text, bad[i].why);
		assert_int_equal(files_in_dir(), 0);
	}
	struct trace_event twice[] = { good[0],
		                       { .ns = 5, .op = TRACE_FREE, .id = 1 },
		                       { .ns = 5, .op = TRACE_FREE, .id = 1 } };
	assert_int_equal(write_trace(file, twice, 3, &diag), -EBADMSG);
	assert_non_null(strstr(diag.text, "not live any more"));
}

static void test_writer_leaves_nothing(void **state)
{
	struct trace_event e = alloc(0, 1, 0);
	struct contig_diag diag;

	(void)state;
	unlink(file);
	assert_null(trace_writer_open("/nonexistent/a.ctr", &diag));
	assert_int_equal(errno, ENOENT);
	assert_non_null(strstr(diag.text, "/nonexistent/a.ctr"));
	assert_null(trace_writer_open(dir, &diag));
	assert_int_equal(errno, EISDIR);
	/* not renamed over, which root could do */
	assert_null(trace_writer_open("/dev/null", &diag));
	assert_int_equal(errno, EINVAL);

	struct trace_writer *w = trace_writer_open(file, &diag);
	trace_writer_add(w, &e);
	assert_int_equal(files_in_dir(), 1); /* the temporary one */
	trace_writer_abort(w);
	assert_int_equal(files_in_dir(), 0);
}

/* A disk that is full, as far as a process without one can have it: writing fails from some byte on. */
static void test_disk_full(void **state)
{
	struct rlimit old, small = { 3000, 0 };
	struct trace_event *e = calloc(MANY, sizeof(*e));
	struct contig_diag diag = { "" };

	(void)state;
	random_trace(e, MANY);
	struct trace_event one = alloc(0, 1, 0);
	assert_int_equal(write_trace(file, &one, 1, &diag), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	int rc = write_trace(file, e, MANY, &diag);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(rc, -EFBIG);
	assert_non_null(strstr(diag.text, file));
	/* and the trace that was there is still there */
	assert_int_equal(files_in_dir(), 1);
	assert_int_equal(verdict(file, &diag), 0);
	free(e);
}

/* ---- reader ---------------------------------------------------------------------------------- */

static void small_trace(void)
{
	struct trace_event e[] = {
		alloc(0, 1, 2),
		alloc(1000, 2, 0),
		{ .ns = 1300, .op = TRACE_SPLIT, .id = 1, .aux = 3 },
		{ .ns = 1300, .op = TRACE_FREE, .id = 4 },
		{ .ns = 70000, .op = TRACE_PIN, .id = 2, .cpu = 1 },
		{ .ns = 70001, .op = TRACE_MARK, .id = 9 },
		{ .ns = 70002, .op = TRACE_UNPIN, .id = 2, .cpu = 1 },
		{ .ns = 80000, .op = TRACE_FREE, .id = 2 },
	};
	struct contig_diag diag;

	if (write_trace(file, e, sizeof(e) / sizeof(e[0]), &diag))
		fail_msg("%s", diag.text);
}

static void test_every_flip_is_noticed(void **state)
{
	struct contig_diag diag;
	size_t len;

	(void)state;
	small_trace();
	assert_int_equal(verdict(file, &diag), 0);
	uint8_t *bytes = slurp(file, &len);
	for (size_t i = 0; i < len; i++) {
		for (int bit = 0; bit <= 8; bit++) {
			uint8_t old = bytes[i];

			bytes[i] = (uint8_t)(bit == 8 ? ~old : old ^ 1 << bit);
			spill(other, bytes, len);
			bytes[i] = old;
			if (verdict(other, &diag) != -EBADMSG)
				fail_msg("byte %zu, bit %d: %s", i, bit, diag.text);
			assert_non_null(strstr(diag.text, "byte "));
		}
	}
	free(bytes);
}

static void test_every_truncation_is_noticed(void **state)
{
	struct contig_diag diag;
	struct trace t;
	size_t len;

	(void)state;
	small_trace();
	uint8_t *bytes = slurp(file, &len);
	for (size_t n = 0; n < len; n++) {
		spill(other, bytes, n);
		if (verdict(other, &diag) != -EBADMSG)
			fail_msg("%zu bytes: %s", n, diag.text);
		/* the header alone is enough to notice */
		assert_int_equal(trace_open_info(other, &t, &diag), -EBADMSG);
		assert_non_null(strstr(diag.text, n ? "truncated" : "not a contigbench trace"));
	}
	bytes[len] = 0;
	spill(other, bytes, len + 1);
	refused(other, -EBADMSG, "something follows");
	free(bytes);
}

/* Checksums as a hostile author would make them. */
static void seal(uint8_t *b, size_t len)
{
	uint64_t chain = FNV_START;
	size_t at = TRACE_HEADER;

	put64(b + TRACE_HEADER_SUM, fnv(FNV_START, b, TRACE_HEADER_SUM));
	while (at + TRACE_CHUNK + TRACE_TRAILER <= len && get32(b + at) == TRACE_TAG_CHUNK) {
		uint32_t packed = get32(b + at + 24);

		if (packed > len - at - TRACE_CHUNK - TRACE_TRAILER)
			return;
		put64(b + at + TRACE_CHUNK_SUM,
		      fnv(fnv(FNV_START, b + at, TRACE_CHUNK_SUM), b + at + TRACE_CHUNK, packed));
		chain = fnv(chain, b + at + TRACE_CHUNK_SUM, 8);
		at += TRACE_CHUNK + packed;
	}
	if (at + TRACE_TRAILER <= len) {
		put64(b + at + 24, chain);
		put64(b + at + TRACE_TRAILER_SUM, fnv(FNV_START, b + at, TRACE_TRAILER_SUM));
	}
}

/* The same trace with its chunk stored, so that damage reaches the decoder. */
static uint8_t *unpacked_trace(size_t *len)
{
	size_t packed_len;
	uint8_t *in = slurp(file, &packed_len), *head = in + TRACE_HEADER, *out;
	uint32_t packed = get32(head + 24), raw = get32(head + 28) + get32(head + 32) + get32(head + 36);

	*len = TRACE_HEADER + TRACE_CHUNK + raw + TRACE_TRAILER;
	out = malloc(*len);
	memcpy(out, in, TRACE_HEADER + TRACE_CHUNK);
	assert_int_equal(get32(head + 4), TRACE_ZSTD);
	assert_int_equal(ZSTD_decompress(out + TRACE_HEADER + TRACE_CHUNK, raw, head + TRACE_CHUNK, packed), raw);
	memcpy(out + *len - TRACE_TRAILER, in + packed_len - TRACE_TRAILER, TRACE_TRAILER);
	put64(out + TRACE_FILE_BYTES, *len);
	put32(out + TRACE_HEADER + 4, TRACE_STORED);
	put32(out + TRACE_HEADER + 24, raw);
	seal(out, *len);
	free(in);
	return out;
}

/* Random damage behind valid checksums: whatever is read must be a valid trace, and nothing may crash (see ASan). */
static void test_hostile(void **state)
{
	struct contig_diag diag;
	unsigned int accepted = 0, told[2] = { 0 };
	size_t len;

	(void)state;
	small_trace();
	uint8_t *bytes = unpacked_trace(&len), *bad = malloc(len);
	spill(other, bytes, len);
	assert_int_equal(verdict(other, &diag), 0);
	for (int round = 0; round < 20000; round++) {
		uint32_t damage = 1 + below(3);

		memcpy(bad, bytes, len);
		for (uint32_t i = 0; i < damage; i++) {
			size_t from = below(2) ? TRACE_HEADER + TRACE_CHUNK : 8;

			bad[from + below((uint32_t)(len - from))] = (uint8_t)(below(2)   ? below(256)
			                                                      : below(2) ? 0
			                                                                 : 255);
		}
		seal(bad, len);
		spill(other, bad, len);
		int rc = verdict(other, &diag);
		accepted += !rc;
		if (rc) {
			assert_int_equal(rc, -EBADMSG);
			told[!!strstr(diag.text, ", event ") || !!strstr(diag.text, "event ")]++;
		}
	}
	/* it is no test if checksums still catch everything */
	assert_true(accepted > 0 && told[1] > 1000);
	free(bytes);
	free(bad);
}

/* A zstd chunk that lies about its columns, or unpacks to more than it is worth. */
static void test_hostile_zstd(void **state)
{
	struct trace_event *e = calloc(5000, sizeof(*e));
	struct contig_diag diag;
	size_t len;

	(void)state;
	random_trace(e, 5000);
	assert_int_equal(write_trace(file, e, 5000, &diag), 0);
	free(e);
	uint8_t *bytes = slurp(file, &len), *bad = malloc(len);
	assert_int_equal(get32(bytes + TRACE_HEADER + 4), TRACE_ZSTD);
	for (int round = 0; round < 2000; round++) {
		memcpy(bad, bytes, len);
		bad[TRACE_HEADER + (below(2) ? below(TRACE_CHUNK) : below((uint32_t)(len - TRACE_HEADER)))] =
			(uint8_t)below(256);
		seal(bad, len);
		spill(other, bad, len);
		int rc = verdict(other, &diag);
		assert_true(!rc || rc == -EBADMSG);
	}
	free(bytes);
	free(bad);
}

static void test_foreign_files(void **state)
{
	size_t len;

	(void)state;
	refused("/nonexistent/x.ctr", -ENOENT, "No such file");
	refused(dir, -EISDIR, "directory");
	refused("/dev/null", -EINVAL, "not a regular file");
	spill(other, (const uint8_t *)"#!/bin/sh\necho hello\n", 21);
	refused(other, -EBADMSG, "byte 0: not a contigbench trace");

	small_trace();
	uint8_t *bytes = slurp(file, &len);
	put32(bytes + 8, TRACE_VERSION + 1);
	seal(bytes, len);
	spill(other, bytes, len);
	refused(other, -EBADMSG, "byte 8: format version 2, this program reads version 1");
	put32(bytes + 8, TRACE_VERSION);
	bytes[136] = '\n'; /* in the kernel's name */
	seal(bytes, len);
	spill(other, bytes, len);
	refused(other, -EBADMSG, "not a line of text");
	free(bytes);
}

/* Totals of the header that the events contradict: the file was put together from two. */
static void test_totals(void **state)
{
	static const struct {
		size_t at;
		const char *why;
	} totals[] = {
		{ 48, "events" },
		{ 64, "ids" },
		{ 80, "peak pages" },
		{ 104, "splits" },
	};
	size_t len;

	(void)state;
	small_trace();
	uint8_t *bytes = slurp(file, &len);
	for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
		uint64_t old = get64(bytes + totals[i].at);

		put64(bytes + totals[i].at, old + 1);
		seal(bytes, len);
		spill(other, bytes, len);
		refused(other, -EBADMSG, totals[i].why);
		put64(bytes + totals[i].at, old);
	}
	put64(bytes + 48, UINT64_MAX); /* no allocation of that size is tried */
	seal(bytes, len);
	spill(other, bytes, len);
	refused(other, -EBADMSG, "more than fit into a file of this size");
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_varint),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_empty_trace),
		cmocka_unit_test(test_odd_chunks),
		cmocka_unit_test(test_writer_refuses),
		cmocka_unit_test(test_writer_leaves_nothing),
		cmocka_unit_test(test_disk_full),
		cmocka_unit_test(test_every_flip_is_noticed),
		cmocka_unit_test(test_every_truncation_is_noticed),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_hostile_zstd),
		cmocka_unit_test(test_foreign_files),
		cmocka_unit_test(test_totals),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
