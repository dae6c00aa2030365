/* SPDX-License-Identifier: MIT */
/*
 * plugins.h - plugins of the command line and of the environment (allocators/plugin.h): which are loaded, and that results
 * which they decide say so.
 */
#ifndef PLUGINS_H
#define PLUGINS_H

#include <jansson.h>
#include <stdio.h>

#include "../allocators/plugin.h"

struct plugin {
	const struct contig_plugin *is;
	char *file;      /* as it was named */
	char sha256[65]; /* of the file */
};

/*
 * Load those of CONTIGBENCH_PLUGINS (names with colons between them), then each --plugin FILE in front of the command; *argc and
 * *argv go on behind these. CLI_OK, or a message was printed.
 */
int plugins_take(int *argc, char ***argv);

/* In the order in which they were loaded; NULL behind the last. */
const struct plugin *plugin_at(size_t i);
/* Whose a backend is; NULL: it is built in. */
const struct plugin *plugin_of(const struct contig_backend *b);

/* Is one of the backends a plugin's? All plugins decide its results then: one may open another's backend. */
bool plugins_decide(char *const *specs, uint32_t nr);

/* [{"name":"retry","sha256":"..."}]: all that are loaded, on one line. */
void plugins_print_json(FILE *f);
/* The same for jansson: a new reference. */
json_t *plugins_json(void);
/* "contigbench --plugin FILE", for what a user is told to type. Free it; NULL without memory. */
char *plugins_call(void);

/*
 * Are those of such an array loaded, by name, and the same files? NULL, or the first that is not: *loaded then says whether another
 * file of that name is.
 */
const json_t *plugins_missing(const json_t *array, bool *loaded);

#endif
