// SPDX-License-Identifier: MIT
/* build_own.c - somebody's own kernel: an image, and the module made against the tree that the image is from. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"
#include "image.h"
#include "recipe.h"

#define LIMIT_MODULE 600

/* What a guest can not do without; or what is answered "not possible here" without it. */
static const struct {
	const char *option;
	bool must;
	const char *what;
} needed[] = {
	{ "CONFIG_MODULES", true, "nothing can be loaded" },
	{ "CONFIG_BLK_DEV_INITRD", true, "there is no user space" },
	{ "CONFIG_SERIAL_8250_CONSOLE", true, "nobody hears it" },
	{ "CONFIG_CONTIG_ALLOC", true, "there is no alloc_contig_range" },
	{ "CONFIG_NUMA", true, "there is no quiet node to experiment on" },
	{ "CONFIG_KPROBES", false, "what is not exported can not be called" },
	{ "CONFIG_TRANSPARENT_HUGEPAGE", false, "there are no THPs" },
	{ "CONFIG_HUGETLBFS", false, "there are no hugetlb pages" },
	{ "CONFIG_MEMORY_HOTREMOVE", false, "no memory goes offline" },
};
#define NR_NEEDED (sizeof(needed) / sizeof(needed[0]))

struct tree {
	char path[PATH_MAX];
	char release[KERNEL_TEXT]; /* what its modules are for; "" if it does not say */
	bool clang;
};

static FILE *open_in(const char *folder, const char *name)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return fopen(path, "re");
}

static int check_config(const char *name, struct tree *t, FILE *config)
{
	char *line = NULL;
	size_t room = 0;
	bool has[NR_NEEDED] = { false };

	while (getline(&line, &room, config) > 0) {
		size_t len = strcspn(line, "=");

		if (strncmp(line + len, "=y", 2))
			continue;
		line[len] = '\0';
		t->clang |= !strcmp(line, "CONFIG_CC_IS_CLANG");
		for (size_t i = 0; i < NR_NEEDED; i++)
			has[i] |= !strcmp(line, needed[i].option);
	}
	free(line);
	for (size_t i = 0; i < NR_NEEDED; i++) {
		if (!has[i] && needed[i].must)
			return cli_error(CLI_USAGE, "%s: %s is configured without %s=y, and then %s", name, t->path,
			                 needed[i].option, needed[i].what);
		if (!has[i])
			cli_warn("%s is configured without %s=y: %s", name, needed[i].option, needed[i].what);
	}
	return CLI_OK;
}

/* Is it a tree that modules can be made in? */
static int check_tree(const char *name, const char *headers, struct tree *t)
{
	static const char how[] = "make the kernel there (or `make modules_prepare`), or name a folder like "
				  "/usr/src/linux-headers-RELEASE";
	struct stat st;

	*t = (struct tree){ .clang = false };
	if (!realpath(headers, t->path) || stat(t->path, &st) || !S_ISDIR(st.st_mode))
		return cli_error(CLI_USAGE, "--headers %s: %s", headers,
		                 errno == ENOENT ? "there is no such folder" : "it is no folder that can be read");
	FILE *makefile = open_in(t->path, "Makefile"), *config = open_in(t->path, "include/config/auto.conf");
	FILE *symbols = open_in(t->path, "Module.symvers"),
	     *release = open_in(t->path, "include/generated/utsrelease.h");
	int status = CLI_OK;

	if (!makefile || !config)
		status = cli_error(CLI_USAGE, "--headers %s: no kernel was built there, or it is not prepared: %s",
		                   headers, how);
	else
		status = check_config(name, t, config);
	if (status == CLI_OK && !symbols)
		cli_warn("%s has no Module.symvers: the module may not load; make the whole kernel there", headers);
	if (release && fscanf(release, "#define UTS_RELEASE \"%255[^\"]", t->release) != 1)
		t->release[0] = '\0';
	FILE *all[] = { makefile, config, symbols, release };

	for (size_t i = 0; i < 4; i++) {
		if (all[i])
			fclose(all[i]);
	}
	return status;
}

static int make_module(struct making *m, const struct tree *t, const char *cc)
{
	char module[CACHE_PATH + 96], compiler[KERNEL_TEXT + 8], log[CACHE_PATH];
	const char *argv[] = { "make", "-C", t->path, module, "modules", compiler, NULL };
	struct spawn_how how = SPAWN_HOW;
	struct contig_diag diag;
	struct spawn s;

	snprintf(module, sizeof(module), "M=%s/module", m->work);
	if (cc)
		snprintf(compiler, sizeof(compiler), "CC=%s", cc);
	else if (t->clang)
		snprintf(compiler, sizeof(compiler), "LLVM=1");
	else
		argv[5] = NULL;
	how.argv = (char *const *)argv;
	how.env = (char *const[]){ "LC_ALL=C", "MAKEFLAGS=", NULL };
	how.err = SPAWN_AS_OUT;
	how.seconds = LIMIT_MODULE;
	if (spawn_start(&s, &how, &diag))
		return cli_error(CLI_MACHINE, "%s: %s; install make and the compiler that the kernel was built with",
		                 m->k.name, diag.text);
	for (uint64_t tenths = 0; !spawn_wait(&s, 100); tenths++)
		cli_progress("making the module, seconds", tenths / 10, LIMIT_MODULE);
	cli_progress(NULL, 0, 0);
	int err = spawn_said(&s, &diag);
	char *text = spawn_out(&s);

	spawn_close(&s);
	if (err) {
		recipe_log(m->k.name, text ? text : "", log, sizeof(log));
		cli_error(CLI_USAGE, "%s: the module can not be made in %s: %s; all of it is in %s", m->k.name, t->path,
		          text ? recipe_reason(text) : diag.text, log);
	}
	free(text);
	return err ? CLI_USAGE : CLI_OK;
}

/* The sentence for two that do not belong together, before anything is made. */
static int check_release(struct making *m, const struct tree *t, const char *kernel)
{
	struct contig_diag diag;
	char release[KERNEL_TEXT];

	if (image_release(kernel, release, sizeof(release), &diag))
		return cli_error(CLI_USAGE, "--kernel: %s", diag.text);
	if (*t->release && strcmp(release, t->release))
		return cli_error(
			CLI_USAGE,
			"%s: the image %s is %s, but the headers in %s are of %s: a module made there would not load; "
			"both must be from one build",
			m->k.name, kernel, release, t->path, t->release);
	return CLI_OK;
}

static int build(struct making *m, const char *kernel, const char *headers, const char *cc, bool force)
{
	char image[PATH_MAX], hex[65];
	const char *why = NULL;
	struct tree t;
	int status = check_tree(m->k.name, headers, &t);

	if (status != CLI_OK)
		return status;
	if (!realpath(kernel, image))
		return cli_error(CLI_USAGE, "--kernel %s: %s", kernel, strerror(errno));
	if (strlen(image) >= sizeof(m->k.from_kernel) || strlen(t.path) >= sizeof(m->k.from_headers) ||
	    (cc && strlen(cc) >= sizeof(m->k.from_cc)))
		return cli_error(CLI_USAGE, "a name of more than %zu bytes", sizeof(m->k.from_kernel) - 1);
	snprintf(m->k.from_kernel, sizeof(m->k.from_kernel), "%s", image);
	snprintf(m->k.from_headers, sizeof(m->k.from_headers), "%s", t.path);
	snprintf(m->k.from_cc, sizeof(m->k.from_cc), "%s", cc ? cc : "");
	if (cc) {
		char program[KERNEL_TEXT];

		snprintf(program, sizeof(program), "%.*s", (int)strcspn(cc, " "), cc);
		if (strchr(program, '/') ? access(program, X_OK) : !recipe_has(program))
			return cli_error(CLI_USAGE, "--cc %s: there is no such program", cc);
	}
	status = check_release(m, &t, image);
	if (status != CLI_OK)
		return status;
	bool same = m->there && !strcmp(m->was.from_kernel, image) && !strcmp(m->was.from_headers, t.path) &&
	            !strcmp(m->was.from_cc, m->k.from_cc) && guest_kernel_current(&m->was, &why) && !force &&
	            !image_sha256(image, hex);

	if (!same) {
		status = making_room(m);
		if (status == CLI_OK)
			status = making_image(m, image);
		if (status == CLI_OK)
			status = make_module(m, &t, cc);
		if (status == CLI_OK)
			status = making_publish(m);
	}
	if (status == CLI_OK)
		printf("%-12s %-26s %-20s %s\n", m->k.name, same ? m->was.release : m->k.release, "-",
		       same ? "is up to date" : "built");
	return status;
}

int build_own(const char *name, const struct build_options *o)
{
	struct making m;
	const char *kernel = o->kernel, *headers = o->headers, *cc = o->cc;
	struct contig_diag diag = { "" };
	struct guest_kernel k;

	/* before its lock, which is a file that stays */
	if (!kernel && guest_kernel_load(name, &k, &diag))
		return cli_error(CLI_USAGE, "%s", diag.text);
	int status = making_begin(&m, name);

	if (status != CLI_OK)
		return status;
	if (!kernel) {
		kernel = k.from_kernel;
		headers = k.from_headers;
		cc = cc ? cc : *k.from_cc ? k.from_cc : NULL;
	}
	status = build(&m, kernel, headers, cc, o->force);
	making_end(&m);
	return status;
}
