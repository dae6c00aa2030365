// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "kernels.h"
#include "module.h"

/* One release a long-term series, and the newest there is for all that has changed since. */
/* clang-format off */
const struct guest_generation guest_generations[] = {
	{ "linux-5.10", "5.10", "bullseye", "bullseye bullseye-security", "linux-image" },
	{ "linux-6.1", "6.1", "bookworm", "bookworm bookworm-security", "linux-image" },
	{ "linux-6.12", "6.12", "trixie", "trixie trixie-security", "linux-image" },
	/* there linux-image is an empty package that needs this one */
	{ "linux-7.2", "7.2", "trixie", "trixie trixie-security trixie-backports", "linux-binary" },
	{ 0 },
};
/* clang-format on */

const struct guest_generation *guest_generation_named(const char *name)
{
	for (const struct guest_generation *g = guest_generations; g->name; g++) {
		if (!strcmp(g->name, name))
			return g;
	}
	return NULL;
}

/* ---- kernel.json: docs/formats.md ---------------------------------------------------------------- */

#define MEMBER(key, field, must)                                                                                       \
	{                                                                                                              \
		key, offsetof(struct guest_kernel, field), sizeof(((struct guest_kernel *)0)->field), must             \
	}

static const struct {
	const char *key;
	size_t at, size;
	bool must; /* be there */
} members[] = {
	MEMBER("name", name, true),
	MEMBER("release", release, true),
	MEMBER("package", package, false),
	MEMBER("version", version, false),
	MEMBER("suite", suite, false),
	MEMBER("compiler", compiler, false),
	MEMBER("date", date, true),
	MEMBER("vmlinuz_sha256", vmlinuz_sha256, true),
	MEMBER("module_sha256", module_sha256, true),
	MEMBER("from_kernel", from_kernel, false),
	MEMBER("from_headers", from_headers, false),
	MEMBER("from_cc", from_cc, false),
};
#define NR_MEMBERS (sizeof(members) / sizeof(members[0]))

int guest_kernel_name(const char *given, char name[CONTIG_MAX_NAME + 1], struct contig_diag *diag)
{
	const char *at = strchr(given, '@');
	int len = at && !strcmp(at, "@guest") ? (int)(at - given) : -1;

	if (snprintf(name, CONTIG_MAX_NAME + 1, "%.*s", len, given) > (int)CONTIG_MAX_NAME || !contig_name_ok(name))
		return contig_diag_set(diag, -EINVAL,
		                       "'%.64s' is no name of a kernel, which is made of a-z, 0-9, '.', '_' and '-': "
		                       "`contigbench guest list` has those that are built",
		                       given);
	return 0;
}

int guest_kernel_load(const char *name, struct guest_kernel *k, struct contig_diag *diag)
{
	char path[CACHE_PATH] = "";
	json_error_t error;
	int err = cache_path(path, diag, "kernels/%s", name); /* makes what is above its last part only */
	size_t path_len = strlen(path);

	*k = (struct guest_kernel){ 0 };
	if (err)
		return err;
	if (path_len + sizeof("/kernel.json") > sizeof(path))
		return contig_diag_set(diag, -ENAMETOOLONG, "%s: a name of more than %zu bytes", path, sizeof(path));
	strcpy(path + path_len, "/kernel.json");
	if (access(path, R_OK)) {
		err = errno;
		if (err != ENOENT && err != ENOTDIR)
			return contig_diag_set(diag, -err, "%s can not be read: %s", path, strerror(err));
		return contig_diag_set(
			diag, -ENOENT,
			guest_generation_named(name)
				? "the kernel %s has not been built: `contigbench guest build %s`"
				: "there is no kernel %s: `contigbench guest list` has those that are built; "
				  "one of your own: `contigbench guest build --name %s --kernel bzImage "
				  "--headers DIR`",
			name, name);
	}
	json_t *json = json_load_file(path, 0, &error);

	for (size_t i = 0; i < NR_MEMBERS && !err; i++) {
		const char *value = json_string_value(json_object_get(json, members[i].key));
		size_t len = value ? strlen(value) : 0;

		if (len >= members[i].size || (members[i].must && !len))
			err = -EBADMSG;
		else if (len)
			memcpy((char *)k + members[i].at, value, len + 1);
	}
	json_decref(json);
	if (err || strcmp(k->name, name))
		return contig_diag_set(diag, -EBADMSG,
		                       "%s is damaged: `contigbench guest clean %s`, then build it again", path, name);
	return 0;
}

int guest_kernel_store(const char *folder, const struct guest_kernel *k, struct contig_diag *diag)
{
	char path[CACHE_PATH];
	json_t *json = json_object();
	int err = 0;

	if (snprintf(path, sizeof(path), "%s/kernel.json", folder) >= (int)sizeof(path))
		err = -ENAMETOOLONG;
	for (size_t i = 0; i < NR_MEMBERS && !err; i++) {
		const char *value = (const char *)k + members[i].at;

		/* a name of a file is bytes, and JSON is UTF-8 */
		if (*value && json_object_set_new(json, members[i].key, json_string(value)))
			err = -EILSEQ;
	}
	errno = 0;
	if (!err && json_dump_file(json, path, JSON_INDENT(1)))
		err = errno ? -errno : -EIO;
	json_decref(json);
	return err ? contig_diag_set(diag, err, "%s can not be written: %s", path, strerror(-err)) : 0;
}

static int named(const struct dirent *d)
{
	return contig_name_ok(d->d_name);
}

void guest_kernel_each(bool (*one)(void *ctx, const char *name), void *ctx)
{
	char path[CACHE_PATH];
	struct dirent **entries;
	bool more = true;
	int n = cache_path(path, NULL, "kernels/") ? -1 : scandir(path, &entries, named, versionsort);

	for (int i = 0; i < n; i++) {
		char json[CACHE_PATH + 300];

		snprintf(json, sizeof(json), "%s%s/kernel.json", path, entries[i]->d_name);
		if (more && !access(json, F_OK))
			more = one(ctx, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

bool guest_kernel_current(const struct guest_kernel *k, const char **why)
{
	char hex[65];

	*why = NULL;
	if (!module_digest(hex) && strcmp(hex, k->module_sha256))
		*why = "the module's sources have changed";
	else if (*k->from_kernel && !image_sha256(k->from_kernel, hex) && strcmp(hex, k->vmlinuz_sha256))
		*why = "its image has changed";
	return !*why;
}
