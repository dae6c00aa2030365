// SPDX-License-Identifier: MIT
/* lock.c - two builds at a time: of one kernel, or with one suite's compilers. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "build.h"

#define WAIT_SECONDS 1800

int lock_take(const char *name, bool wait, bool *busy)
{
	char path[CACHE_PATH];
	struct contig_diag diag;
	bool told = false;

	if (busy)
		*busy = false;
	if (cache_path(path, &diag, "locks/%s", name)) {
		cli_error(CLI_MACHINE, "%s", diag.text);
		return -1;
	}
	/* the file stays: one that is removed may be locked by somebody who then has a lock on nothing */
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0) {
		cli_error(CLI_MACHINE, "%s can not be written: %s; CONTIGBENCH_CACHE names another place", path,
		          strerror(errno));
		return -1;
	}
	for (int64_t tenths = 0; flock(fd, LOCK_EX | LOCK_NB); tenths++) {
		if (errno == EWOULDBLOCK && !wait && busy) {
			*busy = true;
			close(fd);
			return -1;
		}
		if (errno != EWOULDBLOCK || tenths > WAIT_SECONDS * 10) {
			cli_error(CLI_MACHINE, "%s can not be locked: %s", path,
			          errno == EWOULDBLOCK ? "another build has had it for half an hour" : strerror(errno));
			close(fd);
			return -1;
		}
		if (!told)
			fprintf(stderr, "waiting for another build that has %s\n", name);
		told = true;
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	return fd;
}
