// SPDX-License-Identifier: MIT
/*
 * test_guest_kept.c - kernels of one's own, whose tree is a Makefile and a configuration, and what guest list and clean make of
 * what is there. The programs are those of lib/archive.h.
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

/* ---- one's own ----------------------------------------------------------------------------------- */

static void make_tree(const char *release, const char *config)
{
	char text[512];

	for (const char *const *folder = (const char *const[]){ "tree", "tree/include", "tree/include/config",
	                                                        "tree/include/generated", NULL };
	     *folder; folder++)
		mkdir(archive_at("own-%s", *folder), 0777);
	archive_write(archive_at("own-tree/Makefile"), "all:\n");
	archive_write(archive_at("own-tree/Module.symvers"), "");
	archive_write(archive_at("own-tree/include/config/auto.conf"), config);
	snprintf(text, sizeof(text), "#define UTS_RELEASE \"%s\"\n", release);
	archive_write(archive_at("own-tree/include/generated/utsrelease.h"), text);
	archive_image(archive_at("bzImage"), release, 1);
	archive_module(archive_at("archive/contigbench.ko"), release);
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

	snprintf(line, sizeof(line), "build --name mine --kernel %s/bzImage --headers %s/own-tree %s", archive_scratch,
	         archive_scratch, more);
	return line;
}

static void own_kernel(void **state)
{
	(void)state;
	make_tree("7.3.0-rc2-patched+", CONFIG_ALL);
	archive_guest(CLI_OK, "mine         7.3.0-rc2-patched+", own(""));
	assert_null(strstr(archive_said.text, "warning"));
	assert_true(archive_called("make -C "));
	assert_false(archive_called("apt") || archive_called("CC=") || archive_called("LLVM"));
	assert_string_equal(archive_told("mine", "from_kernel"), archive_at("bzImage"));
	assert_string_equal(archive_told("mine", "from_headers"), archive_at("own-tree"));
	assert_string_equal(archive_told("mine", "package"), "(nothing)");
	archive_guest(CLI_OK, "is up to date", "build mine");
	/* built again, without a word to us */
	FILE *f = fopen(archive_at("bzImage"), "a");

	assert_non_null(f);
	fputs("more", f);
	fclose(f);
	archive_guest(CLI_OK, "its image has changed", "list");
	archive_guest(CLI_OK, "built", "build mine");
	archive_guest(CLI_OK, "current\n", "list");
	archive_guest(CLI_OK, "built", own("--cc sh"));
	assert_true(archive_called("CC=sh"));
	assert_string_equal(archive_told("mine", "from_cc"), "sh");
	make_tree("7.3.0-rc2-patched+", CONFIG_ALL "CONFIG_CC_IS_CLANG=y\n");
	archive_guest(CLI_OK, "built", own(""));
	assert_true(archive_called("LLVM=1"));
	/* and Debian's are still Debian's */
	archive_guest(CLI_OK, "linux-6.1    not built", "list");
}

static void own_kernel_refused(void **state)
{
	(void)state;
	make_tree("7.3.0-rc1", CONFIG_ALL);
	archive_image(archive_at("bzImage"), "7.3.0-rc2", 1);
	archive_guest(CLI_USAGE, "is 7.3.0-rc2, but the headers in", own(""));
	assert_non_null(strstr(archive_said.text, "are of 7.3.0-rc1"));
	assert_false(archive_called("make"));
	/* a tree that does not say; the module does */
	unlink(archive_at("own-tree/include/generated/utsrelease.h"));
	archive_guest(CLI_USAGE, "the image is 7.3.0-rc2, and the headers made a module for 7.3.0-rc1", own(""));
	archive_image(archive_at("bzImage"), "7.3.0-rc1", 0);
	archive_guest(CLI_USAGE, "a kernel for 32 bits", own(""));
	archive_write(archive_at("bzImage"), "\177ELF\2");
	archive_guest(CLI_USAGE, "an ELF file (vmlinux?)", own(""));
	archive_write(archive_at("bzImage"), "");
	archive_guest(CLI_USAGE, "empty", own(""));
	unlink(archive_at("bzImage"));
	archive_guest(CLI_USAGE, "No such file", own(""));
	make_tree("7.3.0-rc1", CONFIG_MUST);
	archive_guest(CLI_OK, "warning: mine is configured without CONFIG_KPROBES=y", own(""));
	make_tree("7.3.0-rc1", "CONFIG_MODULES=y\nCONFIG_NUMA=m\n");
	archive_guest(CLI_USAGE, "without CONFIG_BLK_DEV_INITRD=y", own(""));
	make_tree("7.3.0-rc1", CONFIG_ALL);
	archive_guest(CLI_USAGE, "there is no such program", own("--cc no-such-cc"));
	archive_program("make", "echo 'x.c:3: error: too new'; exit 2");
	archive_guest(CLI_USAGE, "x.c:3: error: too new", own("--force"));
	unlink(archive_at("own-tree/Makefile"));
	archive_guest(CLI_USAGE, "modules_prepare", own(""));
	archive_guest(CLI_USAGE, "there is no such folder", "build --name mine --kernel x --headers /no/such");
	archive_guest(CLI_USAGE, "that is Debian's kernel", "build --name linux-6.12 --kernel x --headers y");
	archive_guest(CLI_USAGE, "a name is made of", "build --name ../x --kernel x --headers y");
	archive_guest(CLI_USAGE, "needs --kernel bzImage and --headers DIR", "build --name mine --kernel x");
	archive_guest(CLI_USAGE, "needs a name", "build --kernel x --headers y");
	archive_guest(CLI_USAGE, "there is no kernel other", "build --name other");
	archive_guest(CLI_USAGE, "there is no kernel linux-9", "build linux-9");
	assert_int_not_equal(access(archive_at("cache/guest/locks/kernel-linux-9"), F_OK), 0);
}

/* ---- what is kept -------------------------------------------------------------------------------- */

static void list_is_json(void **state)
{
	(void)state;
	archive_guest(CLI_OK, "built", "build linux-6.1");
	archive_guest(CLI_OK, "[", "list --json");
	json_t *list = json_loads(archive_said.text, 0, NULL), *row = json_array_get(list, 1);

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
	archive_guest(CLI_OK, "built", own(""));
	archive_release("6.1.0-49-amd64", "6.1.170-1");
	archive_guest(CLI_OK, "built", "build linux-6.1");
	archive_guest(CLI_USAGE, "there is no kernel nobody", "clean linux-6.1 nobody");
	assert_int_equal(access(archive_at("cache/guest/kernels/linux-6.1/vmlinuz"), F_OK), 0);
	archive_guest(CLI_OK, "removed compilers and headers of bookworm", "clean");
	assert_int_not_equal(access(archive_at("cache/guest/roots/bookworm"), F_OK), 0);
	assert_int_equal(access(archive_at("cache/guest/kernels/linux-6.1/vmlinuz"), F_OK), 0);
	/* the module can not be made again without them: fetched anew */
	archive_guest(CLI_MACHINE, "without --offline", "build linux-6.1 --force --offline");
	archive_guest(CLI_OK, "built", "build linux-6.1 --force");
	archive_guest(CLI_OK, "removed kernel linux-6.1", "clean linux-6.1@guest");
	assert_int_equal(access(archive_at("cache/guest/kernels/mine/vmlinuz"), F_OK), 0);
	/* a build holds the lock of what it uses */
	bool busy;
	int fd = lock_take("root-bookworm", false, &busy);

	assert_true(fd >= 0);
	archive_guest(CLI_NO, "a build is using compilers and headers of bookworm", "clean --all");
	assert_int_equal(access(archive_at("cache/guest/roots/bookworm"), F_OK), 0);
	assert_int_not_equal(access(archive_at("cache/guest/kernels/mine"), F_OK), 0);
	close(fd);
	archive_guest(CLI_OK, "freed", "clean --all");
	assert_int_not_equal(access(archive_at("cache/guest/roots/bookworm"), F_OK), 0);
	archive_guest(CLI_OK, "0.0 MB freed", "clean --all");
}

static void damaged_is_said_and_mended(void **state)
{
	(void)state;
	archive_guest(CLI_OK, "built", "build linux-6.1");
	archive_write(archive_at("cache/guest/kernels/linux-6.1/kernel.json"), "{ \"name\": \"linux-6.1\"");
	archive_guest(CLI_USAGE, "is damaged: `contigbench guest clean linux-6.1`", "list");
	archive_guest(CLI_OK, "built", "build linux-6.1");
	archive_guest(CLI_OK, "current\n", "list");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(own_kernel, archive_set_up, archive_tear_down),
		cmocka_unit_test_setup_teardown(own_kernel_refused, archive_set_up, archive_tear_down),
		cmocka_unit_test_setup_teardown(list_is_json, archive_set_up, archive_tear_down),
		cmocka_unit_test_setup_teardown(clean_takes_what_was_asked_for, archive_set_up, archive_tear_down),
		cmocka_unit_test_setup_teardown(damaged_is_said_and_mended, archive_set_up, archive_tear_down),
	};

	return cmocka_run_group_tests_name("guest kept", tests, NULL, NULL);
}
