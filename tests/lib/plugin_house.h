/* SPDX-License-Identifier: MIT */
/*
 * plugin_house.h - a house (house.h) in which plugins are built and loaded.
 *
 *	inst/include/contigbench, inst/lib/pkgconfig	as `make install` leaves them; inst/bin, too, if the program is built
 *	mine/						a copy of docs/plugin, built
 */
#ifndef TESTS_PLUGIN_HOUSE_H
#define TESTS_PLUGIN_HOUSE_H

#include <sys/types.h>

#include "house.h"

#define RETRY "mine/retry.so"

/* cmocka's group fixture, beside house_tear_down(). */
int plugin_set_up(void **state);

/* Run a line of contigbench behind --plugin FILE (NULL: without); it must end with `status`. What it printed. */
const char *plugin_with(const char *file, int status, const char *line);
/* Begin a line in a process of its own, which says nothing. */
pid_t plugin_start(const char *file, const char *line);
/* It must be refused as wrong usage, in one line that holds `says`. */
void plugin_refused(const char *file, const char *line, const char *says);

/* system(). */
int plugin_shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Compile NAME.c to NAME.so with the headers below a folder: `body` behind a few lines that define CORE and LAB, all operations
 * of a struct contig_backend and a struct contig_lab, which can not be called; and LIST, "an array of backends".
 */
void plugin_compile(const char *name, const char *includes, const char *body);

#define GOOD_BACKEND                                                                                                   \
	"static const struct contig_backend b = { .name = \"mine\", .summary = \"mine\", CORE };\n"                    \
	"LIST = { &b };\n"
#define GOOD_END "CONTIG_PLUGIN(\"mine\", \"mine\", \"MIT\", all, 1)\n"

#endif
