/* SPDX-License-Identifier: MIT */
/* diag.h - fill in a struct contig_diag and return the errno in one go. Private to allocators/. */
#ifndef DIAG_H
#define DIAG_H

#include <stdarg.h>
#include <stdio.h>

#include "contig.h"

__attribute__((format(printf, 3, 4))) static inline int diag_set(struct contig_diag *diag, int err, const char *fmt, ...)
{
	va_list ap;

	if (diag) {
		va_start(ap, fmt);
		vsnprintf(diag->text, sizeof(diag->text), fmt, ap);
		va_end(ap);
	}
	return err;
}

#endif
