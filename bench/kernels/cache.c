// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"

static const char *set(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

int cache_path(char path[CACHE_PATH], struct contig_diag *diag, const char *fmt, ...)
{
	const char *own = set("CONTIGBENCH_CACHE"), *xdg = set("XDG_CACHE_HOME"), *home = set("HOME");
	const char *base = own ? own : xdg ? xdg : home;
	char here[CACHE_PATH] = "";
	va_list ap;
	int n, m;

	if (!base)
		return contig_diag_set(diag, -ENOENT,
		                       "no place for kernels: neither HOME nor CONTIGBENCH_CACHE is set");
	/* programs that run elsewhere get these names, too */
	if (*base != '/' && !getcwd(here, sizeof(here)))
		return contig_diag_set(diag, -errno, "%s: where is that? %s", base, strerror(errno));
	n = snprintf(path, CACHE_PATH, "%s%s%s%s/guest/", here, *here ? "/" : "", base,
	             own   ? ""
	             : xdg ? "/contigbench"
	                   : "/.cache/contigbench");
	if (n >= CACHE_PATH)
		return contig_diag_set(diag, -ENAMETOOLONG, "CONTIGBENCH_CACHE: a name of more than %d bytes",
		                       CACHE_PATH);
	va_start(ap, fmt);
	m = vsnprintf(path + n, (size_t)(CACHE_PATH - n), fmt, ap);
	va_end(ap);
	if (m >= CACHE_PATH - n)
		return contig_diag_set(diag, -ENAMETOOLONG, "%s...: a name of more than %d bytes", path, CACHE_PATH);
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(path, 0777) && errno != EEXIST) {
			int err = errno;
			struct stat st;

			/* a read-only parent of what is there already */
			if (stat(path, &st))
				return contig_diag_set(
					diag, -err,
					"the folder %s can not be made: %s; CONTIGBENCH_CACHE names another place",
					path, strerror(err));
		}
		*slash = '/';
	}
	return 0;
}
