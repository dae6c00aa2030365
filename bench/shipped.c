// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shipped.h"

static const struct {
	bool beside_program;
	const char *folder;
} places[] = {
	{ false, "workloads" },
	{ true, "/../workloads" },
	{ true, "/../share/contigbench" },
	/* what does not lie among the workloads: plots. Programs of variants and tests are further down in the build folder */
	{ true, "/.." },
	{ true, "/../.." },
	{ true, "/../../.." },
	{ false, "." },
};
#define NR_PLACES (sizeof(places) / sizeof(places[0]))

static char *folder_at(size_t i, const char *name)
{
	char program[4096] = "", *folder;

	if (places[i].beside_program) {
		ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

		program[n > 0 ? n : 0] = '\0';
		char *slash = strrchr(program, '/');

		if (slash)
			*slash = '\0';
	}
	return asprintf(&folder, "%s%s/%s", program, places[i].folder, name) < 0 ? NULL : folder;
}

static bool ends_so(const char *name, const char *suffix)
{
	size_t n = strlen(name), s = strlen(suffix);

	return n > s && !strcmp(name + n - s, suffix);
}

void shipped_each(const char *folder, const char *suffix, bool (*one)(void *ctx, const char *path), void *ctx)
{
	struct dirent **entries;
	bool more = true;
	int found = 0;

	for (size_t i = 0; i < NR_PLACES && !found; i++) {
		char *name = folder_at(i, folder);
		int n = name ? scandir(name, &entries, NULL, versionsort) : -1;

		for (int k = 0; k < n; k++) {
			bool is_one = ends_so(entries[k]->d_name, suffix);
			char *path;

			found += is_one;
			if (is_one && more && asprintf(&path, "%s/%s", name, entries[k]->d_name) >= 0) {
				more = one(ctx, path);
				free(path);
			}
			free(entries[k]);
		}
		if (n >= 0)
			free(entries);
		free(name);
	}
}

struct search {
	const char *name, *suffix;
	char *found;
};

static bool matches(void *ctx, const char *path)
{
	struct search *s = ctx;
	const char *base = strrchr(path, '/') + 1;
	size_t len = strlen(base) - strlen(s->suffix);

	if (!s->name || (len == strlen(s->name) && !strncmp(base, s->name, len)))
		s->found = strdup(path);
	return !s->found;
}

/* What is there is meant, whatever it is called. */
static bool is_file(const char *name)
{
	struct stat st;

	return !stat(name, &st) && S_ISREG(st.st_mode);
}

char *shipped_find(const char *folder, const char *suffix, const char *name)
{
	struct search s = { .name = name, .suffix = suffix };

	if (name && (strchr(name, '/') || ends_so(name, suffix) || is_file(name)))
		return strdup(name);
	shipped_each(folder, suffix, matches, &s);
	return s.found;
}

char *shipped_folder(const char *folder)
{
	struct stat st;

	for (size_t i = 0; i < NR_PLACES; i++) {
		char *name = places[i].beside_program ? folder_at(i, folder) : NULL;

		if (name && !stat(name, &st) && S_ISDIR(st.st_mode))
			return name;
		free(name);
	}
	return NULL;
}
