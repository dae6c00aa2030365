// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../results/folder.h"
#include "build.h"
#include "kept.h"

/* ---- sizes --------------------------------------------------------------------------------------- */

static uint64_t counted;

static int count(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path;
	(void)type;
	(void)at;
	/* what has more names than one is counted once a name: there are few */
	counted += (uint64_t)st->st_blocks * 512;
	return 0;
}

uint64_t kept_bytes(const char *path)
{
	counted = 0;
	nftw(path, count, 32, FTW_PHYS | FTW_MOUNT);
	return counted;
}

static const char *megabytes(char out[32], uint64_t bytes)
{
	snprintf(out, 32, "%.*f MB", bytes < 10000000 ? 1 : 0, (double)bytes / 1e6);
	return out;
}

/* ---- list ---------------------------------------------------------------------------------------- */

struct lister {
	json_t *json; /* NULL: text */
	unsigned int nr;
	int status;
};

static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static void list_one(struct lister *l, const char *name)
{
	struct guest_kernel k;
	struct contig_diag diag;
	char path[CACHE_PATH], size[32];
	const char *why = NULL;
	int err = guest_kernel_load(name, &k, &diag);

	l->nr++;
	if (err && err != -ENOENT) {
		l->status = cli_error(CLI_USAGE, "%s", diag.text);
		return;
	}
	if (!l->json && err) {
		printf("%-12s not built: contigbench guest build %s\n", name, name);
		return;
	}
	uint64_t bytes = err || cache_path(path, NULL, "kernels/%s", name) ? 0 : kept_bytes(path);
	bool current = !err && guest_kernel_current(&k, &why);

	if (!l->json) {
		printf("%-12s %-26s %-20s %.10s %9s  %s\n", name, k.release, *k.version ? k.version : "-", k.date,
		       megabytes(size, bytes), current ? "current" : why);
		return;
	}
	json_t *row = json_pack("{s:s, s:b}", "name", name, "built", !err);

	if (!err) {
		json_object_set_new(row, "release", json_string(k.release));
		json_object_set_new(row, "package", text_or_null(k.package));
		json_object_set_new(row, "version", text_or_null(k.version));
		json_object_set_new(row, "suite", text_or_null(k.suite));
		json_object_set_new(row, "compiler", text_or_null(k.compiler));
		json_object_set_new(row, "date", json_string(k.date));
		json_object_set_new(row, "folder", json_string(path));
		json_object_set_new(row, "bytes", json_integer((json_int_t)bytes));
		json_object_set_new(row, "current", json_boolean(current));
		json_object_set_new(row, "why", why ? json_string(why) : json_null());
		json_object_set_new(row, "vmlinuz_sha256", json_string(k.vmlinuz_sha256));
		json_object_set_new(row, "module_sha256", json_string(k.module_sha256));
		json_object_set_new(row, "from_kernel", text_or_null(k.from_kernel));
		json_object_set_new(row, "from_headers", text_or_null(k.from_headers));
	}
	json_array_append_new(l->json, row);
}

static bool list_own(void *ctx, const char *name)
{
	if (!guest_generation_named(name))
		list_one(ctx, name);
	return true;
}

static const struct {
	const char *folder, *what;
} again[] = {
	{ "roots", "compilers and headers" },
	{ "apt", "lists of packages" },
	{ "tmp", "temporary folders" },
	{ "logs", "logs" },
};
#define NR_AGAIN (sizeof(again) / sizeof(again[0]))

int kept_list(bool json)
{
	struct lister l = { .json = json ? json_array() : NULL };
	char path[CACHE_PATH], size[32];
	struct contig_diag diag;

	if (cache_path(path, &diag, "kernels/"))
		return cli_error(CLI_MACHINE, "%s", diag.text);
	for (const struct guest_generation *g = guest_generations; g->name; g++)
		list_one(&l, g->name);
	guest_kernel_each(list_own, &l);
	for (size_t i = 0; i < NR_AGAIN && !json; i++) {
		uint64_t bytes = cache_path(path, NULL, "%s", again[i].folder) ? 0 : kept_bytes(path);

		if (bytes > 100000)
			printf("%-60s %9s\n", again[i].what, megabytes(size, bytes));
	}
	if (json) {
		json_dumpf(l.json, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(l.json);
	}
	return l.status;
}

/* ---- clean --------------------------------------------------------------------------------------- */

struct cleaner {
	uint64_t bytes;
	int status;
};

/* Under its lock, so that nothing that is being made or used to make something goes away. */
static void clean_one(struct cleaner *c, const char *lock, const char *path, const char *what)
{
	char size[32];
	bool busy = false;
	int fd = lock ? lock_take(lock, false, &busy) : -1;

	if (lock && fd < 0) {
		if (busy)
			cli_warn("a build is using %s: it stays", what);
		c->status = busy ? CLI_NO : CLI_MACHINE;
		return;
	}
	uint64_t bytes = kept_bytes(path);
	int err = bytes ? folder_remove(path) : 0;

	if (err && err != -ENOENT) {
		c->status = cli_error(CLI_MACHINE, "%s can not be removed: %s", path, strerror(-err));
	} else if (bytes) {
		printf("removed %s: %s\n", what, megabytes(size, bytes));
		c->bytes += bytes;
	}
	if (fd >= 0)
		close(fd);
}

static bool clean_kernel(void *ctx, const char *name)
{
	char path[CACHE_PATH], lock[CACHE_PATH], what[CACHE_PATH];

	snprintf(lock, sizeof(lock), "kernel-%s", name);
	snprintf(what, sizeof(what), "kernel %s", name);
	if (!cache_path(path, NULL, "kernels/%s", name))
		clean_one(ctx, lock, path, what);
	return true;
}

/* Each suite's compilers and lists, and what nobody holds of temporary folders. */
static void clean_again(struct cleaner *c)
{
	static const char *const of_suite[] = { "roots", "apt" };
	char path[CACHE_PATH], lock[300], what[400];

	for (size_t i = 0; i < 2; i++) {
		struct dirent **entries;
		int n = cache_path(path, NULL, "%s/", of_suite[i]) ? -1 : scandir(path, &entries, NULL, alphasort);

		for (int k = 0; k < n; k++) {
			char one[CACHE_PATH + 300];

			snprintf(one, sizeof(one), "%s%s", path, entries[k]->d_name);
			snprintf(lock, sizeof(lock), "root-%s", entries[k]->d_name);
			snprintf(what, sizeof(what), "%s of %s", again[i].what, entries[k]->d_name);
			if (entries[k]->d_name[0] != '.')
				clean_one(c, lock, one, what);
			free(entries[k]);
		}
		if (n >= 0)
			free(entries);
	}
	if (!cache_path(path, NULL, "tmp/")) {
		unsigned int swept = room_sweep(path);

		if (swept)
			printf("removed temporary folders of builds that were ended: %u\n", swept);
	}
	if (!cache_path(path, NULL, "logs"))
		clean_one(c, NULL, path, "logs");
}

int kept_clean(char *const *names, int nr, bool all)
{
	struct cleaner c = { 0 };
	char path[CACHE_PATH], size[32], name[CONTIG_MAX_NAME + 1];
	struct contig_diag diag;

	if (cache_path(path, &diag, "kernels/"))
		return cli_error(CLI_MACHINE, "%s", diag.text);
	for (int i = 0; i < nr; i++) {
		if (guest_kernel_name(names[i], name, &diag))
			return cli_error(CLI_USAGE, "%s", diag.text);
		if (cache_path(path, NULL, "kernels/%s", name) || access(path, F_OK))
			return cli_error(CLI_USAGE,
			                 "there is no kernel %s: `contigbench guest list` has those that are built",
			                 name);
	}
	for (int i = 0; i < nr && !guest_kernel_name(names[i], name, &diag); i++)
		clean_kernel(&c, name);
	if (all)
		guest_kernel_each(clean_kernel, &c);
	if (!nr)
		clean_again(&c);
	printf("%s freed\n", megabytes(size, c.bytes));
	return c.status;
}
