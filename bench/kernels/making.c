// SPDX-License-Identifier: MIT
/* making.c - a kernel in the making: in a temporary folder, checked, and put in its place in one step. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../results/folder.h"
#include "build.h"
#include "image.h"
#include "module.h"

static int can_not(const char *what, const char *path, int err)
{
	return cli_error(CLI_MACHINE, "%s can not be %s: %s%s", path, what, strerror(err < 0 ? -err : err),
	                 err == ENOSPC || err == -ENOSPC ? "; CONTIGBENCH_CACHE names another place" : "");
}

int making_begin(struct making *m, const char *name)
{
	struct contig_diag diag;
	char lock[CACHE_PATH];

	*m = (struct making){ .lock = -1 };
	snprintf(lock, sizeof(lock), "kernel-%s", name);
	m->lock = lock_take(lock, true, NULL);
	if (m->lock < 0)
		return CLI_MACHINE;
	m->there = !guest_kernel_load(name, &m->was, &diag); /* one that is damaged is built again */
	snprintf(m->k.name, sizeof(m->k.name), "%s", name);
	int err = module_digest(m->k.module_sha256);

	if (err && err != -ENOENT)
		return making_end(m), can_not("read", "allocators/linux/module", err);
	return CLI_OK;
}

int making_room(struct making *m)
{
	char parent[CACHE_PATH];
	struct contig_diag diag;
	int err = cache_path(parent, &diag, "tmp/");

	if (!err)
		err = cache_path(parent, &diag, "tmp");
	if (!err)
		err = room_make(&m->room, parent, &diag);
	if (err) {
		m->room.path[0] = '\0';
		return cli_error(CLI_MACHINE, "%s", diag.text);
	}
	snprintf(m->work, sizeof(m->work), "%s/work", m->room.path);
	snprintf(m->folder, sizeof(m->folder), "%s/kernel", m->room.path);
	if (mkdir(m->work, 0777) || mkdir(m->folder, 0777))
		return can_not("made", m->folder, errno);
	if (module_copy(m->work, &diag))
		return cli_error(CLI_MACHINE, "%s", diag.text);
	return CLI_OK;
}

static int copy_file(const char *from, const char *to)
{
	char bytes[1 << 16];
	ssize_t n;
	int err = 0, in = open(from, O_RDONLY | O_CLOEXEC);

	if (in < 0)
		return can_not("read", from, errno);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	while (out >= 0 && !err && (n = read(in, bytes, sizeof(bytes)))) {
		if (n < 0)
			err = errno;
		for (ssize_t done = 0, k; n > 0 && done < n && !err; done += k) {
			k = write(out, bytes + done, (size_t)(n - done));
			if (k < 0)
				err = errno;
		}
	}
	if (out < 0 || (close(out) && !err))
		err = errno;
	close(in);
	return err ? can_not("written", to, err) : CLI_OK;
}

int making_image(struct making *m, const char *from)
{
	char to[CACHE_PATH + 128];

	snprintf(to, sizeof(to), "%s/vmlinuz", m->folder);
	return copy_file(from, to);
}

/* The whole folder takes the place of the one that is there, which goes with the room. */
static int exchange(struct making *m)
{
	char place[CACHE_PATH];
	struct contig_diag diag;

	if (cache_path(place, &diag, "kernels/%s", m->k.name))
		return cli_error(CLI_MACHINE, "%s", diag.text);
	if (!renameat2(AT_FDCWD, m->folder, AT_FDCWD, place, RENAME_EXCHANGE))
		return CLI_OK;
	if (errno != ENOENT) { /* a file system that can not do that */
		char old[CACHE_PATH + 128];

		snprintf(old, sizeof(old), "%s/old", m->room.path);
		if (rename(place, old) && errno != ENOENT)
			return can_not("replaced", place, errno);
	}
	return rename(m->folder, place) ? can_not("made", place, errno) : CLI_OK;
}

int making_publish(struct making *m)
{
	char made[CACHE_PATH + 128], module[CACHE_PATH + 128], image[CACHE_PATH + 128], release[KERNEL_TEXT];
	struct contig_diag diag;
	time_t now = time(NULL);
	struct tm tm;

	snprintf(image, sizeof(image), "%s/vmlinuz", m->folder);
	snprintf(made, sizeof(made), "%s/module/contigbench.ko", m->work);
	snprintf(module, sizeof(module), "%s/contigbench.ko", m->folder);
	if (image_release(image, m->k.release, sizeof(m->k.release), &diag) ||
	    image_module(made, release, m->k.compiler, sizeof(release), &diag))
		return cli_error(CLI_USAGE, "%s: %s", m->k.name, diag.text);
	if (strcmp(release, m->k.release))
		return cli_error(
			CLI_USAGE,
			"%s: the image is %s, and the headers made a module for %s, which that kernel would not "
			"load: build both from one tree",
			m->k.name, m->k.release, release);
	int err = image_sha256(image, m->k.vmlinuz_sha256);

	if (err)
		return can_not("read", image, err);
	int status = copy_file(made, module);

	if (status != CLI_OK)
		return status;
	strftime(m->k.date, sizeof(m->k.date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	if (guest_kernel_store(m->folder, &m->k, &diag))
		return cli_error(CLI_MACHINE, "%s", diag.text);
	return exchange(m);
}

void making_end(struct making *m)
{
	if (*m->room.path)
		room_remove(&m->room);
	m->room.path[0] = '\0';
	if (m->lock >= 0)
		close(m->lock);
	m->lock = -1;
}
