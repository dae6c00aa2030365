// SPDX-License-Identifier: MIT
/*
 * initramfs.c - all that is inside a guest when it begins.
 *
 *	/init			the agent
 *	/contigbench.ko		the module for its kernel
 *	/bin/...		busybox, and a link for each of its commands
 *	/bin/contigbench	this program, where that is wanted, with the libraries that it runs with, and what ships with it
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../shipped.h"
#include "cpio.h"
#include "inside.h"

#define MAX_FOLDERS 64

struct initramfs {
	struct cpio cpio;
	char folder[MAX_FOLDERS][256]; /* those that are in it */
	unsigned int nr_folders;
	int err;
	char at[512]; /* what could not be put in */
};

/* ---- putting in ----------------------------------------------------------------------------------- */

static bool failed(struct initramfs *i, int err, const char *what)
{
	if (err && !i->err) {
		i->err = err;
		snprintf(i->at, sizeof(i->at), "%.500s", what);
	}
	return i->err;
}

static void add_folder(struct initramfs *i, const char *name)
{
	for (unsigned int k = 0; k < i->nr_folders; k++) {
		if (!strcmp(i->folder[k], name))
			return;
	}
	if (failed(i, i->nr_folders == MAX_FOLDERS || strlen(name) >= sizeof(i->folder[0]) ? -ENAMETOOLONG : 0, name))
		return;
	strcpy(i->folder[i->nr_folders++], name);
	failed(i, cpio_folder(&i->cpio, name), name);
}

/* The folders that a name needs. */
static void add_folders_of(struct initramfs *i, const char *name)
{
	char folder[4096];

	for (const char *slash = name; (slash = strchr(slash, '/')) && !i->err; slash++) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - name), name);
		add_folder(i, folder);
	}
}

static void add_file(struct initramfs *i, const char *name, unsigned int mode, const char *path)
{
	add_folders_of(i, name);
	if (!i->err)
		failed(i, cpio_file(&i->cpio, name, mode, path), path);
}

static void add_link(struct initramfs *i, const char *name, const char *to)
{
	add_folders_of(i, name);
	if (!i->err)
		failed(i, cpio_link(&i->cpio, name, to), name);
}

/* ---- where it is ---------------------------------------------------------------------------------- */

/* The agent: beside the program, further up for tests and variants, or where `make install` puts it. */
static bool find_agent(char path[4096])
{
	static const char *const places[] = { "", "../", "../../", "../share/contigbench/guest/" };
	char program[2048];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	program[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(program, '/');

	if (slash)
		slash[1] = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, 4096, "%s%scontigbench-agent", program, places[i]);
		if (!access(path, R_OK))
			return true;
	}
	return false;
}

/* Does it need no library? In a guest there is none. */
static bool is_static(const char *path)
{
	union {
		Elf64_Ehdr head;
		unsigned char ident[EI_NIDENT];
	} elf;
	bool ok = false;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && pread(fd, &elf, sizeof(elf), 0) == (ssize_t)sizeof(elf) && !memcmp(elf.ident, ELFMAG, SELFMAG) &&
	    elf.ident[EI_CLASS] == ELFCLASS64 && elf.head.e_phentsize == sizeof(Elf64_Phdr)) {
		ok = true;
		for (unsigned int i = 0; ok && i < elf.head.e_phnum; i++) {
			Elf64_Phdr ph;

			ok = pread(fd, &ph, sizeof(ph), (off_t)(elf.head.e_phoff + i * sizeof(ph))) ==
			             (ssize_t)sizeof(ph) &&
			     ph.p_type != PT_INTERP;
		}
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool find_busybox(char path[4096])
{
	const char *p = getenv("PATH");

	if (!p)
		p = "/bin:/usr/bin";
	while (*p) {
		size_t len = strcspn(p, ":");

		snprintf(path, 4096, "%.*s/busybox", (int)len, p);
		if (!access(path, X_OK) && is_static(path))
			return true;
		p += len + (p[len] == ':');
	}
	return false;
}

/* ---- its parts ------------------------------------------------------------------------------------ */

static int add_busybox(struct initramfs *i, struct contig_diag *diag)
{
	char path[4096], name[256], *list;
	struct spawn_how how = SPAWN_HOW;

	if (!find_busybox(path))
		return contig_diag_set(
			diag, -ENOEXEC,
			"no static busybox: `apt-get install --no-install-recommends busybox-static`, or "
			"`scripts/setup guest` in the source tree");
	how.argv = (char *[]){ path, "--list", NULL };
	how.seconds = 10;
	int err = spawn_run(&how, &list, diag);

	if (err)
		return err;
	add_file(i, "bin/busybox", 0755, path);
	for (char *at = list, *word; (word = strsep(&at, "\n"));) {
		if (*word && strcmp(word, "busybox") && strlen(word) < 200) {
			snprintf(name, sizeof(name), "bin/%s", word);
			add_link(i, name, "busybox");
		}
	}
	free(list);
	return 0;
}

/* What this very process runs with: whatever the loader found, however it found it. */
static int add_library(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct initramfs *i = ctx;
	const char *path = info->dlpi_name, *base = strrchr(path, '/');
	char real[4096], link[512];

	(void)size;
	if (*path != '/' || !realpath(path, real))
		return 0; /* ourselves, and the kernel's own */
	add_file(i, path + 1, 0755, real);
	/* one that lies where the loader would not look without being told */
	if (strncmp(path, "/lib/", 5) && strncmp(path, "/lib64/", 7) && strncmp(path, "/usr/lib", 8)) {
		snprintf(link, sizeof(link), "lib/%s", base + 1);
		add_link(i, link, path);
	}
	return i->err;
}

static bool add_shipped(void *ctx, const char *path)
{
	struct initramfs *i = ctx;
	const char *base = strrchr(path, '/') + 1, *dot = strrchr(base, '.');
	char name[512];

	snprintf(name, sizeof(name), "share/contigbench/%s/%s", dot && !strcmp(dot, ".scn") ? "scenarios" : "corpus",
	         base);
	add_file(i, name, 0644, path);
	return !i->err;
}

static void add_program(struct initramfs *i)
{
	add_file(i, "bin/contigbench", 0755, "/proc/self/exe");
	dl_iterate_phdr(add_library, i);
	shipped_each("corpus", ".ctr", add_shipped, i);
	shipped_each("scenarios", ".scn", add_shipped, i);
}

static void add_given(struct initramfs *i, const struct guest_file *f)
{
	if (f->path) {
		add_file(i, f->name, 0755, f->path);
		return;
	}
	add_folders_of(i, f->name);
	if (!i->err)
		failed(i, cpio_text(&i->cpio, f->name, 0755, f->text), f->name);
}

static int fill(struct initramfs *i, const char *module, const struct guest_options *o, struct contig_diag *diag)
{
	static const char *const folders[] = { "dev", "proc", "sys", "tmp", "run", "root", "bin" };
	char agent[4096];

	if (!find_agent(agent))
		return contig_diag_set(diag, -ENOENT,
		                       "contigbench-agent, which runs inside a guest, is not beside this program: "
		                       "`make` builds it");
	for (size_t k = 0; k < sizeof(folders) / sizeof(folders[0]); k++)
		add_folder(i, folders[k]);
	/* what the first process has for its output, before it has mounted anything */
	if (!i->err)
		failed(i, cpio_device(&i->cpio, "dev/console", 5, 1), "dev/console");
	add_file(i, "init", 0755, agent);
	add_file(i, "contigbench.ko", 0644, module);
	int err = add_busybox(i, diag);

	if (err)
		return err;
	if (o->program)
		add_program(i);
	for (const struct guest_file *f = o->files; f && f->name && !i->err; f++)
		add_given(i, f);
	if (!i->err)
		failed(i, cpio_end(&i->cpio), "its end");
	return i->err ? contig_diag_set(diag, i->err, "%s can not be put into a guest: %s", i->at, strerror(-i->err))
	              : 0;
}

int initramfs_make(const char *module, const struct guest_options *o, struct contig_diag *diag)
{
	struct initramfs *i = calloc(1, sizeof(*i));
	int fd = memfd_create("initramfs", MFD_CLOEXEC);
	int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (i && copy >= 0)
		i->cpio.f = fdopen(copy, "w");
	int err = !i || !i->cpio.f ? contig_diag_set(diag, -ENOMEM, "no memory for a guest's files")
	                           : fill(i, module, o, diag);

	if (i && i->cpio.f)
		fclose(i->cpio.f);
	else if (copy >= 0)
		close(copy);
	free(i);
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}
