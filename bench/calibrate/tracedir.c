// SPDX-License-Identifier: MIT
#include "tracedir.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHELL_SECONDS 60

/* ---- this kernel ----------------------------------------------------------------------------- */

static bool find_mount(char root[64])
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	bool found = false;

	if (!mounts)
		return false;
	for (struct mntent *m; (m = getmntent(mounts));) {
		size_t len = strlen(m->mnt_dir);

		if (!strcmp(m->mnt_type, "tracefs") && len < 64) {
			memcpy(root, m->mnt_dir, len + 1);
			found = true;
			/* older systems have it below debugfs, too: the place of its own is as good */
			if (!strcmp(m->mnt_dir, "/sys/kernel/tracing"))
				break;
		}
	}
	endmntent(mounts);
	return found;
}

int tracedir_here(struct tracedir *t, struct contig_diag *diag)
{
	*t = (struct tracedir){ .guest = NULL };
	if (geteuid())
		return contig_diag_set(
			diag, -EPERM,
			"measuring the running kernel traces it and takes memory from it, which needs root: "
			"run it with sudo, or measure a kernel in a guest (--guest)");
	if (!find_mount(t->root))
		return contig_diag_set(
			diag, -ENOENT,
			"tracefs is not mounted: run `mount -t tracefs nodev /sys/kernel/tracing`, or measure "
			"a kernel in a guest (--guest)");
	return 0;
}

static int failed(const struct tracedir *t, const char *doing, const char *file, int err, struct contig_diag *diag)
{
	return contig_diag_set(diag, -err, "tracefs: %s %s/%s: %s", doing, t->root, file, strerror(err));
}

static int put_here(struct tracedir *t, const char *file, const char *text, bool append, struct contig_diag *diag)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", t->root, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC | (append ? O_APPEND : O_TRUNC));
	int err = fd < 0 ? errno : 0;

	/* truncating is all that is asked for if there is no text */
	if (!err && *text && write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err = errno ? errno : EIO;
	if (fd >= 0)
		close(fd);
	return err ? failed(t, "writing", file, err, diag) : 0;
}

static char *get_here(struct tracedir *t, const char *file, struct contig_diag *diag)
{
	char path[512], *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	snprintf(path, sizeof(path), "%s/%s", t->root, file);
	FILE *in = out ? fopen(path, "re") : NULL;
	int err = in ? 0 : errno;

	if (in) {
		char part[65536];

		for (size_t n; (n = fread(part, 1, sizeof(part), in));)
			fwrite(part, 1, n, out);
		err = ferror(in) ? EIO : 0;
		fclose(in);
	}
	if (out && fclose(out))
		err = ENOMEM;
	if (err || !text) {
		failed(t, "reading", file, err ? err : ENOMEM, diag);
		free(text);
		return NULL;
	}
	return text;
}

/* ---- a guest --------------------------------------------------------------------------------- */

/* Single quotes around it: names and texts of ours have none in them. */
static int shell(struct tracedir *t, struct guest_answer **answer, struct contig_diag *diag, const char *command)
{
	int rc = guest_call(t->guest, answer, diag, "sh %d %s", SHELL_SECONDS, command);

	if (rc)
		return rc;
	if ((*answer)->rc)
		return contig_diag_set(diag, -EIO, "in the guest, `%.200s` failed: %.150s", command,
		                       (*answer)->nr_lines ? (*answer)->line[(*answer)->nr_lines - 1]
		                                           : (*answer)->words);
	return 0;
}

int tracedir_in_guest(struct tracedir *t, struct guest *g, struct contig_diag *diag)
{
	struct guest_answer *answer;

	*t = (struct tracedir){ .guest = g, .root = "/sys/kernel/tracing" };
	return shell(t, &answer, diag,
	             "[ -e /sys/kernel/tracing/trace ] || mount -t tracefs nodev /sys/kernel/tracing 2>&1");
}

static int put_in_guest(struct tracedir *t, const char *file, const char *text, bool append, struct contig_diag *diag)
{
	struct guest_answer *answer;
	char command[1024];

	if (*text)
		snprintf(command, sizeof(command), "echo '%s' 2>&1 %s %s/%s", text, append ? ">>" : ">", t->root, file);
	else
		snprintf(command, sizeof(command), ": > %s/%s", t->root, file);
	return shell(t, &answer, diag, command);
}

static char *get_in_guest(struct tracedir *t, const char *file, struct contig_diag *diag)
{
	struct guest_answer *answer;
	char command[512], *text = NULL;
	size_t len;

	snprintf(command, sizeof(command), "cat %s/%s", t->root, file);
	if (shell(t, &answer, diag, command))
		return NULL;
	FILE *out = open_memstream(&text, &len);

	for (uint32_t i = 0; out && i < answer->nr_lines; i++)
		fprintf(out, "%s\n", answer->line[i]);
	if (!out || fclose(out)) {
		contig_diag_set(diag, -ENOMEM, "no memory");
		return NULL;
	}
	return text;
}

/* ---- either ---------------------------------------------------------------------------------- */

int tracedir_put(struct tracedir *t, const char *file, const char *text, bool append, struct contig_diag *diag)
{
	return t->guest ? put_in_guest(t, file, text, append, diag) : put_here(t, file, text, append, diag);
}

char *tracedir_get(struct tracedir *t, const char *file, struct contig_diag *diag)
{
	return t->guest ? get_in_guest(t, file, diag) : get_here(t, file, diag);
}

static int on_dir(struct tracedir *t, const char *command, int (*call)(const char *path), const char *dir,
                  struct contig_diag *diag)
{
	char text[512];
	struct guest_answer *answer;

	if (t->guest) {
		snprintf(text, sizeof(text), "%s %s/%s 2>&1", command, t->root, dir);
		return shell(t, &answer, diag, text);
	}
	snprintf(text, sizeof(text), "%s/%s", t->root, dir);
	return call(text) ? failed(t, command, dir, errno, diag) : 0;
}

static int make(const char *path)
{
	return mkdir(path, 0700);
}

int tracedir_mkdir(struct tracedir *t, const char *dir, struct contig_diag *diag)
{
	return on_dir(t, "mkdir", make, dir, diag);
}

int tracedir_rmdir(struct tracedir *t, const char *dir, struct contig_diag *diag)
{
	return on_dir(t, "rmdir", rmdir, dir, diag);
}
