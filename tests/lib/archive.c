// SPDX-License-Identifier: MIT
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../bench/cli.h"
#include "../../bench/results/folder.h"
#include "archive.h"

char archive_scratch[] = "/tmp/contigbench-guest-XXXXXX";
char archive_real_path[4096];
struct capture archive_said;

/* ---- files --------------------------------------------------------------------------------------- */

const char *archive_at(const char *fmt, ...)
{
	static char names[4][512];
	static unsigned int n;
	char *name = names[n++ % 4];
	va_list ap;
	int len = snprintf(name, sizeof(names[0]), "%s/", archive_scratch);

	va_start(ap, fmt);
	vsnprintf(name + len, sizeof(names[0]) - (size_t)len, fmt, ap);
	va_end(ap);
	return name;
}

static void write_bytes(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

void archive_write(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

char *archive_read(const char *path)
{
	static char text[1 << 16];
	FILE *f = fopen(path, "r");

	text[0] = '\0';
	if (f) {
		text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
		fclose(f);
	}
	return text;
}

void archive_program(const char *name, const char *script)
{
	FILE *f = fopen(archive_at("bin/%s", name), "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\nhere=%s\necho \"%s $*\" >>$here/calls\n%s\n", archive_scratch, name, script);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(archive_at("bin/%s", name), 0700), 0);
}

/* A boot header as Documentation/arch/x86/boot.rst has it. */
void archive_image(const char *path, const char *release, unsigned char xloadflags)
{
	unsigned char b[1200] = { 0 };

	memcpy(b + 0x202, "HdrS\x0f\x02", 6);
	b[0x20f] = 0x02; /* 0x200 + 0x200 */
	b[0x236] = xloadflags;
	snprintf((char *)b + 0x400, sizeof(b) - 0x400, "%s (somebody@somewhere) #1 SMP", release);
	write_bytes(path, b, sizeof(b));
}

void archive_module(const char *path, const char *release)
{
	char b[300];
	int n = snprintf(b, sizeof(b), "ELF%cvermagic=%s SMP mod_unload %c%cGCC: (Test 1.2) 1.2%c", 0, release, 0, 0,
	                 0);

	write_bytes(path, b, (size_t)n);
}

/* ---- the archive --------------------------------------------------------------------------------- */

void archive_release(const char *release, const char *version)
{
	char names[1024];

	snprintf(names, sizeof(names), "linux-headers-%s - Header files\nlinux-image-%s - Linux\n", release, release);
	archive_write(archive_at("archive/names"), names);
	archive_write(archive_at("archive/version"), version);
	archive_write(archive_at("archive/release"), release);
	archive_image(archive_at("archive/vmlinuz"), release, 1);
	archive_module(archive_at("archive/contigbench.ko"), release);
}

static void programs(void)
{
	archive_program("apt-config", "echo 'Acquire::http::Proxy \"http://proxy.example:3128\";'");
	archive_program(
		"apt-get",
		"case \"$*\" in\n"
		"*indextargets*) cat $here/archive/sources ;;\n"
		"*update*) cat $here/archive/update; exit $(cat $here/archive/status) ;;\n"
		"*install*) [ ! -e $here/archive/slow ] || sleep 60; cd ${APT_CONFIG%/conf}/archives\n"
		"	touch adduser_1_amd64.deb base-files_1_amd64.deb gcc_1_amd64.deb linux-headers-$(cat $here/archive/release)_1_amd64.deb ;;\n"
		"*download*) touch image.deb ;;\n"
		"esac");
	archive_program(
		"apt-cache",
		"case \"$*\" in\n"
		"*search*) cat $here/archive/names ;;\n"
		"*show*linux-image-*) echo Package: x; echo Version: $(cat $here/archive/image-version 2>/dev/null || cat $here/archive/version) ;;\n"
		"*show*) echo Package: x; echo Version: $(cat $here/archive/version) ;;\n"
		"esac");
	archive_program(
		"dpkg-deb",
		"release=$(cat $here/archive/release); rm -rf $here/tree; mkdir -p $here/tree\n"
		"case \"$*\" in\n"
		"-f*) p=${2##*/}; printf 'Package: %s\\nVersion: 1\\nDescription: of a test\\n' ${p%%_*} ;;\n"
		"*image.deb) mkdir $here/tree/boot; cp $here/archive/vmlinuz $here/tree/boot/vmlinuz-$release; tar -C $here/tree -cf - . ;;\n"
		"*) mkdir -p $here/tree/usr/bin $here/tree/usr/share/doc/x; echo $2 >$here/tree/usr/bin/gcc; tar -C $here/tree -cf - . ;;\n"
		"esac");
	/* sh -ec SCRIPT sh ROOT WORK RELEASE are its last words */
	archive_program(
		"unshare",
		"for word; do before=${last-}; last=$word; done\n"
		"[ -z \"$(cat $here/archive/unshare 2>/dev/null)\" ] || { cat $here/archive/unshare; exit 1; }\n"
		"ls $before/module >$here/sources\n"
		"cp $here/archive/contigbench.ko $before/module/contigbench.ko");
	archive_program("make", "for word; do case $word in M=*) to=${word#M=} ;; esac; done\n"
	                        "cp $here/archive/contigbench.ko $to/contigbench.ko");
}

int archive_set_up(void **state)
{
	(void)state;
	if (!*archive_real_path)
		snprintf(archive_real_path, sizeof(archive_real_path), "%s", getenv("PATH"));
	strcpy(archive_scratch + strlen(archive_scratch) - 6, "XXXXXX");
	if (!mkdtemp(archive_scratch))
		return -1;
	mkdir(archive_at("bin"), 0777);
	mkdir(archive_at("archive"), 0777);
	programs();
	archive_write(archive_at("archive/sources"), "http://deb.example/debian/ bookworm main\n"
	                                             "http://deb.example/debian-security/ bookworm-security main\n");
	archive_write(archive_at("archive/update"), "Reading package lists...\n");
	archive_write(archive_at("archive/status"), "0");
	archive_release("6.1.0-49-amd64", "6.1.170-1");
	char path[4200];

	snprintf(path, sizeof(path), "%s/bin:%s", archive_scratch, archive_real_path);
	setenv("PATH", path, 1);
	setenv("CONTIGBENCH_CACHE", archive_at("cache"), 1);
	return 0;
}

int archive_tear_down(void **state)
{
	(void)state;
	setenv("PATH", archive_real_path, 1);
	return folder_remove(archive_scratch);
}

/* ---- saying -------------------------------------------------------------------------------------- */

void archive_guest(int status, const char *says, const char *line)
{
	char words[1024];

	snprintf(words, sizeof(words), "guest %s", line);
	capture_command(&archive_said, cmd_guest, words);
	if (archive_said.status != status || !strstr(archive_said.text, says))
		fail_msg("`%s`: status %d, '%s'; wanted %d and '%s'", line, archive_said.status, archive_said.text,
		         status, says);
}

bool archive_called(const char *what)
{
	return strstr(archive_read(archive_at("calls")), what);
}

void archive_forget_calls(void)
{
	unlink(archive_at("calls"));
}

const char *archive_told(const char *name, const char *key)
{
	static char value[512];
	json_t *json = json_load_file(archive_at("cache/guest/kernels/%s/kernel.json", name), 0, NULL);
	const char *text = json_string_value(json_object_get(json, key));

	snprintf(value, sizeof(value), "%s", text ? text : "(nothing)");
	json_decref(json);
	return value;
}
