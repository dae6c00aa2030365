// SPDX-License-Identifier: MIT
/*
 * test_guest_boot.c - guest boot and guest exec with a qemu-system-x86_64 that is a script: what it is given, and what is said
 * when it dies, hangs, complains, or its kernel panics.
 *
 *	scratch/bin/qemu-system-x86_64		writes its arguments and what it was given down, then does what $FAKE says
 *	scratch/cache/guest/kernels/mine/	a kernel image (its first bytes) and a module (any)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/cli.h"
#include "../bench/guest/commands.h"
#include "../bench/guest/inside.h"
#include "lib/house.h"

static struct contig_diag diag;

/* An agent in sh: descriptor 3 is the line, 4 the console, 5 the initramfs. */
static const char fake[] =
	"#!/bin/sh\n"
	"echo \"$@\" >>calls\n"
	"case $FAKE in\n"
	"agent) cat /proc/self/fd/5 >initramfs\n"
	"	echo 'contigbench agent 1 ready' >&3\n"
	"	while read -r line <&3; do\n"
	"		case $line in\n"
	"		hello) printf '+ wire 1\\n+ release 6.1.0-fake\\n+ cpus 2\\n= 0\\n' ;;\n"
	"		quit) exit 0 ;;\n"
	"		*'exec /bin/sh /command')\n"
	"			printf '+ a\\\\x09tab\\n+ long \\\\c\\n+ line\\n+ no end, \\\\x5cx41\\\\c\\n= %s\\n' $EXIT ;;\n"
	"		'sh '*)	line=${line#sh * }\n"
	"			sh -c \"cd inside; ${line#*;}\" >out 2>&1; status=$?\n"
	"			sed 's/^/+ /' out; echo \"= $status\" ;;\n"
	"		*) echo '= -22' ;;\n"
	"		esac >&3\n"
	"	done ;;\n"
	"deaf) exec sleep 1000 ;;\n"
	"once) if [ -e was-here ]; then FAKE=agent exec \"$0\"; fi; : >was-here; exec sleep 1000 ;;\n"
	"complains) echo 'qemu: cannot set up guest memory 'node0': Cannot allocate memory' >&2; exit 1 ;;\n"
	"panics) printf '[    0.5] Linux\\r\\n[    1.234567] Kernel panic - not syncing: VFS: no root\\r\\n' >&4\n"
	"	printf '[    1.3] RIP: 0033:0x1\\r\\n[    1.4] Rebooting\\r\\n' >&4 ;;\n"
	"oopses) printf '[    1.2] BUG: unable to handle page fault for address: 0\\n[    1.2] RIP: 0010:f+0x1/0x2\\n' >&4\n"
	"	printf '[    1.3] Kernel panic - not syncing: Fatal exception\\n' >&4 ;;\n"
	"silent) exit 0 ;;\n"
	"vermagic) echo 'contigbench agent 1 failed: /contigbench.ko: Exec format error: version magic' >&3; exec sleep 1000 ;;\n"
	"esac\n";

static void write_kernel(const char *name, bool good)
{
	char image[0x400] = { 0 }, path[256], json[512];
	static const char sum[] = "0000000000000000000000000000000000000000000000000000000000000000";

	if (good) {
		memcpy(image + 0x202, "HdrS\x0f\x02", 6);
		image[0x20f] = 1; /* the release is at 0x300 */
		image[0x236] = 1;
		strcpy(image + 0x300, "6.1.0-fake (me) #1");
	}
	snprintf(path, sizeof(path), "cache/guest/kernels/%s", name);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "cache/guest/kernels/%s/vmlinuz", name);
	house_write(path, image, sizeof(image));
	snprintf(path, sizeof(path), "cache/guest/kernels/%s/contigbench.ko", name);
	house_write(path, "module", 6);
	snprintf(path, sizeof(path), "cache/guest/kernels/%s/kernel.json", name);
	int len = snprintf(json, sizeof(json),
	                   "{ \"name\": \"%s\", \"release\": \"6.1.0-fake\", \"date\": \"2026-01-31T12:00:00Z\", "
	                   "\"vmlinuz_sha256\": \"%s\", \"module_sha256\": \"%s\" }",
	                   name, sum, sum);

	house_write(path, json, (size_t)len);
}

static bool has_busybox;

static int set_up(void **state)
{
	char here[2048], path[4096 + 2048];

	if (house_set_up(state) || !getcwd(here, sizeof(here)))
		return -1;
	mkdir("bin", 0700);
	mkdir("inside", 0700);
	house_shell("mkdir -p cache/guest/kernels");
	house_write("bin/qemu-system-x86_64", fake, strlen(fake));
	chmod("bin/qemu-system-x86_64", 0700);
	write_kernel("mine", true);
	write_kernel("text", false);
	snprintf(path, sizeof(path), "%s/cache", here);
	setenv("CONTIGBENCH_CACHE", path, 1);
	snprintf(path, sizeof(path), "%s/bin:%s", here, getenv("PATH"));
	setenv("PATH", path, 1);
	has_busybox =
		!system("busybox --list >busybox.list 2>/dev/null && ! ldd \"$(command -v busybox)\" >/dev/null 2>&1");
	if (!has_busybox)
		printf("skipped: guests with a fake QEMU: no static busybox (scripts/setup guest)\n");
	return 0;
}

static void wants_busybox(void)
{
	unlink("calls");
	unlink("was-here");
	if (!has_busybox)
		skip();
}

static struct guest *boot(const char *what, unsigned int seconds)
{
	struct guest_options o = GUEST_OPTIONS;

	setenv("FAKE", what, 1);
	o.seconds = seconds;
	o.emulate = o.quiet = true;
	errno = 0;
	return guest_boot("mine", &o, &diag);
}

static void says(const char *words)
{
	if (!strstr(diag.text, words))
		fail_msg("\"%s\" does not say \"%s\"", diag.text, words);
}

/* It must fail so, and nothing of it may stay. */
static void refused(const char *what, int err, const char *words)
{
	assert_null(boot(what, 1));
	int got = errno;

	says(words);
	assert_int_equal(got, err);
	assert_string_equal(house_shell("pgrep -f 'sleep 1000$' -s 0 || true"), "");
}

static const char *calls(void)
{
	static char *text;
	size_t len;

	free(text);
	text = house_contents("calls", &len);
	return text;
}

static void has(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("\"%s\" is not in: %s", words, text);
}

/* ---- what it is given ----------------------------------------------------------------------------- */

static void test_command_line(void **state)
{
	struct guest_options o = GUEST_OPTIONS;

	(void)state;
	wants_busybox();
	struct guest *g = boot("agent", 30);

	if (!g)
		fail_msg("%s", diag.text);
	assert_string_equal(guest_says(g, "release"), "6.1.0-fake");
	assert_false(guest_is_kvm(g));
	has(calls(), "-accel tcg,thread=single -m 3584M -smp 2 -object memory-backend-ram,id=node0,size=3072M "
	             "-object memory-backend-ram,id=node1,size=512M -numa node,nodeid=0,memdev=node0,cpus=0-1 "
	             "-numa node,nodeid=1,memdev=node1 -nodefaults");
	has(calls(), "-no-reboot");
	has(calls(),
	    "-append console=ttyS0 loglevel=3 panic=-1 nokaslr init_on_alloc=0 mitigations=off no_timer_check\n");
	guest_close(g);
	o.emulate = o.threads = o.quiet = o.terminal = true;
	o.append = "cma=64M quiet";
	g = guest_boot("mine", &o, &diag);
	assert_non_null(g);
	assert_true(guest_terminal(g) >= 0);
	has(calls(), "-accel tcg,thread=multi ");
	has(calls(), "mitigations=off no_timer_check cma=64M quiet\n");
	guest_close(g);
	o = (struct guest_options)GUEST_OPTIONS;
	o.icount = 3;
	o.quiet = true;
	g = guest_boot("mine", &o, &diag);
	assert_non_null(g);
	has(calls(), "-accel tcg,thread=single -icount shift=3,sleep=off");
	guest_close(g);
	o.threads = true;
	assert_null(guest_boot("mine", &o, &diag));
	assert_int_equal(errno, EINVAL);
	says("only be counted with one thread");
}

static void test_what_is_inside(void **state)
{
	struct guest_options o = GUEST_OPTIONS;

	(void)state;
	wants_busybox();
	if (system("command -v cpio >/dev/null")) {
		printf("skipped: the initramfs is not read: no cpio\n");
		skip();
	}
	setenv("FAKE", "agent", 1);
	house_shell("mkdir -p workloads/corpus && echo trace >workloads/corpus/x.ctr");
	o.emulate = o.quiet = o.program = true;
	o.files = (const struct guest_file[]){ { .name = "root/a/b", .path = "bin/qemu-system-x86_64" },
		                               { .name = "command", .text = "exec true\n" },
		                               { 0 } };
	struct guest *g = guest_boot("mine", &o, &diag);

	if (!g)
		fail_msg("%s", diag.text);
	guest_close(g);
	house_shell("mkdir tree && cd tree && cpio -idm --quiet --no-absolute-filenames <../initramfs");
	assert_string_equal(house_shell("cd tree && cat contigbench.ko && cat command"), "moduleexec true\n");
	house_shell(
		"cd tree && cmp root/a/b ../bin/qemu-system-x86_64 && test -x init && test -x bin/sh && test -c dev/console");
	assert_string_equal(house_shell("cd tree && readlink bin/sh"), "busybox\n");
	house_shell(
		"cd tree && cmp bin/contigbench /proc/$PPID/exe && cmp share/contigbench/corpus/x.ctr ../workloads/corpus/x.ctr");
	/* all that it runs with, at the place where its loader looks */
	assert_string_equal(
		house_shell("cd tree && ldd bin/contigbench | sed -n 's/^[^/]*\\(\\/[^ ]*\\) (0x.*/\\1/p' | while "
	                    "read -r f; do test -f .$f || echo $f; done"),
		"");
	house_shell("rm -rf tree initramfs workloads");
}

/* ---- when it does not go well --------------------------------------------------------------------- */

static void test_names(void **state)
{
	struct guest_options o = GUEST_OPTIONS;

	(void)state;
	static const char *const none[] = { "../mine", "", "@guest", "mine@guests", "mine@guest+knob=1", "Mine", ".." };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		assert_null(guest_boot(none[i], &o, &diag));
		assert_int_equal(errno, EINVAL);
		says("is no name of a kernel");
	}
	assert_null(guest_boot("linux-6.1", &o, &diag));
	assert_int_equal(errno, ENOENT);
	assert_string_equal(diag.text, "the kernel linux-6.1 has not been built: `contigbench guest build linux-6.1`");
	assert_false(house_has("cache/guest/kernels/linux-6.1"));
	/* as a backend it has another name */
	assert_null(guest_boot("linux-6.1@guest", &o, &diag));
	assert_int_equal(errno, ENOENT);
	/* to build what nobody has is no next step */
	assert_null(guest_boot("linux-9.9", &o, &diag));
	assert_int_equal(errno, ENOENT);
	says("there is no kernel linux-9.9: `contigbench guest list`");
	assert_null(guest_boot("text@guest", &o, &diag));
	assert_int_equal(errno, ENOEXEC);
	says("is no bzImage, but something else");
}

static void test_ends(void **state)
{
	(void)state;
	wants_busybox();
	refused("complains", EIO,
	        "mine: qemu-system-x86_64 failed with exit status 1: qemu: cannot set up guest memory node0: Cannot allocate "
	        "memory; a guest takes 3584 MiB");
	refused("panics", EIO,
	        "mine: Kernel panic - not syncing: VFS: no root (the line to the agent is closed); its console: ");
	assert_true(house_has("cache/guest/logs/mine-console.log"));
	has(house_shell("cat cache/guest/logs/mine-console.log"), "Rebooting");
	refused("oopses", EIO, "mine: BUG: unable to handle page fault for address: 0 (RIP: 0010:f+0x1/0x2)");
	refused("silent", EIO, "mine: the machine ended before its kernel said a word: the image may be damaged");
	refused("vermagic", ENOEXEC,
	        "version magic; build the module for this kernel again with `contigbench guest build mine`");
}

static void test_stands_still(void **state)
{
	(void)state;
	wants_busybox();
	refused("deaf", ETIMEDOUT, "mine: the agent was not ready after 1 s");
	assert_int_equal(calls() && strstr(strchr(calls(), '\n') + 1, "-accel") != NULL, 1); /* tried once more */
	struct guest *g = boot("once", 3);

	if (!g)
		fail_msg("%s", diag.text);
	guest_close(g);
}

/* What KVM came to is known from then on: that it hangs is noticed. */
static void test_kvm(void **state)
{
	struct guest_options o = GUEST_OPTIONS;
	size_t len;

	(void)state;
	wants_busybox();
	if (access("/dev/kvm", R_OK | W_OK)) {
		printf("skipped: no /dev/kvm\n");
		skip();
	}
	unlink("cache/guest/kvm");
	setenv("FAKE", "once", 1);
	o.seconds = 3;
	o.quiet = true;
	struct guest *g = guest_boot("mine", &o, &diag);

	if (!g)
		fail_msg("%s", diag.text);
	assert_false(guest_is_kvm(g));
	guest_close(g);
	has(calls(), "-accel kvm ");
	char *kvm = house_contents("cache/guest/kvm", &len);

	has(kvm, " no\n");
	free(kvm);
	unlink("calls");
	setenv("FAKE", "agent", 1);
	g = guest_boot("mine", &o, &diag);
	assert_non_null(g);
	guest_close(g);
	assert_null(strstr(calls(), "-accel kvm "));
	/* of another boot of the machine: nobody knows */
	house_write("cache/guest/kvm", "00000000-0000 no\n", 17);
	g = guest_boot("mine", &o, &diag);
	assert_non_null(g);
	assert_true(guest_is_kvm(g));
	guest_close(g);
	kvm = house_contents("cache/guest/kvm", &len);
	has(kvm, " yes\n");
	free(kvm);
	unlink("cache/guest/kvm");
}

static void test_no_qemu(void **state)
{
	char *path = strdup(getenv("PATH"));

	(void)state;
	wants_busybox();
	house_shell("mkdir -p only && ln -sf \"$(command -v busybox)\" only/busybox");
	setenv("PATH", "only", 1);
	assert_null(boot("agent", 1));
	assert_int_equal(errno, ENOEXEC);
	setenv("PATH", "/nowhere", 1);
	says("no qemu-system-x86_64: `apt-get install --no-install-recommends qemu-system-x86`");
	assert_null(boot("agent", 1));
	assert_int_equal(errno, ENOEXEC);
	says("no static busybox: `apt-get install --no-install-recommends busybox-static`");
	setenv("PATH", path, 1);
	free(path);
}

/* ---- exec ----------------------------------------------------------------------------------------- */

static void test_exec(void **state)
{
	(void)state;
	wants_busybox();
	setenv("FAKE", "agent", 1);
	setenv("EXIT", "7", 1);
	assert_string_equal(house_run(guest_exec_main, 7, "exec mine@guest --emulate -- sh -c true"),
	                    "a\ttab\nlong line\nno end, \\x41");
	setenv("EXIT", "0", 1);
	house_shell("printf 'some\\0bytes' >inside/result; seq 100000 >inside/long");
	house_run(guest_exec_main, 0, "exec --emulate --get result --get long:copy mine true");
	house_shell("cmp result inside/result && cmp copy inside/long");
	assert_int_equal(house_count(".", ".contigbench-"), 0);
	house_refused(guest_exec_main, CLI_USAGE, "exec mine --emulate --get result -- true", "result exists already");
	house_run(guest_exec_main, 0, "exec mine --emulate --get result --force -- true");
	/* one that is not there is said, and is a failure */
	has(house_run(guest_exec_main, CLI_NO, "exec mine --emulate --get nothing -- true"),
	    "nothing in the guest was not copied");
	assert_false(house_has("nothing"));
	setenv("EXIT", "-110", 1);
	has(house_run(guest_exec_main, 124, "exec mine --emulate --timeout 5 -- true"), "was not done after 5 s");
	house_refused(guest_exec_main, CLI_USAGE, "exec mine", "no COMMAND");
	house_refused(guest_exec_main, CLI_USAGE, "exec", "no NAME");
	house_refused(guest_exec_main, CLI_USAGE, "exec mine --put nothing -- true", "--put: nothing can not be read");
	house_refused(guest_exec_main, CLI_USAGE, "exec mine --put copy:/tmp/x -- true", "choose another folder");
	house_refused(guest_exec_main, CLI_USAGE, "exec mine --get x:/no/such/y -- true", "can not be written");
	house_refused(guest_exec_main, CLI_USAGE, "exec mine --timeout 0 -- true", "give seconds");
}

static void test_boot(void **state)
{
	(void)state;
	wants_busybox();
	setenv("FAKE", "agent", 1);
	has(house_run(guest_boot_main, 0, "boot --emulate mine"), "kernel     mine: Linux 6.1.0-fake\n");
	setenv("FAKE", "panics", 1);
	house_refused(guest_boot_main, CLI_MACHINE, "boot --emulate mine", "Kernel panic - not syncing: VFS: no root");
	house_refused(guest_boot_main, CLI_USAGE, "boot", "no NAME");
	house_refused(guest_boot_main, CLI_USAGE, "boot mine other", "other");
	house_refused(guest_boot_main, CLI_USAGE, "boot mine --boot-timeout 0", "--boot-timeout 0: give seconds");
	house_refused(guest_boot_main, CLI_USAGE, "boot mine --boot-timeout", "--boot-timeout");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),          cmocka_unit_test(test_command_line),
		cmocka_unit_test(test_what_is_inside), cmocka_unit_test(test_ends),
		cmocka_unit_test(test_stands_still),   cmocka_unit_test(test_kvm),
		cmocka_unit_test(test_no_qemu),        cmocka_unit_test(test_exec),
		cmocka_unit_test(test_boot),
	};

	return cmocka_run_group_tests(tests, set_up, house_tear_down);
}
