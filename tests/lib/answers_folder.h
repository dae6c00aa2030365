/* SPDX-License-Identifier: MIT */
/* answers_folder.h - a small folder of recorded answers to tamper with, and what `contigbench conformance` says of it. */
#ifndef TESTS_ANSWERS_FOLDER_H
#define TESTS_ANSWERS_FOLDER_H

#include <stddef.h>

#include "capture.h"

/*
 *	[MM] F10          a:0+512
 *	[MM] A*512 | F9
 */
#define CASE   "case=T npb=2 mt=MM ops=a:0+512\n"
#define BEFORE "\"before\": {\"mt\": \"MM\", \"map\": \"F10\"}"
#define OP                                                                                                             \
	"{\"op\": \"a:0+512\", \"rc\": 0, \"stage\": \"ok\", \"mig_ok\": 0, \"mig_fail\": 0, \"moved\": 0, "           \
	"\"mt\": \"MM\", \"map\": \"A*512 | F9\"}"
#define ANSWER "{\"kernel\": \"6.1\", \"case\": \"T\", " BEFORE ", \"ops\": [" OP "]}\n"
#define REQUEST(start, pages)                                                                                          \
	"{\"kernel\": \"6.1\", \"start\": " start ", \"pages\": " pages ", \"rc\": 0, \"stage\": \"ok\", "             \
	"\"migrated\": 0, \"type_before\": \"M\", \"type_after\": \"M\"}\n"

extern char folder_scratch[]; /* the folder is `dir` in it */
extern struct capture said;   /* of the last command */

int folder_set_up(void **state);
int folder_tear_down(void **state);
/* CASE, ANSWER, and one random request on a layout that is wholly free: a setup of each test. */
int folder_fresh(void **state);

void folder_path(char out[256], const char *name);
void folder_put(const char *name, const char *text);
void folder_put_compressed(const char *name, const char *text);
void folder_drop(const char *name);

/* A line of a layout; `free` and `unmovable` are the digits that fill its bitmaps. */
void block_line(char *out, size_t size, const char *kernel, const char *block, char unmovable, char free);
/* Eleven free MOVABLE pageblocks of one kernel. */
void free_layout(char *out, size_t size, const char *kernel);

/* Run `conformance` on the folder. */
const char *conformance(const char *options);
void expect_status(int status);
void expect_said(const char *text);
/* One line, status 2, with the file, the line and the reason in it. */
void refused(const char *file_and_line, const char *why);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#endif
