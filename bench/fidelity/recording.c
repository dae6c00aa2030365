// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../cli.h"
#include "../results/folder.h"
#include "recording.h"

/* ---- the folder ------------------------------------------------------------------------------ */

static bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

/* Into r->path. */
static void default_path(struct fidelity_record *r)
{
	const size_t size = sizeof(r->path);
	char date[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	snprintf(r->path, size, "results/fidelity-%s", date);
	for (unsigned int n = 2; exists(r->path) && n < 1000; n++)
		snprintf(r->path, size, "results/fidelity-%s-%u", date, n);
}

static int make(const char *path)
{
	return mkdir(path, 0777) ? cli_error(CLI_MACHINE, "%s can not be made: %s", path, strerror(errno)) : CLI_OK;
}

int recording_open(struct fidelity_record *r, const char *path)
{
	*r = (struct fidelity_record){ 0 };
	if (path && strlen(path) >= sizeof(r->path))
		return cli_error(CLI_USAGE, "-o: a name of more than %zu bytes", sizeof(r->path));
	if (path)
		snprintf(r->path, sizeof(r->path), "%s", path);
	else
		default_path(r);
	for (size_t n = strlen(r->path); n > 1 && r->path[n - 1] == '/'; n--)
		r->path[n - 1] = '\0';
	snprintf(r->partial, sizeof(r->partial), "%s.partial", r->path);
	if (exists(r->path))
		return cli_error(CLI_USAGE, "%s exists: choose another folder with -o", r->path);
	if (exists(r->partial))
		return cli_error(CLI_USAGE,
		                 "%s is left of an interrupted run: remove it, or choose another folder with -o",
		                 r->partial);
	if (!path && !exists("results")) {
		int status = make("results");

		if (status)
			return status;
	}
	int status = make(r->partial);

	r->kernels = status ? NULL : json_array();
	return status;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int path_of(const struct fidelity_record *r, const char *name, char out[4096], struct contig_diag *diag)
{
	if ((size_t)snprintf(out, 4096, "%s/%s", r->partial, name) >= 4096)
		return contig_diag_set(diag, -ENAMETOOLONG, "%.100s...: the name is too long", r->partial);
	return 0;
}

static int can_not(const char *path, struct contig_diag *diag)
{
	int err = errno ? errno : EIO;

	return contig_diag_set(diag, -err, "%.400s can not be written: %s", path, strerror(err));
}

static int close_file(struct fidelity_record *r, struct contig_diag *diag)
{
	int rc = r->file && gzclose(r->file) != Z_OK ? can_not(r->name, diag) : 0;

	r->file = NULL;
	return rc;
}

/* At the end of the file; a plain one is written plainly, a compressed one gets one more member. */
static int append(struct fidelity_record *r, const char *name, const char *text, size_t len, struct contig_diag *diag)
{
	size_t n = strlen(name);
	bool compressed = n > 3 && !strcmp(name + n - 3, ".gz");
	char path[4096];
	int rc = r->file && !strcmp(r->name, name) ? 0 : close_file(r, diag);

	rc = rc || r->file ? rc : path_of(r, name, path, diag);
	errno = 0;
	if (!rc && !r->file) {
		snprintf(r->name, sizeof(r->name), "%s", name);
		r->file = gzopen(path, compressed ? "ab6" : "abT");
	}
	if (!rc && (!r->file || gzfwrite(text, 1, len, r->file) != len))
		rc = can_not(name, diag);
	return rc;
}

int recording_line(struct fidelity_record *r, const char *name, json_t *line, struct contig_diag *diag)
{
	char *text = line ? json_dumps(line, JSON_PRESERVE_ORDER) : NULL;
	int rc = text ? 0 : contig_diag_set(diag, -ENOMEM, "no memory");
	size_t len = text ? strlen(text) : 0;

	if (!rc) {
		text[len] = '\n'; /* where its NUL was */
		rc = append(r, name, text, len + 1, diag);
		r->lines += !rc;
	}
	free(text);
	json_decref(line);
	return rc;
}

int recording_layout(struct fidelity_record *r, const char *name, const char *kernel, const struct zone_layout *l,
                     struct contig_diag *diag)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int rc = f ? 0 : contig_diag_set(diag, -ENOMEM, "no memory");

	if (f) {
		zone_layout_print(l, kernel, f);
		if (fclose(f) && !rc)
			rc = contig_diag_set(diag, -ENOMEM, "no memory");
	}
	rc = rc ? rc : append(r, name, text, len, diag);
	free(text);
	return rc;
}

int recording_copy(const struct fidelity_record *r, const char *from, struct contig_diag *diag)
{
	const char *slash = strrchr(from, '/');
	char path[4096], text[65536];
	int rc = path_of(r, slash ? slash + 1 : from, path, diag);
	size_t n;

	if (rc || exists(path))
		return rc;
	FILE *in = fopen(from, "r"), *out = in ? fopen(path, "w") : NULL;

	if (!out) {
		rc = contig_diag_set(diag, -errno, "%.200s can not be copied to %.200s: %s", from, path,
		                     strerror(errno));
		if (in)
			fclose(in);
		return rc;
	}
	while ((n = fread(text, 1, sizeof(text), in)))
		fwrite(text, 1, n, out);
	if (ferror(in) || ferror(out))
		rc = can_not(path, diag);
	fclose(in);
	if (fclose(out) && !rc)
		rc = can_not(path, diag);
	return rc;
}

int recording_kernel(struct fidelity_record *r, json_t *kernel, struct contig_diag *diag)
{
	const char *name = json_string_value(json_object_get(kernel, "kernel"));
	char path[4096], temporary[4096 + 8];
	json_t *o, *mine = NULL;
	size_t i;

	json_array_foreach(r->kernels, i, o)
	{
		if (!strcmp(json_string_value(json_object_get(o, "kernel")), name))
			mine = o;
	}
	if (mine)
		json_object_update(mine, kernel);
	else
		json_array_append(r->kernels, kernel);
	json_decref(kernel);
	int rc = path_of(r, "kernels.json", path, diag);

	snprintf(temporary, sizeof(temporary), "%s.tmp", path);
	if (!rc &&
	    (json_dump_file(r->kernels, temporary, JSON_INDENT(1) | JSON_PRESERVE_ORDER) || rename(temporary, path)))
		rc = can_not(path, diag);
	return rc;
}

/* ---- its end ---------------------------------------------------------------------------------- */

int recording_publish(struct fidelity_record *r)
{
	struct contig_diag diag;
	int rc = close_file(r, &diag);

	json_decref(r->kernels);
	r->kernels = NULL;
	if (rc)
		return cli_error(CLI_MACHINE, "%s", diag.text);
	if (rename(r->partial, r->path))
		return cli_error(CLI_MACHINE, "%s can not be renamed to %s: %s", r->partial, r->path, strerror(errno));
	return CLI_OK;
}

void recording_discard(struct fidelity_record *r)
{
	struct contig_diag diag;

	close_file(r, &diag);
	json_decref(r->kernels);
	r->kernels = NULL;
	folder_remove(r->partial);
}
