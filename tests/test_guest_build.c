// SPDX-License-Identifier: MIT
/*
 * test_guest_build.c - `contigbench guest build` of Debian's kernels: which archive, which release, what is due, what fails,
 * and what a kill leaves. The archive is the test's own: lib/archive.h.
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
#include "../bench/kernels/build.h"
#include "../bench/kernels/image.h"
#include "../bench/kernels/recipe.h"
#include "lib/archive.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

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
	setenv("PATH", archive_real_path, 1);
	if (!recipe_has("apt-get")) {
		print_message("skipped: no apt-get reads sources here\n");
		skip();
	}
	mkdir(archive_at("sources.d"), 0777);
	mkdir(archive_at("lists"), 0777);
	for (size_t i = 0; i < COUNT(machines); i++) {
		char wanted[512], conf[2048];

		archive_write(archive_at("sources.list"), machines[i].list);
		archive_write(archive_at("sources.d/x.sources"), machines[i].deb822);
		snprintf(conf, sizeof(conf),
		         "Dir::Etc::sourcelist \"%s/sources.list\";\nDir::Etc::sourceparts \"%s/sources.d\";\n"
		         "Dir::State::lists \"%s/lists\";\nAPT::Architecture \"amd64\";\n",
		         archive_scratch, archive_scratch, archive_scratch);
		archive_write(archive_at("conf"), conf);
		setenv("APT_CONFIG", archive_at("conf"), 1);
		snprintf(wanted, sizeof(wanted), "archive %s\nsecurity %s\n", machines[i].archive,
		         machines[i].security);
		answer((const char *[]){ "mirror", NULL }, wanted);
	}
	unsetenv("APT_CONFIG");
}

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

static void newest_release_with_image_and_headers(void **state)
{
	char apt[64];
	const char *step[] = { "resolve", apt, "6.1", "linux-image", NULL };

	(void)state;
	snprintf(apt, sizeof(apt), "%s/apt", archive_scratch);
	mkdir(apt, 0777);
	archive_write(archive_at("archive/names"), bookworm);
	/* 60 has no signed image, 57 is for clouds only, 9 is older than 49 though it sorts behind it */
	answer(step, "6.1.0-49-amd64 6.1.170-1\n");
	archive_write(archive_at("archive/names"),
	              "linux-headers-5.10.0-9-amd64 - x\nlinux-image-5.10.0-9-amd64 - x\n"
	              "linux-headers-5.10.0-46-amd64 - x\nlinux-image-5.10.0-46-amd64 - x\n"
	              "linux-headers-5x10.0-99-amd64 - x\nlinux-image-5x10.0-99-amd64 - x\n");
	step[2] = "5.10";
	answer(step, "5.10.0-46-amd64 6.1.170-1\n");
	archive_write(archive_at("archive/names"),
	              "linux-headers-7.2.9+deb13-amd64 - x\nlinux-headers-7.2.12+deb13-amd64 - x\n"
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
	archive_write(archive_at("archive/image-version"), "6.1.169-1");
	archive_guest(CLI_MACHINE, "no such release with image and headers of one version", "build linux-6.1");
}

/* ---- building ------------------------------------------------------------------------------------ */

static void builds_and_says_what(void **state)
{
	struct guest_kernel k;
	struct contig_diag diag;
	char hex[65];

	(void)state;
	archive_guest(CLI_OK, "6.1.0-49-amd64             6.1.170-1            built", "build linux-6.1");
	assert_true(archive_called("apt-get -qq download linux-image-6.1.0-49-amd64=6.1.170-1"));
	assert_true(archive_called("linux-headers-6.1.0-49-amd64=6.1.170-1"));
	assert_int_equal(guest_kernel_load("linux-6.1", &k, &diag), 0);
	assert_string_equal(k.release, "6.1.0-49-amd64");
	assert_string_equal(k.package, "linux-image-6.1.0-49-amd64");
	assert_string_equal(k.version, "6.1.170-1");
	assert_string_equal(k.suite, "bookworm");
	assert_string_equal(k.compiler, "(Test 1.2) 1.2");
	assert_int_equal(strlen(k.date), strlen("2026-01-31T12:00:00Z"));
	assert_int_equal(image_sha256(archive_at("archive/vmlinuz"), hex), 0);
	assert_string_equal(k.vmlinuz_sha256, hex);
	/* the module's own sources lay there when it was made, and documents were not unpacked */
	assert_non_null(strstr(archive_read(archive_at("sources")), "Kbuild\n"));
	assert_string_equal(archive_read(archive_at("cache/guest/roots/bookworm/usr/bin/gcc")),
	                    "linux-headers-6.1.0-49-amd64_1_amd64.deb\n"); /* the last one */
	assert_int_not_equal(access(archive_at("cache/guest/roots/bookworm/usr/share/doc"), F_OK), 0);
	const char *calls = archive_read(archive_at("calls")), *first = strstr(calls, "--fsys-tarfile base-files_");

	assert_non_null(first);
	assert_ptr_equal(strstr(calls, "--fsys-tarfile"), first); /* its links, before what lies behind them */
	/* apt's state is its own, with the machine's proxy, and the suites of this kernel */
	const char *conf = archive_read(archive_at("cache/guest/apt/bookworm/conf"));

	assert_non_null(strstr(conf, "proxy.example"));
	assert_non_null(strstr(conf, archive_at("cache/guest/apt/bookworm/sources.list")));
	const char *list = archive_read(archive_at("cache/guest/apt/bookworm/sources.list"));

	assert_non_null(strstr(list, "] http://deb.example/debian bookworm main\n"));
	assert_non_null(strstr(list, "] http://deb.example/debian-security bookworm-security main\n"));
	/* nothing of the making stays */
	assert_int_not_equal(rmdir(archive_at("cache/guest/tmp")), -1);
	archive_guest(CLI_OK, "6.1.170-1", "list");
	assert_non_null(strstr(archive_said.text, "current\n"));
	assert_non_null(strstr(archive_said.text, "linux-5.10   not built: contigbench guest build linux-5.10\n"));
}

static void does_only_what_is_due(void **state)
{
	char text[4096];

	(void)state;
	archive_guest(CLI_OK, "built", "build linux-6.1@guest");
	archive_forget_calls();
	archive_guest(CLI_OK, "is up to date", "build linux-6.1");
	assert_false(archive_called("install") || archive_called("download") || archive_called("unshare"));
	/* offline: nothing is asked */
	archive_forget_calls();
	archive_guest(CLI_OK, "is up to date", "build linux-6.1 --offline");
	assert_string_equal(archive_read(archive_at("calls")), "");
	/* sources that have changed: their digest is another */
	snprintf(text, sizeof(text), "%s", archive_read(archive_at("cache/guest/kernels/linux-6.1/kernel.json")));
	char *digest = strstr(text, "module_sha256\": \"") + strlen("module_sha256\": \"");

	*digest = *digest == '0' ? '1' : '0';
	archive_write(archive_at("cache/guest/kernels/linux-6.1/kernel.json"), text);
	archive_guest(CLI_OK, "the module's sources have changed", "list");
	archive_forget_calls();
	archive_guest(CLI_OK, "module made again", "build linux-6.1 --offline");
	assert_true(archive_called("unshare") && !archive_called("download") && !archive_called("install"));
	archive_guest(CLI_OK, "current\n", "list");
	archive_forget_calls();
	archive_guest(CLI_OK, "built", "build linux-6.1 --force");
	assert_true(archive_called("download") && archive_called("unshare") && !archive_called("install"));
	/* a new release: its headers come, the old ones go */
	mkdir(archive_at("cache/guest/roots/bookworm/usr/src"), 0777);
	mkdir(archive_at("cache/guest/roots/bookworm/usr/src/linux-headers-6.1.0-49-amd64"), 0777);
	archive_release("6.1.0-50-amd64", "6.1.171-1");
	archive_guest(CLI_OK, "6.1.0-50-amd64             6.1.171-1            built", "build linux-6.1");
	assert_string_equal(archive_told("linux-6.1", "release"), "6.1.0-50-amd64");
	assert_int_not_equal(
		access(archive_at("cache/guest/roots/bookworm/usr/src/linux-headers-6.1.0-49-amd64"), F_OK), 0);
	const char *status = archive_read(archive_at("cache/guest/roots/bookworm/var/lib/dpkg/status"));

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
	archive_guest(CLI_OK, "built", "build linux-6.1");
	archive_write(archive_at("archive/status"), "100");
	for (size_t i = 0; i < COUNT(failures); i++) {
		archive_write(archive_at("archive/update"), failures[i].output);
		archive_guest(CLI_MACHINE, failures[i].says, "build linux-6.1");
		assert_non_null(strstr(archive_said.text, "--offline keeps it"));
		assert_non_null(
			strstr(archive_read(archive_at("cache/guest/logs/build-linux-6.1.log")), failures[i].output));
	}
	/* an apt that takes a failure for a warning */
	archive_write(archive_at("archive/status"), "0");
	archive_write(archive_at("archive/update"), failures[3].output);
	archive_guest(CLI_MACHINE, "can not be reached", "build linux-6.1");
	/* of four that are not to be reached only the first is asked for */
	archive_guest(CLI_MACHINE, "linux-5.10: http://archive.example/debian: Debian's archive can not be reached",
	              "build --mirror http://archive.example/debian");
	assert_null(strstr(archive_said.text, "linux-7.2"));
	assert_string_equal(archive_told("linux-6.1", "release"), "6.1.0-49-amd64");
	archive_write(archive_at("archive/update"), "");
	archive_write(archive_at("archive/unshare"), "unshare: unshare failed: Operation not permitted\n");
	archive_guest(CLI_MACHINE, "as root it may", "build linux-6.1 --force");
	archive_write(archive_at("archive/unshare"),
	              "unshare: unshare failed: No space left on device\n"); /* for namespaces */
	archive_guest(CLI_MACHINE, "as root it may", "build linux-6.1 --force");
	archive_guest(CLI_OK, "is up to date", "build linux-6.1");
	archive_write(archive_at("archive/unshare"), "x.c:1:2: error: no such thing\nmake: *** Error 2\n");
	archive_guest(CLI_MACHINE, "failed: x.c:1:2: error: no such thing", "build linux-6.1 --force");
}

/* What is fetched is looked at, too. */
static void module_of_another_release(void **state)
{
	(void)state;
	archive_module(archive_at("archive/contigbench.ko"), "6.1.0-48-amd64");
	archive_guest(CLI_USAGE, "the image is 6.1.0-49-amd64, and the headers made a module for 6.1.0-48-amd64",
	              "build linux-6.1");
	archive_guest(CLI_OK, "linux-6.1    not built", "list");
	archive_write(archive_at("archive/contigbench.ko"), "nothing");
	archive_guest(CLI_USAGE, "it is no kernel module", "build linux-6.1");
}

static void machines_without(void **state)
{
	(void)state;
	archive_write(archive_at("archive/sources"), "http://archive.example/ubuntu/ noble-updates main\n");
	archive_guest(CLI_MACHINE, "--mirror URI", "build linux-6.1");
	archive_guest(CLI_OK, "built", "build linux-6.1 --mirror http://named.example/debian");
	assert_string_equal(archive_read(archive_at("cache/guest/apt/bookworm/sources.list")) +
	                            strcspn(archive_read(archive_at("cache/guest/apt/bookworm/sources.list")), "]"),
	                    "] http://named.example/debian bookworm main\n");
	archive_guest(CLI_USAGE, "no URI", "build linux-6.1 --mirror named.example");
	/* no apt: nothing but a shell, and what of it must be there */
	char path[600];

	snprintf(path, sizeof(path), "%s/few", archive_scratch);
	mkdir(path, 0777);
	assert_int_equal(symlink("/bin/sh", archive_at("few/sh")), 0);
	setenv("PATH", path, 1);
	if (!access("/usr/sbin/apt-get", X_OK))
		skip();
	archive_guest(CLI_MACHINE, "name a kernel of your own", "build linux-6.1");
	archive_guest(CLI_MACHINE, "has not been built, and --offline", "build linux-5.10 --offline --force");
}

/* ---- ending ------------------------------------------------------------------------------------ */

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
	archive_write(archive_at("archive/slow"), "");
	fflush(NULL);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		char *argv[] = { "guest", "build", "linux-6.1", NULL };

		setenv("CONTIGBENCH_TEST_KILLED", archive_scratch, 1);
		freopen("/dev/null", "w", stderr);
		_exit(cmd_guest(3, argv));
	}
	for (int i = 0; i < 500 && !archive_called("--download-only"); i++)
		usleep(20000);
	assert_true(archive_called("--download-only"));
	char mark[128];

	snprintf(mark, sizeof(mark), "CONTIGBENCH_TEST_KILLED=%s", archive_scratch);
	assert_true(processes_with(mark) >= 2); /* so they can be seen */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unsigned int left = 1;

	for (int i = 0; i < 250 && (left = processes_with(mark)); i++)
		usleep(20000);
	assert_int_equal(left, 0);
	for (int i = 0; i < 250 && rmdir(archive_at("cache/guest/tmp")) && errno != ENOENT; i++)
		usleep(20000);
	assert_int_not_equal(access(archive_at("cache/guest/tmp"), F_OK), 0);
	unlink(archive_at("archive/slow"));
	archive_guest(CLI_OK, "built", "build linux-6.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(mirrors_of_the_machine, archive_set_up, archive_tear_down),
		cmocka_unit_test_setup_teardown(newest_release_with_image_and_headers, archive_set_up,
		                                archive_tear_down),
		cmocka_unit_test_setup_teardown(image_of_another_version, archive_set_up, archive_tear_down),
		cmocka_unit_test_setup_teardown(builds_and_says_what, archive_set_up, archive_tear_down),
		cmocka_unit_test_setup_teardown(does_only_what_is_due, archive_set_up, archive_tear_down),
		cmocka_unit_test_setup_teardown(what_fails_leaves_what_was, archive_set_up, archive_tear_down),
		cmocka_unit_test_setup_teardown(module_of_another_release, archive_set_up, archive_tear_down),
		cmocka_unit_test_setup_teardown(machines_without, archive_set_up, archive_tear_down),
		cmocka_unit_test_setup_teardown(killed_in_the_middle, archive_set_up, archive_tear_down),
	};

	return cmocka_run_group_tests_name("guest build", tests, NULL, NULL);
}
