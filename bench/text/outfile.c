// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outfile.h"

static int can_not(const struct outfile *o, int err)
{
	return cli_error(CLI_MACHINE, "%s can not be written: %s", o->path, strerror(err));
}

/* A device or a pipe has nothing to be kept, and must not be replaced. */
static bool is_special(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

int outfile_open(struct outfile *o, const char *path)
{
	*o = (struct outfile){ .f = stdout, .path = path };
	if (!path)
		return CLI_OK;
	if (!is_special(path)) {
		int n = snprintf(o->temporary, sizeof(o->temporary), "%s.%d.tmp", path, (int)getpid());

		if (n < 0 || (size_t)n >= sizeof(o->temporary))
			return can_not(o, ENAMETOOLONG);
	}
	o->f = fopen(*o->temporary ? o->temporary : path, "w");
	return o->f ? CLI_OK : can_not(o, errno);
}

int outfile_close(struct outfile *o, int status)
{
	if (!o->path || !o->f)
		return status;
	errno = 0;
	int err = fflush(o->f) || ferror(o->f) ? (errno ? errno : EIO) : 0;

	if (fclose(o->f) && !err)
		err = errno;
	o->f = NULL;
	if (!err && *o->temporary && (status == CLI_OK || status == CLI_NO) && rename(o->temporary, o->path))
		err = errno;
	else if (!err && (status == CLI_OK || status == CLI_NO))
		return status;
	if (*o->temporary)
		unlink(o->temporary);
	return err ? can_not(o, err) : status;
}

int outfile_possible(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct outfile o = { .path = path };
	char folder[4096] = ".";
	struct stat st;

	if (is_special(path))
		return CLI_OK;
	if (slash && (size_t)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path) + 1, path) >= sizeof(folder))
		return can_not(&o, ENAMETOOLONG);
	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return can_not(&o, EISDIR);
	return access(folder, W_OK) ? can_not(&o, errno) : CLI_OK;
}
