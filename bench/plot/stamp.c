// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../cli.h"
#include "stamp.h"

struct picture {
	char *bytes; /* with a NUL behind them */
	size_t len;
};

static int read_picture(const char *path, struct picture *p)
{
	FILE *f = fopen(path, "re");
	int err = f ? 0 : errno;
	long len = -1;

	*p = (struct picture){ NULL, 0 };
	if (f && !fseek(f, 0, SEEK_END))
		len = ftell(f);
	if (len >= 0) {
		rewind(f);
		p->len = (size_t)len;
		p->bytes = calloc(p->len + 1, 1);
	}
	if (!err && (!p->bytes || fread(p->bytes, 1, p->len, f) != p->len))
		err = errno ? errno : EIO;
	if (f)
		fclose(f);
	return err ? cli_error(CLI_MACHINE, "gnuplot made no %s: %s", path, strerror(err)) : CLI_OK;
}

static const char *find(const struct picture *p, const char *what)
{
	return memmem(p->bytes, p->len, what, strlen(what));
}

/* "contigbench latency; results ...; revision ...; data ..." */
static void subject(char out[512], const struct stamp *s)
{
	snprintf(out, 512, "contigbench %s: results %s, made by revision %.64s; data SHA-256 %s", s->figure, s->digest,
	         s->revision, s->data);
}

/* ---- PDF ------------------------------------------------------------------------------------- */

/* In a string of PDF these mean something. */
static void pdf_string(FILE *f, const char *key, const char *text)
{
	fprintf(f, "   /%s (", key);
	for (; *text; text++) {
		if (strchr("()\\", *text))
			fputc('\\', f);
		fputc(*text, f);
	}
	fputs(")\n", f);
}

static bool number_after(const struct picture *p, const char *what, unsigned long *out)
{
	const char *at = NULL;

	/* the last one: earlier ones are of earlier versions of the file */
	for (const char *next = find(p, what); next; next = strstr(next + 1, what))
		at = next;
	return at && sscanf(at + strlen(what), "%lu", out) == 1;
}

/* cairo writes a table of objects and a trailer. An update behind it replaces the information object (PDF 1.7, 7.5.6). */
static int stamp_pdf(FILE *f, struct picture *p, const struct stamp *s)
{
	unsigned long size, root, info, xref;
	char date[] = "/CreationDate (D:", text[512];
	char *made = (char *)(uintptr_t)find(p, date);

	/* the whole field becomes blanks of the same length */
	if (made)
		memset(made, ' ', strcspn(made, ")") + 1);
	/* streams hold NULs: search from the trailer on */
	struct picture end = { NULL, 0 };

	for (const char *at = find(p, "\ntrailer"); at;
	     at = memmem(at + 1, p->len - (size_t)(at + 1 - p->bytes), "\ntrailer", 8))
		end = (struct picture){ (char *)(uintptr_t)at, p->len - (size_t)(at - p->bytes) };
	if (!end.bytes || !number_after(&end, "/Size", &size) || !number_after(&end, "/Root", &root) ||
	    !number_after(&end, "/Info", &info) || !number_after(&end, "startxref", &xref)) {
		fwrite(p->bytes, 1, p->len, f);
		return 0;
	}
	subject(text, s);
	fwrite(p->bytes, 1, p->len, f);
	long object = ftell(f);

	fprintf(f, "%lu 0 obj\n<< /Producer (gnuplot, cairo)\n", info);
	pdf_string(f, "Title", s->title);
	pdf_string(f, "Subject", text);
	pdf_string(f, "Creator", "contigbench plot");
	fputs(">>\nendobj\n", f);
	long table = ftell(f);

	fprintf(f,
	        "xref\n%lu 1\n%010ld 00000 n \ntrailer\n<< /Size %lu\n   /Root %lu 0 R\n   /Info %lu 0 R\n   /Prev %lu\n>>\n",
	        info, object, size, root, info, xref);
	fprintf(f, "startxref\n%ld\n%%%%EOF\n", table);
	return 0;
}

/* ---- PNG ------------------------------------------------------------------------------------- */

static void png_u32(FILE *f, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		fputc((int)(v >> shift & 0xff), f);
}

static void png_text(FILE *f, const char *key, const char *text)
{
	char chunk[700];
	int len = snprintf(chunk, sizeof(chunk), "tEXt%s%c%s", key, 0, text);

	png_u32(f, (uint32_t)len - 4);
	fwrite(chunk, 1, (size_t)len, f);
	png_u32(f, (uint32_t)crc32(0, (const Bytef *)chunk, (uInt)len));
}

static int stamp_png(FILE *f, struct picture *p, const struct stamp *s)
{
	const size_t head = 8 + 8 + 13 + 4; /* signature and IHDR */
	char text[512];

	if (p->len < head)
		return -1;
	subject(text, s);
	fwrite(p->bytes, 1, head, f);
	png_text(f, "Title", s->title);
	png_text(f, "Description", text);
	png_text(f, "Software", "contigbench plot, gnuplot");
	fwrite(p->bytes + head, 1, p->len - head, f);
	return 0;
}

/* ---- SVG and LaTeX --------------------------------------------------------------------------- */

/* Titles and revisions are words of this program, which need no quoting; a revision may be of a file, which does. */
static void xml(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (strchr("<>&\"", *text) || (unsigned char)*text < 0x20)
			fputc('?', f);
		else
			fputc(*text, f);
	}
}

static int stamp_svg(FILE *f, struct picture *p, const struct stamp *s)
{
	static const char end[] = "</desc>";
	const char *title = find(p, "<title>"), *behind = find(p, end);
	char text[512];

	if (!title || !behind || behind < title)
		return -1;
	behind += strlen(end);
	subject(text, s);
	fwrite(p->bytes, 1, (size_t)(title - p->bytes), f);
	fputs("<title>", f);
	xml(f, s->title);
	fputs("</title>\n<desc>", f);
	xml(f, text);
	fputs("</desc>", f);
	fwrite(behind, 1, p->len - (size_t)(behind - p->bytes), f);
	return 0;
}

/* The places of the words were reckoned for the size that they have in the other pictures. */
static int stamp_tex(FILE *f, struct picture *p, const struct stamp *s)
{
	static const char group[] = "\\begingroup\n";
	const char *begin = find(p, group);
	char text[512];

	subject(text, s);
	fprintf(f, "%% %s\n%% ", s->title);
	xml(f, text);
	fputc('\n', f);
	if (!begin)
		return -1;
	begin += strlen(group);
	fwrite(p->bytes, 1, (size_t)(begin - p->bytes), f);
	fputs("  \\fontsize{7}{8.4}\\selectfont\n", f);
	fwrite(begin, 1, p->len - (size_t)(begin - p->bytes), f);
	return 0;
}

/* ---- by kind --------------------------------------------------------------------------------- */

static const struct {
	const char *suffix;
	const char *end; /* of a file that is whole */
	int (*stamp)(FILE *f, struct picture *p, const struct stamp *s);
} kinds[] = {
	{ ".pdf", "%%EOF", stamp_pdf },
	{ ".png", "IEND", stamp_png },
	{ ".svg", "</svg>", stamp_svg },
	{ ".tex", "\\endgroup", stamp_tex },
};

static bool is_whole(const struct picture *p, const char *end)
{
	size_t last = p->len < 64 ? p->len : 64;

	return memmem(p->bytes + p->len - last, last, end, strlen(end));
}

int stamp_file(const char *path, const struct stamp *stamp)
{
	const char *suffix = strrchr(path, '.');
	size_t kind = 0;
	struct picture p;
	int status = read_picture(path, &p);

	while (kind + 1 < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[kind].suffix, suffix))
		kind++;
	if (status == CLI_OK && !is_whole(&p, kinds[kind].end))
		status = cli_error(CLI_MACHINE, "gnuplot did not write all of %s: is the disk full?", path);
	FILE *f = status == CLI_OK ? fopen(path, "we") : NULL;

	if (status == CLI_OK) {
		int rc = f ? kinds[kind].stamp(f, &p, stamp) : -1;

		errno = 0;
		if (f && (fflush(f) || ferror(f)))
			rc = -1;
		if (!f || (fclose(f) | rc))
			status = cli_error(CLI_MACHINE, "%s can not be written: %s", path,
			                   errno ? strerror(errno) : "gnuplot wrote what is no such picture");
	}
	free(p.bytes);
	return status;
}
