/* SPDX-License-Identifier: MIT */
/*
 * sax.h - JSON read as it comes, by RapidJSON: a file of any size in a few hundred kilobytes of memory, at disk speed.
 *
 * NaN and Infinity are taken for numbers, as Google Benchmark writes them. Nesting is at most SAX_DEPTH deep.
 */
#ifndef SAX_H
#define SAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SAX_DEPTH 64u

enum sax_kind {
	SAX_OBJECT,
	SAX_OBJECT_END,
	SAX_ARRAY,
	SAX_ARRAY_END,
	SAX_KEY,
	SAX_TEXT,
	SAX_NUMBER, /* text as it stands in the file: sax_number() */
	SAX_TRUE,
	SAX_FALSE,
	SAX_NULL,
};

/* `text` has a NUL behind its `len` bytes and is gone after the call. False ends the reading. */
typedef bool sax_fn(void *ctx, enum sax_kind kind, const char *text, size_t len);

struct sax_where {
	uint64_t line; /* from 1: where the reading ended */
	char what[96]; /* the reason of -EBADMSG */
};

/*
 * One JSON value, or with `lines` any number of them one after the other. 0; -EBADMSG if it is no JSON, -ECANCELED if one()
 * said false, or another errno of reading.
 */
int sax_read(FILE *f, bool lines, sax_fn *one, void *ctx, struct sax_where *where);

/* Of a SAX_NUMBER, correctly rounded, whatever the locale. */
double sax_number(const char *text, size_t len);

#ifdef __cplusplus
}
#endif
#endif
