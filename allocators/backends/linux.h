/* SPDX-License-Identifier: MIT */
/* linux.h - the generations, for the table in contig.c. */
#ifndef BACKENDS_LINUX_H
#define BACKENDS_LINUX_H

#include "../contig.h"

extern const struct contig_backend linux_5_10, linux_rfc_2021, linux_6_1, linux_6_12, linux_7_2;

#endif
