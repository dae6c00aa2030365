/* SPDX-License-Identifier: MIT */
/* conformance_report.h - printing what a conformance run found. */
#ifndef CONFORMANCE_REPORT_H
#define CONFORMANCE_REPORT_H

#include "exact/conformance.h"
#include "exact/decides.h"

/* " 12/12", or " -" where there was nothing to compare, in a column of the terminal's tables. */
void conformance_print_agreement(const struct agreement *a);

void conformance_print(const struct conformance *c);
void conformance_print_json(const struct conformance *c);
/* docs/fidelity.md, but for its last section, ... */
void conformance_print_markdown(const struct conformance *c);
/* ... which is this. */
void conformance_print_decided(const struct conformance *c, const struct decided *d, bool markdown);

#endif
