// SPDX-License-Identifier: MIT
/* plugin.c - loading a shared object with backends: everything is looked at before anything is believed. */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "plugin.h"

#define SYMBOL   "contig_plugin"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define MAX_SUMMARY 120u /* bytes: a line of `contigbench list` */

/* What the three fields that never move take. */
#define HEAD_SIZE (offsetof(struct contig_plugin, size) + sizeof(uint32_t))

struct named_number {
	const char *name;
	uint32_t value;
};

/* The loader maps what the file says it has, and dies where it has not. What is no ELF file of this machine it refuses itself. */
static int check_whole(const char *path, struct contig_diag *diag)
{
	FILE *f = fopen(path, "r");
	ElfW(Ehdr) head;
	ElfW(Phdr) part;
	uint64_t size = 0, needed = 0;

	if (!f)
		return contig_diag_set(diag, -ENOENT, "can not be loaded: %s", strerror(errno));
	if (fread(&head, sizeof(head), 1, f) == 1 && !memcmp(head.e_ident, ELFMAG, SELFMAG) &&
	    head.e_ident[EI_CLASS] == (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) &&
	    head.e_phentsize == sizeof(part) && !fseek(f, (long)head.e_phoff, SEEK_SET)) {
		for (unsigned int i = 0; i < head.e_phnum && fread(&part, sizeof(part), 1, f) == 1; i++) {
			if (part.p_type == PT_LOAD && part.p_offset + part.p_filesz > needed)
				needed = part.p_offset + part.p_filesz;
		}
	}
	if (!fseek(f, 0, SEEK_END))
		size = (uint64_t)ftell(f);
	fclose(f);
	return size >= needed ? 0
	                      : contig_diag_set(diag, -ENOEXEC, "is cut short: it has %llu of %llu bytes at least",
	                                        (unsigned long long)size, (unsigned long long)needed);
}

/* dlopen() looks for a name without a slash where libraries are. */
static void *open_file(const char *path, struct contig_diag *diag)
{
	char here[4096];
	int len = snprintf(here, sizeof(here), "%s%s", strchr(path, '/') ? "" : "./", path);
	void *file = dlopen(here, RTLD_NOW | RTLD_LOCAL);

	if (!file) {
		const char *why = dlerror();

		/* most of the messages begin with the name */
		if (!strncmp(why, here, (size_t)len) && !strncmp(why + len, ": ", 2))
			why += len + 2;
		contig_diag_set(diag, -ENOENT, "can not be loaded: %.400s", why);
	}
	return file;
}

/* Bytes that the symbol has in the file's own table; 0: none is noted. */
static uint64_t size_of(const void *symbol)
{
	const ElfW(Sym) *entry = NULL;
	Dl_info info;

	return dladdr1(symbol, &info, (void **)&entry, RTLD_DL_SYMENT) && entry ? entry->st_size : 0;
}

/* Is it a plugin, and one that was built for this table of operations? */
static int check_version(const struct contig_plugin *p, struct contig_diag *diag)
{
	uint64_t size = size_of(p);

	if (size < HEAD_SIZE || p->magic != CONTIG_PLUGIN_MAGIC)
		return contig_diag_set(diag, -ENOEXEC,
		                       "is no plugin: its symbol " SYMBOL " was not made by CONTIG_PLUGIN()");
	if (p->version != CONTIG_PLUGIN_VERSION)
		return contig_diag_set(diag, -ENOEXEC,
		                       "was built for version %u of the table of operations, this program has version "
		                       "%u: build it again with the headers of this program",
		                       p->version, CONTIG_PLUGIN_VERSION);
	if (p->size != sizeof(*p) || size < sizeof(*p))
		return contig_diag_set(
			diag, -ENOEXEC,
			"was built with another plugin.h: struct contig_plugin has %u bytes there and %zu here: build "
			"it again with the headers of this program",
			p->size, sizeof(*p));
	return 0;
}

/* Was it compiled with the same contig.h? */
static int check_layout(const struct contig_plugin *p, struct contig_diag *diag)
{
#define NAMED(n) { #n, (uint32_t)(n) },
	static const struct named_number here[] = { CONTIG_PLUGIN_LAYOUT(NAMED) };
#undef NAMED
	if (p->nr_layout != COUNT(here) || !p->layout)
		return contig_diag_set(
			diag, -ENOEXEC,
			"was built with another contig.h (%u numbers instead of %zu): build it again with "
			"the headers of this program",
			p->nr_layout, COUNT(here));
	for (size_t i = 0; i < COUNT(here); i++) {
		if (p->layout[i] != here[i].value)
			return contig_diag_set(diag, -ENOEXEC,
			                       "was built with another contig.h: %s is %u there and %u here: build it "
			                       "again with the headers of this program",
			                       here[i].name, p->layout[i], here[i].value);
	}
	return 0;
}

static bool is_line(const char *text, size_t most)
{
	size_t len = text ? strnlen(text, most + 1) : 0;

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	}
	return len && len <= most;
}

/* The first operation that is not there, or NULL. */
static const char *missing_operation(const struct contig_backend *b)
{
#define CORE(b, op)                                                                                                    \
	if (!(b)->op)                                                                                                  \
		return #op;
#define LAB(b, op)                                                                                                     \
	if ((b)->lab && !(b)->lab->op)                                                                                 \
		return "lab->" #op;
	CONTIG_CORE_OPS(CORE, b)
	CONTIG_LAB_OPS(LAB, b)
#undef CORE
#undef LAB
	return NULL;
}

static int check_backend(const struct contig_backend *b, uint32_t number, struct contig_diag *diag)
{
	if (!b || !b->name)
		return contig_diag_set(diag, -EINVAL, "offers a backend without a name, number %u", number);
	if (!contig_name_ok(b->name))
		return contig_diag_set(
			diag, -EINVAL,
			"offers a backend, number %u, with a name that is none: 1 to %u of a-z, 0-9, '.', '_' and '-', "
			"the first a letter or a digit",
			number, CONTIG_MAX_NAME);
	if (!is_line(b->summary, MAX_SUMMARY))
		return contig_diag_set(diag, -EINVAL,
		                       "offers a backend '%s' without a summary of one line of up to %u bytes", b->name,
		                       MAX_SUMMARY);
	if (missing_operation(b))
		return contig_diag_set(diag, -EINVAL, "offers a backend '%s' that lacks the operation %s", b->name,
		                       missing_operation(b));
	if (b->preset)
		return contig_diag_set(
			diag, -EINVAL,
			"offers a backend '%s' with a preset, which is for the model's own: leave it NULL", b->name);
	if (contig_backend_of(b->name))
		return contig_diag_set(diag, -EEXIST, "offers a backend '%s', and there is one of that name already",
		                       b->name);
	return 0;
}

static int check_offer(const struct contig_plugin *p, struct contig_diag *diag)
{
	int rc = 0;

	if (!p->name || !contig_name_ok(p->name) || !is_line(p->summary, MAX_SUMMARY) ||
	    !is_line(p->licence, MAX_SUMMARY))
		return contig_diag_set(
			diag, -EINVAL,
			"has no usable name, summary or licence: a name as a backend's, and a line of up to %u bytes each",
			MAX_SUMMARY);
	if (!p->backends || !p->nr_backends)
		return contig_diag_set(diag, -EINVAL, "offers no backend");
	if (p->nr_backends > CONTIG_MAX_BACKENDS)
		return contig_diag_set(diag, -ENOSPC, "offers %u backends: there is room for %u in all", p->nr_backends,
		                       CONTIG_MAX_BACKENDS);
	for (uint32_t i = 0; i < p->nr_backends && !rc; i++) {
		rc = check_backend(p->backends[i], i, diag);
		for (uint32_t k = 0; k < i && !rc; k++) {
			if (!strcmp(p->backends[k]->name, p->backends[i]->name))
				rc = contig_diag_set(diag, -EEXIST, "offers two backends '%s'", p->backends[i]->name);
		}
	}
	return rc;
}

static bool is_known(const struct contig_plugin *p)
{
	const struct contig_backend *b;

	for (size_t i = 0; p->nr_backends && p->backends && (b = contig_backend_at(i)); i++) {
		if (b == p->backends[0])
			return true;
	}
	return false;
}

/* All of its backends or none: how many there is room for is looked at before the first. */
static int add_all(const struct contig_plugin *p, struct contig_diag *diag)
{
	struct contig_diag why;
	size_t known = 0;

	while (contig_backend_at(known))
		known++;
	if (known + p->nr_backends > CONTIG_MAX_BACKENDS)
		return contig_diag_set(diag, -ENOSPC, "offers %u backends: there is room for %zu more", p->nr_backends,
		                       CONTIG_MAX_BACKENDS - known);
	for (uint32_t i = 0; i < p->nr_backends; i++) {
		int rc = contig_backend_add(p->backends[i], &why);

		if (rc)
			return contig_diag_set(diag, rc, "can not be added: %.400s", why.text);
	}
	return 0;
}

int contig_plugin_load(const char *path, const struct contig_plugin **out, struct contig_diag *diag)
{
	int rc = check_whole(path, diag);
	void *file = rc ? NULL : open_file(path, diag);
	const struct contig_plugin *p = file ? dlsym(file, SYMBOL) : NULL;

	if (!rc && !file)
		rc = -ENOENT;

	if (file && !p)
		rc = contig_diag_set(diag, -ENOEXEC, "is no plugin: it has no symbol " SYMBOL);
	if (!rc)
		rc = check_version(p, diag);
	if (!rc)
		rc = check_layout(p, diag);
	*out = p;
	if (!rc && is_known(p))
		return 0;
	if (!rc)
		rc = check_offer(p, diag);
	if (!rc)
		rc = add_all(p, diag);
	if (rc && file)
		dlclose(file);
	return rc;
}
