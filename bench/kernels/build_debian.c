// SPDX-License-Identifier: MIT
/* build_debian.c - a kernel of Debian's: its release found out, fetched, and the module made with its suite's compiler. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "build.h"
#include "recipe.h"

/* Time limits in seconds: ten times what they take at 10 MB/s, 15 minutes at most. */
#define LIMIT_QUICK  60
#define LIMIT_LISTS  300
#define LIMIT_FETCH  900
#define LIMIT_MODULE 300

struct fetch {
	const struct guest_generation *g;
	const struct build_options *o;
	struct making m;
	char apt[CACHE_PATH], root[CACHE_PATH];
	char release[KERNEL_TEXT], version[KERNEL_TEXT];
	bool apt_used, unreachable;
};

/* A machine that is not Debian has kernels of its own. */
static int check_tools(const char *name, bool offline)
{
	static const struct {
		const char *program, *package;
		bool fetches;
	} tools[] = {
		{ "apt-get", NULL, true },          { "apt-cache", NULL, true },      { "apt-config", NULL, true },
		{ "dpkg-deb", NULL, true },         { "tar", "tar", true },           { "awk", "mawk", true },
		{ "unshare", "util-linux", false }, { "chroot", "coreutils", false },
	};
	struct utsname u;

	if (uname(&u) || strcmp(u.machine, "x86_64"))
		return cli_error(CLI_MACHINE,
		                 "kernels of guests are for x86-64, and a module for them is made on such a machine");
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
		if ((tools[i].fetches && offline) || recipe_has(tools[i].program))
			continue;
		if (!tools[i].package)
			return cli_error(
				CLI_MACHINE,
				"%s is not here: kernels come from Debian's archive with apt and dpkg. On another "
				"system name a kernel of your own: contigbench guest build --name NAME --kernel "
				"bzImage --headers DIR (instead of %s)",
				tools[i].program, name);
		return cli_error(CLI_MACHINE, "%s is not here: install the package %s", tools[i].program,
		                 tools[i].package);
	}
	return CLI_OK;
}

static struct recipe recipe(const struct fetch *f, const char *what, unsigned int seconds)
{
	return (struct recipe){ .name = f->g->name, .what = what, .seconds = seconds };
}

/* The archives' addresses, from the call or the machine. */
static int find_mirror(struct fetch *f, char *archive, char *security, size_t size)
{
	struct recipe r = recipe(f, "apt's configuration", LIMIT_QUICK);
	int status = f->o->mirror && f->o->security ? CLI_OK : recipe_run(&r, (const char *[]){ "mirror", NULL });

	if (status != CLI_OK)
		return status;
	if (!recipe_value(&r, "archive", archive, size))
		*archive = '\0';
	if (!recipe_value(&r, "security", security, size))
		snprintf(security, size, "-"); /* the first release of a suite has kernels, too */
	if (f->o->mirror)
		snprintf(archive, size, "%s", f->o->mirror);
	if (f->o->security || f->o->mirror)
		snprintf(security, size, "%s", f->o->security ? f->o->security : f->o->mirror ? "-" : security);
	if (!*archive)
		return cli_error(
			CLI_MACHINE,
			"%s: apt's configuration names no archive of Debian (`apt-get indextargets`): name one with "
			"--mirror URI, and its security archive with --security URI",
			f->g->name);
	return CLI_OK;
}

static int update_lists(struct fetch *f)
{
	char archive[1024], security[1024], suites[256], *at = suites;
	const char *step[16] = { "update", f->apt, archive, security };
	size_t n = 4;
	int status = find_mirror(f, archive, security, sizeof(archive));

	snprintf(suites, sizeof(suites), "%s", f->g->suites);
	while (n < 15 && (step[n] = strsep(&at, " ")))
		n++;
	if (status != CLI_OK)
		return status;
	struct recipe r = recipe(f, "lists of packages", LIMIT_LISTS);

	r.from = archive;
	f->apt_used = true;
	status = recipe_run(&r, step);
	f->unreachable = r.unreachable;
	if (status == CLI_MACHINE && f->m.there)
		fprintf(stderr, "what is there of %s is of %s, release %s: --offline keeps it\n", f->g->name,
		        f->m.was.date, f->m.was.release);
	return status;
}

static int resolve(struct fetch *f)
{
	struct recipe r = recipe(f, "looking for the release", LIMIT_QUICK);
	const char *step[] = { "resolve", f->apt, f->g->series, f->g->image, NULL };
	int status = recipe_run(&r, step);

	if (status == CLI_OK && sscanf(r.answer, "%255s %255s", f->release, f->version) != 2)
		status = cli_error(CLI_MACHINE, "%s: apt's lists say no release", f->g->name);
	return status;
}

static bool have_headers(const struct fetch *f)
{
	char path[CACHE_PATH + 64], wanted[KERNEL_TEXT + 64], *line = NULL;
	size_t room = 0;
	bool found = false;

	snprintf(path, sizeof(path), "%s/var/lib/dpkg/status", f->root);
	snprintf(wanted, sizeof(wanted), "Package: linux-headers-%s\n", f->release);
	FILE *status = fopen(path, "re");

	while (status && !found && getline(&line, &room, status) > 0)
		found = !strcmp(line, wanted);
	if (status)
		fclose(status);
	free(line);
	return found;
}

static int fetch_headers(struct fetch *f)
{
	struct recipe r = recipe(f, "compiler and headers", LIMIT_FETCH);
	const char *step[] = { "headers", f->apt, f->root, f->release, f->version, NULL };

	return recipe_run(&r, step);
}

static int fetch_image(struct fetch *f)
{
	char package[3 * KERNEL_TEXT];
	struct recipe r = recipe(f, "kernel image", LIMIT_FETCH);
	const char *step[] = { "image", f->apt, f->m.folder, package, f->version, f->release, NULL };

	snprintf(package, sizeof(package), "%s-%s", f->g->image, f->release);
	snprintf(f->m.k.package, sizeof(f->m.k.package), "%.255s", package);
	return recipe_run(&r, step);
}

/* The one that is there, under the same version. */
static int keep_image(struct fetch *f)
{
	char from[CACHE_PATH];
	struct contig_diag diag;

	memcpy(f->m.k.package, f->m.was.package, sizeof(f->m.k.package));
	if (cache_path(from, &diag, "kernels/%s/vmlinuz", f->g->name))
		return cli_error(CLI_MACHINE, "%s", diag.text);
	return making_image(&f->m, from);
}

static int make_module(struct fetch *f)
{
	struct recipe r = recipe(f, "making the module", LIMIT_MODULE);
	const char *step[] = { "module", f->root, f->m.work, f->release, NULL };

	return recipe_run(&r, step);
}

static int make(struct fetch *f, bool is_new)
{
	int status = f->o->offline ? check_tools(f->g->name, true) : CLI_OK;

	if (status == CLI_OK)
		status = making_room(&f->m);
	if (status == CLI_OK && !have_headers(f)) {
		if (f->o->offline)
			return cli_error(
				CLI_MACHINE,
				"%s: the headers of %s, which the changed module needs, are not there any more: "
				"say it without --offline",
				f->g->name, f->release);
		status = fetch_headers(f);
	}
	if (status == CLI_OK)
		status = is_new ? fetch_image(f) : keep_image(f);
	if (status == CLI_OK)
		status = make_module(f);
	if (status != CLI_OK)
		return status;
	memcpy(f->m.k.version, f->version, sizeof(f->version));
	snprintf(f->m.k.suite, sizeof(f->m.k.suite), "%s", f->g->root);
	return making_publish(&f->m);
}

/* Headers of the release before this one. */
static void forget_old(struct fetch *f)
{
	struct recipe r = recipe(f, "removing old headers", LIMIT_QUICK);
	const char *step[] = { "forget", f->root, f->m.was.release, NULL };

	if (f->m.there && *f->m.was.package && strcmp(f->m.was.release, f->release))
		recipe_run(&r, step);
}

/* With the suite's compilers locked: lists, release, and whatever is not there yet. */
static int build_locked(struct fetch *f)
{
	const char *why = NULL;
	int status = CLI_OK;

	if (!f->o->offline) {
		status = update_lists(f);
		if (status == CLI_OK)
			status = resolve(f);
	} else {
		memcpy(f->release, f->m.was.release, sizeof(f->release));
		memcpy(f->version, f->m.was.version, sizeof(f->version));
	}
	if (status != CLI_OK)
		return status;
	bool is_new = !f->m.there || strcmp(f->version, f->m.was.version) || strcmp(f->release, f->m.was.release) ||
	              (f->o->force && !f->o->offline);
	bool stale = f->m.there && !guest_kernel_current(&f->m.was, &why);

	if (is_new || stale || f->o->force) {
		status = make(f, is_new);
		if (status == CLI_OK)
			forget_old(f);
	}
	if (status == CLI_OK)
		printf("%-12s %-26s %-20s %s%s%s%s\n", f->g->name, f->release, f->version,
		       is_new                 ? "built"
		       : stale || f->o->force ? "module made again"
		                              : "is up to date",
		       why && !is_new ? " (" : "", why && !is_new ? why : "", why && !is_new ? ")" : "");
	fflush(stdout);
	return status;
}

int build_debian(const struct guest_generation *g, const struct build_options *o, bool *unreachable)
{
	struct fetch f = { .g = g, .o = o };
	struct contig_diag diag;
	char lock[64];
	int fd = -1, status = CLI_OK;

	if (cache_path(f.apt, &diag, "apt/%s", g->root) || cache_path(f.root, &diag, "roots/%s", g->root))
		return cli_error(CLI_MACHINE, "%s", diag.text);
	status = making_begin(&f.m, g->name);
	if (status != CLI_OK)
		return status;
	snprintf(lock, sizeof(lock), "root-%s", g->root);
	if (o->offline && !f.m.there)
		status = cli_error(CLI_MACHINE, "%s has not been built, and --offline fetches nothing", g->name);
	else if (!o->offline)
		status = check_tools(g->name, false);
	if (status == CLI_OK && (fd = lock_take(lock, true, NULL)) < 0)
		status = CLI_MACHINE;
	if (status == CLI_OK)
		status = build_locked(&f);
	if (status == CLI_OK && f.apt_used) {
		struct recipe r = recipe(&f, "tidying", LIMIT_QUICK);

		recipe_run(&r, (const char *[]){ "tidy", f.apt, NULL });
	}
	if (fd >= 0)
		close(fd);
	making_end(&f.m);
	*unreachable = f.unreachable;
	return status;
}
