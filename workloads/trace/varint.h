/* SPDX-License-Identifier: MIT */
/*
 * varint.h - whole numbers of 1 to 10 bytes, seven bits a byte, low bits first, the top bit says "more".
 *
 * Signed differences go through zigzag first, so that small negative numbers stay short.
 */
#ifndef VARINT_H
#define VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VARINT_MAX 10u /* bytes of the longest one */

/* Writes at most VARINT_MAX bytes; returns how many. */
static inline size_t varint_put(uint8_t *to, uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		to[n++] = (uint8_t)(v | 0x80);
	to[n++] = (uint8_t)v;
	return n;
}

/* What is left to decode of a piece of memory. */
struct varint_in {
	const uint8_t *at;
	const uint8_t *end;
};

/* False if the number does not end before the memory does, or needs more than 64 bits. */
static inline bool varint_get(struct varint_in *in, uint64_t *out)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; shift < 64 && in->at < in->end; shift += 7) {
		uint8_t byte = *in->at++;

		if (shift == 63 && byte > 1)
			return false;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*out = v;
			return true;
		}
	}
	return false;
}

static inline uint64_t zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

static inline int64_t unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

#endif
