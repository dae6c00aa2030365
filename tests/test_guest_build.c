// SPDX-License-Identifier: MIT
/*
 * test_guest_build.c - `contigbench guest build`, list and clean, with an archive of the test's own in front of the machine's:
 *
 *	apt-get, apt-cache, dpkg-deb, unshare, make	scripts in a scratch folder that is first on PATH; they say in `calls` what
 *							they were asked for, and answer with what lies in `archive`
 *	archive/names, archive/version			what apt-cache answers: recorded from Debian's
 *	archive/update					what `apt-get update` prints; archive/status its exit status
 *
 * Kernel images are 1200 bytes with the header that a boot loader reads, modules a line with a vermagic. No network, no root.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/guest/build.h"
#include "../bench/guest/image.h"
#include "../bench/guest/recipe.h"
#include "../bench/results/folder.h"
#include "lib/capture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char scratch[] = "/tmp/contigbench-guest-XXXXXX";
static char real_path[4096];
static struct capture said;

/* ---- files --------------------------------------------------------------------------------------- */

static const char *at(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *at(const char *fmt, ...)
{
	static char names[4][512];
	static unsigned int n;
	char *name = names[n++ % 4];
	va_list ap;
	int len = snprintf(name, sizeof(names[0]), "%s/", scratch);

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

static void write_text(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

static char *read_text(const char *path)
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

static void program(const char *name, const char *script)
{
	FILE *f = fopen(at("bin/%s", name), "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\nhere=%s\necho \"%s $*\" >>$here/calls\n%s\n", scratch, name, script);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(at("bin/%s", name), 0700), 0);
}

/* A boot header as Documentation/arch/x86/boot.rst has it. */
static void write_image(const char *path, const char *release, unsigned char xloadflags)
{
	unsigned char b[1200] = { 0 };

	memcpy(b + 0x202, "HdrS\x0f\x02", 6);
	b[0x20f] = 0x02; /* 0x200 + 0x200 */
	b[0x236] = xloadflags;
	snprintf((char *)b + 0x400, 200, "%s (somebody@somewhere) #1 SMP", release);
	write_bytes(path, b, sizeof(b));
}

static void write_module(const char *path, const char *release)
{
	char b[300];
	int n = snprintf(b, sizeof(b), "ELF%cvermagic=%s SMP mod_unload %c%cGCC: (Test 1.2) 1.2%c", 0, release, 0, 0,
	                 0);

	write_bytes(path, b, (size_t)n);
}

/* ---- the archive --------------------------------------------------------------------------------- */

/* Of Debian's archive, 2026: with what is not meant. */
static const char bookworm[] = "linux-headers-6.1.0-9-amd64 - Header files for Linux 6.1.0-9-amd64\n"
			       "linux-headers-6.1.0-49-amd64 - Header files for Linux 6.1.0-49-amd64\n"
			       "linux-headers-6.1.0-49-cloud-amd64 - Header files for Linux 6.1.0-49-cloud-amd64\n"
			       "linux-headers-6.1.0-49-common - Common header files for Linux 6.1.0-49\n"
			       "linux-headers-6.1.0-49-common-rt - Common header files for Linux 6.1.0-49-rt\n"
			       "linux-headers-6.1.0-49-rt-amd64 - Header files for Linux 6.1.0-49-rt-amd64\n"
			       "linux-headers-6.1.0-60-amd64 - Header files for Linux 6.1.0-60-amd64\n"
			       "linux-headers-6.1.0-57-cloud-amd64 - Header files for Linux 6.1.0-57-cloud-amd64\n"
			       "linux-headers-6.12.9+bpo-amd64 - Header files for Linux 6.12.9+bpo-amd64\n"
			       "linux-headers-amd64 - Header files for Linux amd64 configuration (meta-package)\n"
			       "linux-image-6.1.0-9-amd64 - Linux 6.1 for 64-bit PCs (signed)\n"
			       "linux-image-6.1.0-49-amd64 - Linux 6.1 for 64-bit PCs (signed)\n"
			       "linux-image-6.1.0-49-amd64-dbg - Debug symbols for linux-image-6.1.0-49-amd64\n"
			       "linux-image-6.1.0-49-amd64-unsigned - Linux 6.1 for 64-bit PCs\n"
			       "linux-image-6.1.0-49-cloud-amd64 - Linux 6.1 for x86-64 cloud (signed)\n"
			       "linux-image-6.1.0-57-cloud-amd64 - Linux 6.1 for x86-64 cloud (signed)\n"
			       "linux-image-6.1.0-60-amd64-unsigned - Linux 6.1 for 64-bit PCs\n"
			       "linux-image-6.12.9+bpo-amd64 - Linux 6.12 for 64-bit PCs (signed)\n";

static void new_release(const char *release, const char *version)
{
	char names[1024];

	snprintf(names, sizeof(names), "linux-headers-%s - Header files\nlinux-image-%s - Linux\n", release, release);
	write_text(at("archive/names"), names);
	write_text(at("archive/version"), version);
	write_text(at("archive/release"), release);
	write_image(at("archive/vmlinuz"), release, 1);
	write_module(at("archive/contigbench.ko"), release);
}

static void programs(void)
{
	program("apt-config", "echo 'Acquire::http::Proxy \"http://proxy.example:3128\";'");
	program("apt-get",
	        "case \"$*\" in\n"
	        "*indextargets*) cat $here/archive/sources ;;\n"
	        "*update*) cat $here/archive/update; exit $(cat $here/archive/status) ;;\n"
	        "*install*) [ ! -e $here/archive/slow ] || sleep 60; cd ${APT_CONFIG%/conf}/archives\n"
	        "	touch base-files_1_amd64.deb gcc_1_amd64.deb linux-headers-$(cat $here/archive/release)_1_amd64.deb ;;\n"
	        "*download*) touch image.deb ;;\n"
	        "esac");
	program("apt-cache",
	        "case \"$*\" in\n"
	        "*search*) cat $here/archive/names ;;\n"
	        "*show*linux-image-*) echo Package: x; echo Version: $(cat $here/archive/image-version 2>/dev/null || cat $here/archive/version) ;;\n"
	        "*show*) echo Package: x; echo Version: $(cat $here/archive/version) ;;\n"
	        "esac");
	program("dpkg-deb",
	        "release=$(cat $here/archive/release); rm -rf $here/tree; mkdir -p $here/tree\n"
	        "case \"$*\" in\n"
	        "-f*) p=${2##*/}; printf 'Package: %s\\nVersion: 1\\nDescription: of a test\\n' ${p%%_*} ;;\n"
	        "*image.deb) mkdir $here/tree/boot; cp $here/archive/vmlinuz $here/tree/boot/vmlinuz-$release; tar -C $here/tree -cf - . ;;\n"
	        "*) mkdir -p $here/tree/usr/bin $here/tree/usr/share/doc/x; echo $2 >$here/tree/usr/bin/gcc; tar -C $here/tree -cf - . ;;\n"
	        "esac");
	/* sh -ec SCRIPT sh ROOT WORK RELEASE are its last words */
	program("unshare",
	        "for word; do before=${last-}; last=$word; done\n"
	        "[ -z \"$(cat $here/archive/unshare 2>/dev/null)\" ] || { cat $here/archive/unshare; exit 1; }\n"
	        "ls $before/module >$here/sources\n"
	        "cp $here/archive/contigbench.ko $before/module/contigbench.ko");
	program("make", "for word; do case $word in M=*) to=${word#M=} ;; esac; done\n"
	                "cp $here/archive/contigbench.ko $to/contigbench.ko");
}

static int set_up(void **state)
{
	(void)state;
	strcpy(scratch + strlen(scratch) - 6, "XXXXXX");
	if (!mkdtemp(scratch))
		return -1;
	mkdir(at("bin"), 0777);
	mkdir(at("archive"), 0777);
	programs();
	write_text(at("archive/sources"), "http://deb.example/debian/ bookworm main\n"
	                                  "http://deb.example/debian-security/ bookworm-security main\n");
	write_text(at("archive/update"), "Reading package lists...\n");
	write_text(at("archive/status"), "0");
	new_release("6.1.0-49-amd64", "6.1.170-1");
	char path[4200];

	snprintf(path, sizeof(path), "%s/bin:%s", scratch, real_path);
	setenv("PATH", path, 1);
	setenv("CONTIGBENCH_CACHE", at("cache"), 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	setenv("PATH", real_path, 1);
	return folder_remove(scratch);
}

/* ---- saying -------------------------------------------------------------------------------------- */

static void guest(int status, const char *says, const char *line)
{
	char words[1024];

	snprintf(words, sizeof(words), "guest %s", line);
	capture_command(&said, cmd_guest, words);
	if (said.status != status || !strstr(said.text, says))
		fail_msg("`%s`: status %d, '%s'; wanted %d and '%s'", line, said.status, said.text, status, says);
}

static bool called(const char *what)
{
	return strstr(read_text(at("calls")), what);
}

static void forget_calls(void)
{
	unlink(at("calls"));
}

static const char *told(const char *name, const char *key)
{
	static char value[512];
	json_t *json = json_load_file(at("cache/guest/kernels/%s/kernel.json", name), 0, NULL);
	const char *text = json_string_value(json_object_get(json, key));

	snprintf(value, sizeof(value), "%s", text ? text : "(nothing)");
	json_decref(json);
	return value;
}

/* ---- which archive, which release ---------------------------------------------------------------- */

static void answer(const char *const step[], const char *wanted)
{
	struct recipe r = { .name = "linux-6.1", .what = "asking", .seconds = 20 };

	assert_int_equal(recipe_run(&r, step), CLI_OK);
	assert_string_equal(r.answer, wanted);
}

/* apt itself reads them, both kinds: only where there is one. */
static void mirrors_of_the_machine(void **state)
{
	static const struct {
		const char *list, *deb822, *archive, *security;
	} machines[] = {
		{ "deb http://one.example/debian/ bookworm main contrib\n"
		  "# deb http://off.example/debian bookworm main\n"
		  "deb [arch=amd64 signed-by=/x] https://sec.example/debian-security bookworm-security main\n",
		  "", "http://one.example/debian", "https://sec.example/debian-security" },
		{ "",
		  "Types: deb deb-src\nURIs: http://two.example/debian\nSuites: trixie trixie-updates\nComponents: main\n"
		  "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n"
		  "Types: deb\nURIs: http://two.example/debian-security\nSuites: trixie-security\nComponents: main\n\n"
		  "Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: sid\nComponents: main\n",
		  "http://two.example/debian", "http://two.example/debian-security" },
		/* others' packages for Debian, in front of and behind it; old names of security */
		{ "deb https://other.example/repo bookworm main\n"
		  "deb http://three.example/mirrors/debian bookworm main\n"
		  "deb https://docker.example/linux/debian bookworm stable\n"
		  "deb http://three.example/security buster/updates main\n",
		  "", "http://three.example/mirrors/debian", "http://three.example/security" },
		/* a mirror under another name is known by its updates */
		{ "deb http://a.example/x bookworm main\ndeb http://b.example/mirror bookworm main\n"
		  "deb http://b.example/mirror bookworm-updates main\n",
		  "", "http://b.example/mirror", "" },
		{ "", "", "", "" },
	};

	(void)state;
	setenv("PATH", real_path, 1);
	if (!recipe_has("apt-get")) {
		print_message("skipped: no apt-get reads sources here\n");
		skip();
	}
	mkdir(at("sources.d"), 0777);
	mkdir(at("lists"), 0777);
	for (size_t i = 0; i < COUNT(machines); i++) {
		char wanted[512], conf[2048];

		write_text(at("sources.list"), machines[i].list);
		write_text(at("sources.d/x.sources"), machines[i].deb822);
		snprintf(conf, sizeof(conf),
		         "Dir::Etc::sourcelist \"%s/sources.list\";\nDir::Etc::sourceparts \"%s/sources.d\";\n"
		         "Dir::State::lists \"%s/lists\";\nAPT::Architecture \"amd64\";\n",
		         scratch, scratch, scratch);
		write_text(at("conf"), conf);
		setenv("APT_CONFIG", at("conf"), 1);
		snprintf(wanted, sizeof(wanted), "archive %s\nsecurity %s\n", machines[i].archive,
		         machines[i].security);
		answer((const char *[]){ "mirror", NULL }, wanted);
	}
	unsetenv("APT_CONFIG");
}

static void newest_release_with_image_and_headers(void **state)
{
	char apt[64];
	const char *step[] = { "resolve", apt, "6.1", "linux-image", NULL };

	(void)state;
	snprintf(apt, sizeof(apt), "%s/apt", scratch);
	mkdir(apt, 0777);
	write_text(at("archive/names"), bookworm);
	/* 60 has no signed image, 57 is for clouds only, 9 is older than 49 though it sorts behind it */
	answer(step, "6.1.0-49-amd64 6.1.170-1\n");
	write_text(at("archive/names"), "linux-headers-5.10.0-9-amd64 - x\nlinux-image-5.10.0-9-amd64 - x\n"
	                                "linux-headers-5.10.0-46-amd64 - x\nlinux-image-5.10.0-46-amd64 - x\n"
	                                "linux-headers-5x10.0-99-amd64 - x\nlinux-image-5x10.0-99-amd64 - x\n");
	step[2] = "5.10";
	answer(step, "5.10.0-46-amd64 6.1.170-1\n");
	write_text(at("archive/names"), "linux-headers-7.2.9+deb13-amd64 - x\nlinux-headers-7.2.12+deb13-amd64 - x\n"
	                                "linux-binary-7.2.9+deb13-amd64 - x\nlinux-binary-7.2.12+deb13-amd64 - x\n"
	                                "linux-image-7.2.13+deb13-amd64 - x\nlinux-headers-7.2.13+deb13-amd64 - x\n");
	step[2] = "7.2";
	step[3] = "linux-binary";
	answer(step, "7.2.12+deb13-amd64 6.1.170-1\n");
}

/* While the archive is changed, headers are there before their image is. */
static void image_of_another_version(void **state)
{
	(void)state;
	write_text(at("archive/image-version"), "6.1.169-1");
	guest(CLI_MACHINE, "no such release with image and headers of one version", "build linux-6.1");
}

/* ---- building ------------------------------------------------------------------------------------ */

static void builds_and_says_what(void **state)
{
	struct guest_kernel k;
	struct contig_diag diag;
	char hex[65];

	(void)state;
	guest(CLI_OK, "6.1.0-49-amd64             6.1.170-1            built", "build linux-6.1");
	assert_true(called("apt-get -qq download linux-image-6.1.0-49-amd64=6.1.170-1"));
	assert_true(called("linux-headers-6.1.0-49-amd64=6.1.170-1"));
	assert_int_equal(guest_kernel_load("linux-6.1", &k, &diag), 0);
	assert_string_equal(k.release, "6.1.0-49-amd64");
	assert_string_equal(k.package, "linux-image-6.1.0-49-amd64");
	assert_string_equal(k.version, "6.1.170-1");
	assert_string_equal(k.suite, "bookworm");
	assert_string_equal(k.compiler, "(Test 1.2) 1.2");
	assert_int_equal(strlen(k.date), strlen("2026-01-31T12:00:00Z"));
	assert_int_equal(image_sha256(at("archive/vmlinuz"), hex), 0);
	assert_string_equal(k.vmlinuz_sha256, hex);
	/* the module's own sources lay there when it was made, and documents were not unpacked */
	assert_non_null(strstr(read_text(at("sources")), "Kbuild\n"));
	assert_string_equal(read_text(at("cache/guest/roots/bookworm/usr/bin/gcc")),
	                    "linux-headers-6.1.0-49-amd64_1_amd64.deb\n"); /* base-files came first, this last */
	assert_int_not_equal(access(at("cache/guest/roots/bookworm/usr/share/doc"), F_OK), 0);
	/* apt's state is its own, with the machine's proxy, and the suites of this kernel */
	const char *conf = read_text(at("cache/guest/apt/bookworm/conf"));

	assert_non_null(strstr(conf, "proxy.example"));
	assert_non_null(strstr(conf, at("cache/guest/apt/bookworm/sources.list")));
	const char *list = read_text(at("cache/guest/apt/bookworm/sources.list"));

	assert_non_null(strstr(list, "] http://deb.example/debian bookworm main\n"));
	assert_non_null(strstr(list, "] http://deb.example/debian-security bookworm-security main\n"));
	/* nothing of the making stays */
	assert_int_not_equal(rmdir(at("cache/guest/tmp")), -1);
	guest(CLI_OK, "6.1.170-1", "list");
	assert_non_null(strstr(said.text, "current\n"));
	assert_non_null(strstr(said.text, "linux-5.10   not built: contigbench guest build linux-5.10\n"));
}

static void does_only_what_is_due(void **state)
{
	char text[4096];

	(void)state;
	guest(CLI_OK, "built", "build linux-6.1@guest");
	forget_calls();
	guest(CLI_OK, "is up to date", "build linux-6.1");
	assert_false(called("install") || called("download") || called("unshare"));
	/* offline: nothing is asked */
	forget_calls();
	guest(CLI_OK, "is up to date", "build linux-6.1 --offline");
	assert_string_equal(read_text(at("calls")), "");
	/* sources that have changed: their digest is another */
	snprintf(text, sizeof(text), "%s", read_text(at("cache/guest/kernels/linux-6.1/kernel.json")));
	char *digest = strstr(text, "module_sha256\": \"") + strlen("module_sha256\": \"");

	*digest = *digest == '0' ? '1' : '0';
	write_text(at("cache/guest/kernels/linux-6.1/kernel.json"), text);
	guest(CLI_OK, "the module's sources have changed", "list");
	forget_calls();
	guest(CLI_OK, "module made again", "build linux-6.1 --offline");
	assert_true(called("unshare") && !called("download") && !called("install"));
	guest(CLI_OK, "current\n", "list");
	forget_calls();
	guest(CLI_OK, "built", "build linux-6.1 --force");
	assert_true(called("download") && called("unshare") && !called("install"));
	/* a new release: its headers come, the old ones go */
	mkdir(at("cache/guest/roots/bookworm/usr/src"), 0777);
	mkdir(at("cache/guest/roots/bookworm/usr/src/linux-headers-6.1.0-49-amd64"), 0777);
	new_release("6.1.0-50-amd64", "6.1.171-1");
	guest(CLI_OK, "6.1.0-50-amd64             6.1.171-1            built", "build linux-6.1");
	assert_string_equal(told("linux-6.1", "release"), "6.1.0-50-amd64");
	assert_int_not_equal(access(at("cache/guest/roots/bookworm/usr/src/linux-headers-6.1.0-49-amd64"), F_OK), 0);
	const char *status = read_text(at("cache/guest/roots/bookworm/var/lib/dpkg/status"));

	assert_non_null(strstr(status, "Package: linux-headers-6.1.0-50-amd64\nStatus: install ok installed\n"));
	assert_null(strstr(status, "linux-headers-6.1.0-49"));
	assert_non_null(strstr(status, "Package: gcc\n"));
	assert_null(strstr(strstr(status, "Package: gcc\n") + 1, "Package: gcc\n")); /* once */
}

static void what_fails_leaves_what_was(void **state)
{
	static const struct {
		const char *output, *says;
	} failures[] = {
		{ "E: The repository 'http://x bookworm Release' does not have a Release file.", "--mirror URI" },
		{ "Err:1 http://x bookworm InRelease\n  404  Not Found [IP: 1.2.3.4 80]\n", "tests/conformance" },
		{ "W: GPG error: http://x bookworm InRelease: The following signatures couldn't be verified because the public key "
		  "is not available: NO_PUBKEY 0E98404D386FA1D9",
		  "update the package debian-archive-keyring" },
		{ "W: Failed to fetch http://x/InRelease  Temporary failure resolving 'x'",
		  "--offline uses what is there" },
		{ "E: You don't have enough free space in /x/archives/.", "CONTIGBENCH_CACHE" },
		{ "E: Something that nobody has seen", "E: Something that nobody has seen" },
	};

	(void)state;
	guest(CLI_OK, "built", "build linux-6.1");
	write_text(at("archive/status"), "100");
	for (size_t i = 0; i < COUNT(failures); i++) {
		write_text(at("archive/update"), failures[i].output);
		guest(CLI_MACHINE, failures[i].says, "build linux-6.1");
		assert_non_null(strstr(said.text, "--offline keeps it"));
		assert_non_null(strstr(read_text(at("cache/guest/logs/build-linux-6.1.log")), failures[i].output));
	}
	/* an apt that takes a failure for a warning */
	write_text(at("archive/status"), "0");
	write_text(at("archive/update"), failures[3].output);
	guest(CLI_MACHINE, "can not be reached", "build linux-6.1");
	/* of four that are not to be reached only the first is asked for */
	guest(CLI_MACHINE, "linux-5.10: Debian's archive can not be reached", "build");
	assert_null(strstr(said.text, "linux-7.2"));
	assert_string_equal(told("linux-6.1", "release"), "6.1.0-49-amd64");
	write_text(at("archive/update"), "");
	write_text(at("archive/unshare"), "unshare: unshare failed: Operation not permitted\n");
	guest(CLI_MACHINE, "as root it may", "build linux-6.1 --force");
	guest(CLI_OK, "is up to date", "build linux-6.1");
	write_text(at("archive/unshare"), "x.c:1:2: error: no such thing\nmake: *** Error 2\n");
	guest(CLI_MACHINE, "failed: x.c:1:2: error: no such thing", "build linux-6.1 --force");
}

/* What is fetched is looked at, too. */
static void module_of_another_release(void **state)
{
	(void)state;
	write_module(at("archive/contigbench.ko"), "6.1.0-48-amd64");
	guest(CLI_USAGE, "the image is 6.1.0-49-amd64, and the headers made a module for 6.1.0-48-amd64",
	      "build linux-6.1");
	guest(CLI_OK, "linux-6.1    not built", "list");
	write_text(at("archive/contigbench.ko"), "nothing");
	guest(CLI_USAGE, "it is no kernel module", "build linux-6.1");
}

static void machines_without(void **state)
{
	(void)state;
	write_text(at("archive/sources"), "http://archive.example/ubuntu noble-updates universe\n");
	guest(CLI_MACHINE, "--mirror URI", "build linux-6.1");
	guest(CLI_OK, "built", "build linux-6.1 --mirror http://named.example/debian");
	assert_string_equal(read_text(at("cache/guest/apt/bookworm/sources.list")) +
	                            strcspn(read_text(at("cache/guest/apt/bookworm/sources.list")), "]"),
	                    "] http://named.example/debian bookworm main\n");
	guest(CLI_USAGE, "no URI", "build linux-6.1 --mirror named.example");
	/* no apt: nothing but a shell, and what of it must be there */
	char path[600];

	snprintf(path, sizeof(path), "%s/few", scratch);
	mkdir(path, 0777);
	assert_int_equal(symlink("/bin/sh", at("few/sh")), 0);
	setenv("PATH", path, 1);
	if (!access("/usr/sbin/apt-get", X_OK))
		skip();
	guest(CLI_MACHINE, "name a kernel of your own", "build linux-6.1");
	guest(CLI_MACHINE, "has not been built, and --offline", "build linux-5.10 --offline --force");
}

/* ---- one's own ----------------------------------------------------------------------------------- */

static void make_tree(const char *release, const char *config)
{
	char text[512];

	for (const char *const *folder = (const char *const[]){ "tree", "tree/include", "tree/include/config",
	                                                        "tree/include/generated", NULL };
	     *folder; folder++)
		mkdir(at("own-%s", *folder), 0777);
	write_text(at("own-tree/Makefile"), "all:\n");
	write_text(at("own-tree/Module.symvers"), "");
	write_text(at("own-tree/include/config/auto.conf"), config);
	snprintf(text, sizeof(text), "#define UTS_RELEASE \"%s\"\n", release);
	write_text(at("own-tree/include/generated/utsrelease.h"), text);
	write_image(at("bzImage"), release, 1);
	write_module(at("archive/contigbench.ko"), release);
}

#define CONFIG_MUST                                                                                                    \
	"CONFIG_MODULES=y\nCONFIG_BLK_DEV_INITRD=y\nCONFIG_SERIAL_8250_CONSOLE=y\nCONFIG_CONTIG_ALLOC=y\n"             \
	"CONFIG_NUMA=y\n"
#define CONFIG_ALL                                                                                                     \
	CONFIG_MUST "CONFIG_KPROBES=y\nCONFIG_TRANSPARENT_HUGEPAGE=y\nCONFIG_HUGETLBFS=y\n"                            \
		    "CONFIG_MEMORY_HOTREMOVE=y\n"

static const char *own(const char *more)
{
	static char line[1024];

	snprintf(line, sizeof(line), "build --name mine --kernel %s/bzImage --headers %s/own-tree %s", scratch, scratch,
	         more);
	return line;
}

static void own_kernel(void **state)
{
	(void)state;
	make_tree("7.3.0-rc2-patched+", CONFIG_ALL);
	guest(CLI_OK, "mine         7.3.0-rc2-patched+", own(""));
	assert_null(strstr(said.text, "warning"));
	assert_true(called("make -C "));
	assert_false(called("apt") || called("CC=") || called("LLVM"));
	assert_string_equal(told("mine", "from_kernel"), at("bzImage"));
	assert_string_equal(told("mine", "from_headers"), at("own-tree"));
	assert_string_equal(told("mine", "package"), "(nothing)");
	guest(CLI_OK, "is up to date", "build mine");
	/* built again, without a word to us */
	FILE *f = fopen(at("bzImage"), "a");

	assert_non_null(f);
	fputs("more", f);
	fclose(f);
	guest(CLI_OK, "its image has changed", "list");
	guest(CLI_OK, "built", "build mine");
	guest(CLI_OK, "current\n", "list");
	guest(CLI_OK, "built", own("--cc sh"));
	assert_true(called("CC=sh"));
	assert_string_equal(told("mine", "from_cc"), "sh");
	make_tree("7.3.0-rc2-patched+", CONFIG_ALL "CONFIG_CC_IS_CLANG=y\n");
	guest(CLI_OK, "built", own(""));
	assert_true(called("LLVM=1"));
	/* and Debian's are still Debian's */
	guest(CLI_OK, "linux-6.1    not built", "list");
}

static void own_kernel_refused(void **state)
{
	(void)state;
	make_tree("7.3.0-rc1", CONFIG_ALL);
	write_image(at("bzImage"), "7.3.0-rc2", 1);
	guest(CLI_USAGE, "is 7.3.0-rc2, but the headers in", own(""));
	assert_non_null(strstr(said.text, "are of 7.3.0-rc1"));
	assert_false(called("make"));
	/* a tree that does not say; the module does */
	unlink(at("own-tree/include/generated/utsrelease.h"));
	guest(CLI_USAGE, "the image is 7.3.0-rc2, and the headers made a module for 7.3.0-rc1", own(""));
	write_image(at("bzImage"), "7.3.0-rc1", 0);
	guest(CLI_USAGE, "a kernel for 32 bits", own(""));
	write_text(at("bzImage"), "\177ELF\2");
	guest(CLI_USAGE, "an ELF file (vmlinux?)", own(""));
	write_text(at("bzImage"), "");
	guest(CLI_USAGE, "empty", own(""));
	unlink(at("bzImage"));
	guest(CLI_USAGE, "No such file", own(""));
	make_tree("7.3.0-rc1", CONFIG_MUST);
	guest(CLI_OK, "warning: mine is configured without CONFIG_KPROBES=y", own(""));
	make_tree("7.3.0-rc1", "CONFIG_MODULES=y\nCONFIG_NUMA=m\n");
	guest(CLI_USAGE, "without CONFIG_BLK_DEV_INITRD=y", own(""));
	make_tree("7.3.0-rc1", CONFIG_ALL);
	guest(CLI_USAGE, "there is no such program", own("--cc no-such-cc"));
	program("make", "echo 'x.c:3: error: too new'; exit 2");
	guest(CLI_USAGE, "x.c:3: error: too new", own("--force"));
	unlink(at("own-tree/Makefile"));
	guest(CLI_USAGE, "modules_prepare", own(""));
	guest(CLI_USAGE, "there is no such folder", "build --name mine --kernel x --headers /no/such");
	guest(CLI_USAGE, "that is Debian's kernel", "build --name linux-6.12 --kernel x --headers y");
	guest(CLI_USAGE, "a name is made of", "build --name ../x --kernel x --headers y");
	guest(CLI_USAGE, "needs --kernel bzImage and --headers DIR", "build --name mine --kernel x");
	guest(CLI_USAGE, "needs a name", "build --kernel x --headers y");
	guest(CLI_USAGE, "there is no kernel other", "build --name other");
	guest(CLI_USAGE, "there is no kernel linux-9", "build linux-9");
}

/* ---- what is kept -------------------------------------------------------------------------------- */

static void list_is_json(void **state)
{
	(void)state;
	guest(CLI_OK, "built", "build linux-6.1");
	guest(CLI_OK, "[", "list --json");
	json_t *list = json_loads(said.text, 0, NULL), *row = json_array_get(list, 1);

	assert_int_equal(json_array_size(list), 4);
	assert_false(json_is_true(json_object_get(json_array_get(list, 0), "built")));
	assert_string_equal(json_string_value(json_object_get(row, "name")), "linux-6.1");
	assert_string_equal(json_string_value(json_object_get(row, "version")), "6.1.170-1");
	assert_true(json_is_true(json_object_get(row, "current")));
	assert_true(json_integer_value(json_object_get(row, "bytes")) > 1200);
	json_decref(list);
}

static void clean_takes_what_was_asked_for(void **state)
{
	(void)state;
	make_tree("7.3.0", CONFIG_ALL);
	guest(CLI_OK, "built", own(""));
	new_release("6.1.0-49-amd64", "6.1.170-1");
	guest(CLI_OK, "built", "build linux-6.1");
	guest(CLI_USAGE, "there is no kernel nobody", "clean linux-6.1 nobody");
	assert_int_equal(access(at("cache/guest/kernels/linux-6.1/vmlinuz"), F_OK), 0);
	guest(CLI_OK, "removed compilers and headers of bookworm", "clean");
	assert_int_not_equal(access(at("cache/guest/roots/bookworm"), F_OK), 0);
	assert_int_equal(access(at("cache/guest/kernels/linux-6.1/vmlinuz"), F_OK), 0);
	/* the module can not be made again without them: fetched anew */
	guest(CLI_MACHINE, "without --offline", "build linux-6.1 --force --offline");
	guest(CLI_OK, "built", "build linux-6.1 --force");
	guest(CLI_OK, "removed kernel linux-6.1", "clean linux-6.1");
	assert_int_equal(access(at("cache/guest/kernels/mine/vmlinuz"), F_OK), 0);
	/* a build holds the lock of what it uses */
	bool busy;
	int fd = lock_take("root-bookworm", false, &busy);

	assert_true(fd >= 0);
	guest(CLI_NO, "a build is using compilers and headers of bookworm", "clean --all");
	assert_int_equal(access(at("cache/guest/roots/bookworm"), F_OK), 0);
	assert_int_not_equal(access(at("cache/guest/kernels/mine"), F_OK), 0);
	close(fd);
	guest(CLI_OK, "freed", "clean --all");
	assert_int_not_equal(access(at("cache/guest/roots/bookworm"), F_OK), 0);
	guest(CLI_OK, "0.0 MB freed", "clean --all");
}

static void damaged_is_said_and_mended(void **state)
{
	(void)state;
	guest(CLI_OK, "built", "build linux-6.1");
	write_text(at("cache/guest/kernels/linux-6.1/kernel.json"), "{ \"name\": \"linux-6.1\"");
	guest(CLI_USAGE, "is damaged: `contigbench guest clean linux-6.1`", "list");
	guest(CLI_OK, "built", "build linux-6.1");
	guest(CLI_OK, "current\n", "list");
}

static unsigned int processes_with(const char *text)
{
	char line[900];
	unsigned int nr = 0;

	snprintf(
		line, sizeof(line),
		"grep -lsaF -- '%s' /proc/[0-9]*/cmdline /proc/[0-9]*/environ | cut -d/ -f3 | sort -u | grep -vx -e %d -e $$",
		text, (int)getpid());
	FILE *f = popen(line, "r");

	while (f && fgets(line, sizeof(line), f)) {
		/* those that look are gone by now */
		nr += !kill((pid_t)atoi(line), 0);
	}
	if (f)
		pclose(f);
	return nr;
}

/* kill -9 while apt fetches: it goes, too, and the next call goes on. */
static void killed_in_the_middle(void **state)
{
	(void)state;
	write_text(at("archive/slow"), "");
	fflush(NULL);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		char *argv[] = { "guest", "build", "linux-6.1", NULL };

		setenv("CONTIGBENCH_TEST_KILLED", scratch, 1);
		freopen("/dev/null", "w", stderr);
		_exit(cmd_guest(3, argv));
	}
	for (int i = 0; i < 500 && !called("--download-only"); i++)
		usleep(20000);
	assert_true(called("--download-only"));
	char mark[128];

	snprintf(mark, sizeof(mark), "CONTIGBENCH_TEST_KILLED=%s", scratch);
	assert_true(processes_with(mark) >= 2); /* so they can be seen */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unsigned int left = 1;

	for (int i = 0; i < 250 && (left = processes_with(mark)); i++)
		usleep(20000);
	assert_int_equal(left, 0);
	for (int i = 0; i < 250 && rmdir(at("cache/guest/tmp")) && errno != ENOENT; i++)
		usleep(20000);
	assert_int_not_equal(access(at("cache/guest/tmp"), F_OK), 0);
	unlink(at("archive/slow"));
	guest(CLI_OK, "built", "build linux-6.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(mirrors_of_the_machine, set_up, tear_down),
		cmocka_unit_test_setup_teardown(newest_release_with_image_and_headers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(image_of_another_version, set_up, tear_down),
		cmocka_unit_test_setup_teardown(builds_and_says_what, set_up, tear_down),
		cmocka_unit_test_setup_teardown(does_only_what_is_due, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_fails_leaves_what_was, set_up, tear_down),
		cmocka_unit_test_setup_teardown(module_of_another_release, set_up, tear_down),
		cmocka_unit_test_setup_teardown(machines_without, set_up, tear_down),
		cmocka_unit_test_setup_teardown(own_kernel, set_up, tear_down),
		cmocka_unit_test_setup_teardown(own_kernel_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(list_is_json, set_up, tear_down),
		cmocka_unit_test_setup_teardown(clean_takes_what_was_asked_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged_is_said_and_mended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(killed_in_the_middle, set_up, tear_down),
	};

	snprintf(real_path, sizeof(real_path), "%s", getenv("PATH"));
	return cmocka_run_group_tests_name("guest build", tests, NULL, NULL);
}
