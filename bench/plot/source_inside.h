/* SPDX-License-Identifier: MIT */
/* source_inside.h - between the readers of a results folder. */
#ifndef PLOT_SOURCE_INSIDE_H
#define PLOT_SOURCE_INSIDE_H

#include "source.h"

/* Open, hold against SHA256SUMS, and note as one that was read. NULL after a message. */
FILE *source_take(struct source *s, const char *name, int *status);
/* "DIR/NAME HOW: make the run again"; CLI_USAGE. */
int source_damaged(const struct source *s, const char *name, const char *how);

#endif
