// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../workloads/record/process.h"
#include "keeper.h"
#include "spawn.h"

#define PREFIX ".contigbench-"

/* ---- whose is it? ------------------------------------------------------------------------------- */

static bool is_left_behind(const char *name)
{
	uint64_t start;
	int pid, end = 0;

	if (sscanf(name, PREFIX "%d-%" SCNu64 "-%n", &pid, &start, &end) != 2 || !end || strlen(name + end) != 6)
		return false;
	return process_start_time((pid_t)pid) != start;
}

/* Its keeper holds a lock on it: that of a process in another pid namespace looks like nobody's otherwise. */
static bool is_locked(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB);

	if (fd >= 0)
		close(fd);
	return locked;
}

/* ---- removing ----------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	/* somebody may still be writing there: what can not be removed now is tried again by those who can wait */
	if (type == FTW_DP ? rmdir(path) : unlink(path))
		return errno == ENOENT ? 0 : errno;
	return 0;
}

int room_delete(const char *path)
{
	int err = nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);

	if (err < 0)
		err = errno;
	return err == ENOENT ? 0 : -err;
}

unsigned int room_sweep(const char *parent)
{
	DIR *d = opendir(parent);
	struct stat st;
	unsigned int swept = 0;
	char path[4096];

	for (struct dirent *e; d && (e = readdir(d));) {
		if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) || !is_left_behind(e->d_name) ||
		    snprintf(path, sizeof(path), "%s/%s", parent, e->d_name) >= (int)sizeof(path))
			continue;
		/* a link, or another user's: not one of ours */
		if (!lstat(path, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !is_locked(path) &&
		    !room_delete(path))
			swept++;
	}
	if (d)
		closedir(d);
	return swept;
}

/* ---- making ------------------------------------------------------------------------------------- */

int room_make(struct room *r, const char *parent, struct contig_diag *diag)
{
	const char *tmp = getenv("TMPDIR");

	*r = (struct room){ .keeper = { .life = -1, .report = -1, .out = -1, .err = -1 } };
	if (!parent)
		parent = tmp && *tmp ? tmp : "/tmp";
	room_sweep(parent);
	int n = snprintf(r->path, sizeof(r->path), "%s/" PREFIX "%d-%" PRIu64 "-XXXXXX", parent, (int)getpid(),
	                 process_start_time(getpid()));
	int err = n >= (int)sizeof(r->path) ? -ENAMETOOLONG : !mkdtemp(r->path) ? -errno : 0;

	if (!err) {
		int fd = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0 || flock(fd, LOCK_SH) || (err = spawn_keep_folder(&r->keeper, r->path, fd)))
			err = err ? err : -errno;
		if (fd >= 0)
			close(fd);
		if (err)
			rmdir(r->path);
	}
	if (!err)
		return 0;
	r->path[0] = '\0';
	return contig_diag_set(diag, err, "no temporary folder can be made in %s: %s", parent, strerror(-err));
}

void room_remove(struct room *r)
{
	/* its keeper does */
	spawn_close(&r->keeper);
	r->path[0] = '\0';
}
