// SPDX-License-Identifier: MIT
/* conformance_files.c - reading the files of recorded answers line by line, compressed or not. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "conformance_files.h"

#define LINE_MAX_BYTES (1 << 20)

/* Cut the line end off; false if the line was longer than the buffer, or holds a NUL. */
static bool cut_line(char *line, gzFile f)
{
	size_t len = strcspn(line, "\n");

	if (!line[len] && !gzeof(f))
		return false;
	if (len && line[len - 1] == '\r')
		len--;
	line[len] = '\0';
	return true;
}

static int each_line(gzFile f, char *line, unsigned int *number,
                     int (*fn)(void *ctx, const char *line, struct contig_diag *diag), void *ctx,
                     struct contig_diag *diag)
{
	int zerr = Z_OK, rc = 0;

	while (!rc && gzgets(f, line, LINE_MAX_BYTES)) {
		++*number;
		if (!cut_line(line, f)) {
			/* of a file that was cut short the last line is damaged, too: say what came first */
			gzerror(f, &zerr);
			return zerr == Z_OK ? contig_diag_set(diag, -EBADMSG, "not text, or a line of more than 1 MiB")
			                    : contig_diag_set(diag, -EBADMSG, "the file ends too early");
		}
		if (line[0] && line[0] != '#')
			rc = fn(ctx, line, diag);
	}
	const char *why = gzerror(f, &zerr);

	switch (zerr) {
	case Z_OK:
	case Z_STREAM_END:
		return rc;
	case Z_BUF_ERROR:
		return contig_diag_set(diag, -EBADMSG, "the file ends too early");
	case Z_ERRNO:
		return contig_diag_set(diag, errno ? -errno : -EIO, "%s", errno ? strerror(errno) : "can not be read");
	default:
		return contig_diag_set(diag, -EBADMSG, "%s", why);
	}
}

int conformance_each_line(const char *dir, const char *name,
                          int (*fn)(void *ctx, const char *line, struct contig_diag *diag), void *ctx,
                          struct contig_diag *diag)
{
	struct contig_diag inner = { "" };
	unsigned int number = 0;
	char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return contig_diag_set(diag, -EINVAL, "%.100s...: the name is too long", dir);
	char *line = malloc(LINE_MAX_BYTES);

	if (!line)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	errno = 0;
	gzFile f = gzopen(path, "rb"); /* reads plain files, too */
	int rc = f ? each_line(f, line, &number, fn, ctx, &inner) : errno ? -errno : -ENOMEM;

	free(line);
	if (!f)
		return contig_diag_set(diag, rc, "%s: %s", path, strerror(-rc));
	gzclose(f);
	return rc ? contig_diag_set(diag, rc, "%s:%u: %.400s", path, number ? number : 1, inner.text) : 0;
}

bool conformance_has_file(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !access(path, F_OK) || errno != ENOENT;
}
