// SPDX-License-Identifier: MIT
/* corpus.c - finding the traces that ship with the project. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"

/* Beside the sources one works in, beside the program in its build folder, or where `make install` puts them. */
static const struct {
	bool beside_program;
	const char *folder;
} corpora[] = {
	{ false, "workloads/corpus" },
	{ true, "/../workloads/corpus" },
	{ true, "/../share/contigbench/corpus" },
};
#define NR_CORPORA (sizeof(corpora) / sizeof(corpora[0]))

static char *corpus_folder(size_t i)
{
	char program[4096] = "", *folder;

	if (corpora[i].beside_program) {
		ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

		program[n > 0 ? n : 0] = '\0';
		char *slash = strrchr(program, '/');

		if (slash)
			*slash = '\0';
	}
	return asprintf(&folder, "%s%s", program, corpora[i].folder) < 0 ? NULL : folder;
}

static int is_trace(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 4 && !strcmp(e->d_name + n - 4, ".ctr");
}

void workload_each(bool (*one)(void *ctx, const char *path), void *ctx)
{
	struct dirent **entries;
	bool more = true;
	int n = 0;

	for (size_t i = 0; i < NR_CORPORA && n <= 0; i++) {
		char *folder = corpus_folder(i);

		n = folder ? scandir(folder, &entries, is_trace, alphasort) : -1;
		for (int k = 0; k < n; k++) {
			char *path;

			if (more && asprintf(&path, "%s/%s", folder, entries[k]->d_name) >= 0) {
				more = one(ctx, path);
				free(path);
			}
			free(entries[k]);
		}
		if (n >= 0)
			free(entries);
		free(folder);
	}
}

struct search {
	const char *name;
	char *found;
};

static bool matches(void *ctx, const char *path)
{
	struct search *s = ctx;
	const char *base = strrchr(path, '/') + 1;

	if (!s->name || (strlen(base) == strlen(s->name) + 4 && !strncmp(base, s->name, strlen(s->name))))
		s->found = strdup(path);
	return !s->found;
}

char *workload_find(const char *name)
{
	struct search s = { .name = name };
	size_t n = name ? strlen(name) : 0;

	if (name && (strchr(name, '/') || (n > 4 && !strcmp(name + n - 4, ".ctr"))))
		return strdup(name);
	workload_each(matches, &s);
	return s.found;
}
