/* SPDX-License-Identifier: MIT */
/*
 * plugin.h - backends in a shared object: what it exports, and how the program knows that both mean the same.
 *
 *	#include <contigbench/plugin.h>
 *
 *	static const struct contig_backend mine = { .name = "mine", .open = open_mine, ... };
 *	static const struct contig_backend *const backends[] = { &mine };
 *
 *	CONTIG_PLUGIN("mine", "what it is about", "MIT", backends, 1)
 *
 *	cc $(pkg-config --cflags contigbench) -fPIC -shared -o mine.so mine.c
 *	contigbench --plugin ./mine.so run -b linux-7.2,mine
 *
 * A plugin may call all functions of contig.h and policy.h, which the program exports: so it can open another backend, let it
 * do the work and change one thing. It runs inside the program: what it breaks is broken. docs/adding-a-policy.md is a
 * walk through an example.
 */
#ifndef CONTIG_PLUGIN_H
#define CONTIG_PLUGIN_H

#include "contig.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CONTIG_PLUGIN_MAGIC UINT64_C(0x4e49474c50475443) /* "CTGPLGIN" in the file of a little-endian machine */

/*
 * Version of the table of operations, struct contig_backend and struct contig_lab. It goes up when an operation comes, goes, or
 * means something else. What only changes a structure is noticed by CONTIG_PLUGIN_LAYOUT.
 *
 *	1	the first
 *	2	arena, settle, flush_lru, drift: a lab that is a machine of its own
 */
#define CONTIG_PLUGIN_VERSION 2u

/* clang-format off */
/* Operations that every backend has, and those of a lab: all of them, or no lab. */
#define CONTIG_CORE_OPS(OP, with)									       \
	OP(with, open) OP(with, close) OP(with, alloc) OP(with, free) OP(with, split) OP(with, range_begin)    \
	OP(with, range_step) OP(with, range_end) OP(with, range_free) OP(with, stats)
#define CONTIG_LAB_OPS(OP, with)									       \
	OP(with, place) OP(with, set_type) OP(with, type) OP(with, pin) OP(with, pin_owned) OP(with, freeze)   \
	OP(with, relist) OP(with, to_lru) OP(with, convert) OP(with, watermark) OP(with, unreserve)	       \
	OP(with, drain) OP(with, run) OP(with, verify)

/* Numbers in which two versions of contig.h may differ without a word. */
#define CONTIG_PLUGIN_LAYOUT(NUMBER)									       \
	NUMBER(sizeof(struct contig_plugin)) NUMBER(sizeof(struct contig_backend))			       \
	NUMBER(sizeof(struct contig_lab)) NUMBER(sizeof(struct contig_hooks))				       \
	NUMBER(sizeof(struct contig_geometry)) NUMBER(sizeof(struct contig_zone))			       \
	NUMBER(sizeof(struct contig_what)) NUMBER(sizeof(struct contig_range_args))			       \
	NUMBER(sizeof(struct contig_work)) NUMBER(sizeof(struct contig_outcome))			       \
	NUMBER(sizeof(struct contig_stats)) NUMBER(sizeof(struct contig_run))				       \
	NUMBER(sizeof(struct contig_diag))								       \
	NUMBER(MT_NR) NUMBER(PAGE_KIND_NR) NUMBER(PHASE_NR) NUMBER(WHY_NR) NUMBER(RETYPE_NR)		       \
	NUMBER(RANGE_OP_NR) NUMBER(CALLER_NR) NUMBER(CONTIG_MAX_ORDER)					       \
	CONTIG_CORE_OPS(CONTIG_PLUGIN_CORE_OFFSET, NUMBER) CONTIG_LAB_OPS(CONTIG_PLUGIN_LAB_OFFSET, NUMBER)
#define CONTIG_PLUGIN_CORE_OFFSET(NUMBER, op) NUMBER(offsetof(struct contig_backend, op))
#define CONTIG_PLUGIN_LAB_OFFSET(NUMBER, op)  NUMBER(offsetof(struct contig_lab, op))
/* clang-format on */

struct contig_plugin {
	/* these three stay where they are, whatever the version */
	uint64_t magic;
	uint32_t version;
	uint32_t size; /* of this struct */

	uint32_t nr_layout;
	uint32_t nr_backends;
	const uint32_t *layout; /* CONTIG_PLUGIN_LAYOUT where it was compiled */
	const char *name;       /* as a backend's: contig_name_ok() */
	const char *summary;    /* one line */
	const char *licence;    /* SPDX */
	/* `preset` of each is NULL: a policy of the model is a backend's of the model */
	const struct contig_backend *const *backends;
};

/* The one symbol that is looked for. */
extern const struct contig_plugin contig_plugin __attribute__((visibility("default")));

#define CONTIG_PLUGIN_NUMBER(n) (uint32_t)(n),

/* Once in a plugin, at the end of a file. */
#define CONTIG_PLUGIN(name_, summary_, licence_, backends_, nr_)                                                       \
	static const uint32_t contig_plugin_layout[] = { CONTIG_PLUGIN_LAYOUT(CONTIG_PLUGIN_NUMBER) };                 \
	const struct contig_plugin contig_plugin = {                                                                   \
		CONTIG_PLUGIN_MAGIC,                                                                                   \
		CONTIG_PLUGIN_VERSION,                                                                                 \
		(uint32_t)sizeof(struct contig_plugin),                                                                \
		(uint32_t)(sizeof(contig_plugin_layout) / sizeof(contig_plugin_layout[0])),                            \
		(nr_),                                                                                                 \
		contig_plugin_layout,                                                                                  \
		(name_),                                                                                               \
		(summary_),                                                                                            \
		(licence_),                                                                                            \
		(backends_),                                                                                           \
	};

/* ---- the program's side ---------------------------------------------------------------------- */

/*
 * Load a file and make its backends known, for the life of the process; before there are threads. 0 and *out; else nothing is
 * known that was not, *diag says what is wrong as a sentence that lacks its subject, the file, and the errno is
 *	-ENOENT		it can not be loaded
 *	-ENOEXEC	it is no plugin, or not one for this program: version, layout
 *	-EINVAL		what it offers is not usable: a missing operation, a name that is none
 *	-EEXIST, -ENOSPC	as of contig_backend_add()
 * A file that is loaded already is no error, and *out what it was then.
 */
int contig_plugin_load(const char *path, const struct contig_plugin **out, struct contig_diag *diag);

#ifdef __cplusplus
}
#endif
#endif
