// SPDX-License-Identifier: MIT
/* transfer.c - a file out of a guest, over the wire, in base64; and words for the guest's shell. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../workloads/trace/sha256.h"
#include "../cli.h"
#include "inside.h"

/* Nothing on the way is slower than this, per MiB. */
#define SECONDS_PER_MIB 60u

/* ---- words ---------------------------------------------------------------------------------------- */

size_t transfer_quote(char *out, size_t size, const char *word)
{
	size_t n = 0;

#define PUT(c) ((void)(n < size ? out[n] = (char)(c) : 0), n++)
	PUT('\'');
	for (; *word; word++) {
		if (*word == '\'') {
			PUT('\'');
			PUT('\\');
			PUT('\'');
		}
		PUT(*word);
	}
	PUT('\'');
#undef PUT
	if (size)
		out[n < size ? n : size - 1] = '\0';
	return n;
}

/* ---- base64 (RFC 4648) ---------------------------------------------------------------------------- */

struct decoder {
	FILE *f;
	uint32_t bits;
	unsigned int nr_bits;
	bool bad, quiet;
	uint64_t bytes, size;
	const char *name;
};

static int digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static void decode(void *ctx, const char *line)
{
	struct decoder *d = ctx;

	for (; *line && *line != '='; line++) {
		int six = digit(*line);

		if (six < 0) {
			d->bad = true;
			return;
		}
		d->bits = d->bits << 6 | (uint32_t)six;
		d->nr_bits += 6;
		if (d->nr_bits < 8)
			continue;
		d->nr_bits -= 8;
		putc((int)(d->bits >> d->nr_bits & 0xff), d->f);
		d->bytes++;
	}
	cli_progress(d->quiet ? NULL : d->name, d->bytes, d->size);
}

/* ---- files ---------------------------------------------------------------------------------------- */

/* "SIZE SHA256", as the guest has it. */
static int ask(struct guest *g, const char *quoted, uint64_t *size, char sum[65], struct contig_diag *diag)
{
	struct guest_answer *a;
	char *end;
	int err = guest_call(g, &a, diag, "sh 60 cd /root; wc -c <%s && sha256sum <%s", quoted, quoted);

	if (err)
		return err;
	if (a->rc || a->nr_lines != 2)
		return contig_diag_set(diag, -ENOENT, "%s", a->nr_lines ? a->line[0] : a->words);
	*size = strtoull(a->line[0], &end, 10);
	snprintf(sum, 65, "%.64s", a->line[1]);
	return *end || strlen(sum) != 64 ? contig_diag_set(diag, -EPROTO, "its length and sum are not known") : 0;
}

static int sum_of(FILE *f, char sum[65])
{
	int err = fflush(f) || ferror(f) ? errno ? errno : EIO : 0;

	rewind(f);
	return err ? err : sha256_stream(f, sum);
}

static int receive(struct guest *g, const char *from, FILE *f, struct contig_diag *diag)
{
	struct decoder d = { .f = f, .name = "copying, bytes", .quiet = g->quiet };
	char quoted[2048], sum[65], got[65];
	struct guest_answer *a;
	unsigned int usual = g->seconds;

	for (const char *p = from; *p; p++) {
		if (*p < ' ' || *p > '~')
			return contig_diag_set(diag, -EINVAL, "only names of printable ASCII can be copied");
	}
	if (transfer_quote(quoted, sizeof(quoted), from) >= sizeof(quoted) / 2)
		return contig_diag_set(diag, -ENAMETOOLONG, "its name is too long");
	int err = ask(g, quoted, &d.size, sum, diag);

	if (err)
		return err;
	unsigned int seconds = 60 + (unsigned int)(d.size >> 20) * SECONDS_PER_MIB;

	guest_limit(g, seconds + 10);
	err = guest_lines(g, decode, &d, &a, diag, "sh %u cd /root; base64 <%s", seconds, quoted);
	guest_limit(g, usual);
	cli_progress(NULL, 0, 0);
	if (err)
		return err;
	err = sum_of(f, got);
	if (err)
		return contig_diag_set(diag, -err, "can not be written: %s", strerror(err));
	if (a->rc || d.bad || d.bytes != d.size || strcmp(sum, got))
		return contig_diag_set(diag, -EPROTO, "%" PRIu64 " of %" PRIu64 " bytes arrived, or not the right ones",
		                       d.bytes, d.size);
	return 0;
}

int transfer_get(struct guest *g, const char *from, const char *to, struct contig_diag *diag)
{
	char folder[2048], path[4096];
	const char *slash = strrchr(to, '/');
	struct contig_diag why = { "" };
	struct room room;

	/* in its own folder, so that it can be renamed; in a room, so that nothing of it stays if we are killed */
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - to) + 1 : 1, slash ? to : ".");
	int err = room_make(&room, folder, diag);

	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/file", room.path);
	FILE *f = fopen(path, "w+e");

	err = f ? receive(g, from, f, &why) : contig_diag_set(&why, -errno, "%s", strerror(errno));
	if (f && fclose(f) && !err)
		err = contig_diag_set(&why, -errno, "can not be written: %s", strerror(errno));
	if (!err && rename(path, to))
		err = contig_diag_set(&why, -errno, "%s: %s", to, strerror(errno));
	room_remove(&room);
	return err ? contig_diag_set(diag, err, "%.200s in the guest was not copied: %.280s", from, why.text) : 0;
}
