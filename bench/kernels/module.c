// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../workloads/trace/sha256.h"
#include "../shipped.h"
#include "module.h"

static bool ends_so(const char *name, const char *suffix)
{
	size_t n = strlen(name), s = strlen(suffix);

	return n > s && !strcmp(name + n - s, suffix);
}

/* kbuild keeps the command of all that it makes in a hidden file, but for these. */
static bool is_made(const char *folder, const char *name)
{
	char path[4096 + 300];
	struct stat st;

	snprintf(path, sizeof(path), "%s/.%s.cmd", folder, name);
	return name[0] == '.' || ends_so(name, ".mod.c") || ends_so(name, ".mod") || ends_so(name, "~") ||
	       !strcmp(name, "modules.order") || !strcmp(name, "Module.symvers") || !stat(path, &st);
}

static int any(const struct dirent *d)
{
	(void)d;
	return 1;
}

static int is_header(const struct dirent *d)
{
	return ends_so(d->d_name, ".h");
}

static int each_of(const char *linux_folder, const char *folder, int (*filter)(const struct dirent *d),
                   int (*one)(void *ctx, const char *name, FILE *f), void *ctx)
{
	char path[4096];
	struct dirent **entries;

	snprintf(path, sizeof(path), "%s/%s", linux_folder, folder);
	int n = scandir(path, &entries, filter, alphasort), err = n < 0 ? -errno : 0, nr = 0;

	for (int i = 0; i < n; i++) {
		char file[4096 + 300], name[300];
		struct stat st;

		snprintf(name, sizeof(name), "%s%s", folder, entries[i]->d_name);
		snprintf(file, sizeof(file), "%s/%s", linux_folder, name);
		if (!err && !is_made(path, entries[i]->d_name) && !stat(file, &st) && S_ISREG(st.st_mode)) {
			FILE *f = fopen(file, "re");

			err = f ? one(ctx, name, f) : -errno;
			nr += !err;
			if (f)
				fclose(f);
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return err ? err : nr;
}

/* Its files, and the headers above them: in an order that does not depend on the place. */
static int each_source(int (*one)(void *ctx, const char *name, FILE *f), void *ctx)
{
	/* a build folder has one above it, too */
	char *folder = shipped_folder("allocators/linux/module"), *above = folder ? strrchr(folder, '/') : NULL;

	if (above)
		*above = '\0';
	int n = folder ? each_of(folder, "module/", any, one, ctx) : -ENOENT;
	int m = n > 0 ? each_of(folder, "", is_header, one, ctx) : 0;

	free(folder);
	return n < 0 ? n : !n ? -ENOENT : m < 0 ? m : 0;
}

static int add_to_digest(void *ctx, const char *name, FILE *f)
{
	struct sha256 *sum = ctx;
	char hex[65];
	int err = sha256_stream(f, hex);

	sha256_add(sum, name, strlen(name) + 1);
	sha256_add(sum, hex, sizeof(hex));
	return err > 0 ? -err : err;
}

int module_digest(char hex[65])
{
	struct sha256 sum;

	sha256_init(&sum);
	int err = each_source(add_to_digest, &sum);

	sha256_hex(&sum, hex);
	return err;
}

static int copy(void *ctx, const char *name, FILE *f)
{
	const char *folder = ctx;
	char path[4096], bytes[1 << 14];
	size_t n;
	int err = 0;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	FILE *to = fopen(path, "we");

	if (!to)
		return -errno;
	while (!err && (n = fread(bytes, 1, sizeof(bytes), f)))
		err = fwrite(bytes, 1, n, to) == n ? 0 : -errno;
	if (!err && ferror(f))
		err = -EIO;
	if (fclose(to) && !err)
		err = -errno;
	return err;
}

int module_copy(const char *folder, struct contig_diag *diag)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/module", folder);
	int err = mkdir(path, 0777) && errno != EEXIST ? -errno : each_source(copy, (void *)folder);

	if (err == -ENOENT)
		return contig_diag_set(
			diag, err,
			"the sources of the kernel module are not there: this program was moved away from "
			"its build folder; `make install` puts them below share/contigbench");
	return err ? contig_diag_set(diag, err, "the module's sources can not be copied to %s: %s", folder,
	                             strerror(-err))
	           : 0;
}
