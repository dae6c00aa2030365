/* SPDX-License-Identifier: MIT */
/* linux.h - the generations, for the table in contig.c. */
#ifndef BACKENDS_LINUX_H
#define BACKENDS_LINUX_H

#include "../contig.h"

extern const struct contig_backend linux_3_5, linux_3_6, linux_3_16, linux_4_4, linux_5_10, linux_rfc_2021,
	linux_hildenbrand_2021, linux_5_18, linux_6_1, linux_6_10, linux_6_12, linux_7_2;

#endif
