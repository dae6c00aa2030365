// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "folder.h"
#include "results.h"

#define SUFFIX ".partial"

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int folder_remove(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) ? -errno : 0;
}

static bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static bool has(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return exists(path);
}

/* Only what this program made is ever removed: results, an interrupted run, or nothing at all. */
static bool is_ours(const char *dir)
{
	return (has(dir, "context.json") && has(dir, "SHA256SUMS")) || has(dir, "run.json") ||
	       (has(dir, "wall.jsonl") && has(dir, "requests.jsonl")) || !rmdir(dir);
}

static void default_path(char out[2048])
{
	char date[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d-%H%M%S", &tm);
	snprintf(out, 2048, "results/%s-%s", date, cli_revision());
	/* two runs in one second */
	for (unsigned int n = 2; exists(out) && n < 1000; n++)
		snprintf(out, 2048, "results/%s-%s-%u", date, cli_revision(), n);
}

static int name(struct folder *d, const char *path)
{
	char real[2048];
	size_t n;

	*d = (struct folder){ 0 };
	if (path && strlen(path) >= sizeof(d->path))
		return cli_error(CLI_USAGE, "-o: a name of more than %zu bytes", sizeof(d->path));
	if (path)
		snprintf(real, sizeof(real), "%s", path);
	else
		default_path(real);
	for (n = strlen(real); n > 1 && real[n - 1] == '/'; n--)
		real[n - 1] = '\0';
	memcpy(d->path, real, n + 1);
	snprintf(d->partial, sizeof(d->partial), "%s" SUFFIX, d->path);
	char *slash = strrchr(real, '/');

	if (slash)
		*slash = '\0';
	snprintf(d->parent, sizeof(d->parent), "%s", !slash ? "." : real[0] ? real : "/");
	return CLI_OK;
}

static int can_not(const char *path, int err)
{
	return cli_error(CLI_MACHINE, "%s can not be written: %s; choose another folder with -o", path, strerror(err));
}

int folder_create(struct folder *d, const char *path, bool force)
{
	int status = name(d, path);

	if (status != CLI_OK)
		return status;
	d->force = force;
	if (exists(d->path) && !force)
		return cli_error(CLI_USAGE, "%s exists: choose another folder with -o, or replace it with --force",
		                 d->path);
	if (exists(d->path) && !is_ours(d->path))
		return cli_error(CLI_USAGE, "%s is not a results folder: --force does not replace it", d->path);
	if (exists(d->partial) && !force)
		return cli_error(CLI_USAGE,
		                 "%s is left of an interrupted run: finish that with --resume %s, or replace it "
		                 "with --force",
		                 d->partial, d->partial);
	if (exists(d->partial) && (!is_ours(d->partial) || (exists(d->partial) && folder_remove(d->partial))))
		return cli_error(CLI_USAGE, "%s is in the way and can not be removed", d->partial);
	if (!exists(d->parent)) {
		if (mkdir(d->parent, 0777))
			return can_not(d->parent, errno);
		d->made_parent = true;
	}
	if (mkdir(d->partial, 0777)) {
		int err = errno;

		if (d->made_parent)
			rmdir(d->parent);
		return can_not(d->partial, err);
	}
	return CLI_OK;
}

int folder_resume(struct folder *d, const char *path, bool force)
{
	char without[2048];
	size_t n = strlen(path), suffix = strlen(SUFFIX);

	while (n > 1 && path[n - 1] == '/')
		n--;
	if (n > suffix && !strncmp(path + n - suffix, SUFFIX, suffix))
		n -= suffix;
	snprintf(without, sizeof(without), "%.*s", (int)n, path);
	int status = name(d, without);

	d->force = force;
	if (status == CLI_OK && exists(d->path) && !force)
		return cli_error(CLI_USAGE, "%s exists already: replace it with --force", d->path);
	if (status == CLI_OK && exists(d->path) && !is_ours(d->path))
		return cli_error(CLI_USAGE, "%s is not a results folder: --force does not replace it", d->path);
	return status;
}

/* PARENT/latest points to the folder, if the parent is called results. */
static void point_latest(const struct folder *d)
{
	char link[2100], temporary[2100];
	const char *base = strrchr(d->path, '/'), *parent = strrchr(d->parent, '/');

	if (strcmp(parent ? parent + 1 : d->parent, "results"))
		return;
	snprintf(link, sizeof(link), "%s/latest", d->parent);
	snprintf(temporary, sizeof(temporary), "%s/.latest.%d", d->parent, (int)getpid());
	struct stat st;

	if (!lstat(link, &st) && !S_ISLNK(st.st_mode)) {
		cli_warn("%s is not a symbolic link and stays as it is", link);
		return;
	}
	if (symlink(base ? base + 1 : d->path, temporary) || rename(temporary, link)) {
		cli_warn("%s can not be made to point to %s: %s", link, d->path, strerror(errno));
		unlink(temporary);
	}
}

int folder_publish(struct folder *d)
{
	int err = 0;

	if (!exists(d->path)) {
		err = rename(d->partial, d->path) ? errno : 0;
	} else if (d->force) {
		/* the old results are there until the very moment the new ones are */
		if (renameat2(AT_FDCWD, d->partial, AT_FDCWD, d->path, RENAME_EXCHANGE))
			err = errno;
		else
			folder_remove(d->partial);
	} else {
		err = EEXIST;
	}
	if (err) {
		folder_discard(d);
		return can_not(d->path, err);
	}
	point_latest(d);
	return CLI_OK;
}

void folder_discard(struct folder *d)
{
	folder_remove(d->partial);
	if (d->made_parent)
		rmdir(d->parent);
}
