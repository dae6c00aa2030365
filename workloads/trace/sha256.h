/* SPDX-License-Identifier: MIT */
/* sha256.h - SHA-256 (FIPS 180-4), so that a result can name the bytes it was made from. */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct sha256 {
	uint32_t state[8];
	uint64_t bytes;
	uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
void sha256_hex(struct sha256 *s, char out[65]); /* ends the sum; 64 lower-case digits and a NUL */

/* Of what is left of a stream: 0 or an errno. */
int sha256_stream(FILE *f, char hex[65]);

#endif
