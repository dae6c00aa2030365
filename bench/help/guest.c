// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "commands.h"

static const char *const usage[] = {
	"contigbench guest build [NAME...] [--force] [--offline] [--mirror URI] [--security URI]",
	"contigbench guest build --name NAME --kernel bzImage --headers DIR [--cc CC] [--force]",
	"contigbench guest boot NAME [--shell] [OPTION...]",
	"contigbench guest exec NAME [OPTION...] [--] COMMAND [ARG...]",
	"contigbench guest list [--json]",
	"contigbench guest clean [NAME...|--all]",
	NULL,
};

static const struct help_option actions[] = {
	{ "build", "[NAME...]",
	  "get kernel, headers and compiler from Debian's archive and make the module (linux-5.10, linux-6.1, linux-6.12 and "
	  "linux-7.2); what is there and up to date stays",
	  NULL, "kernel" },
	{ "boot", "NAME", "boot it, say what it is and how long that took, and power it off again", NULL, "kernel" },
	{ "exec", "NAME COMMAND [ARG...]",
	  "boot it, run COMMAND in it, in /root, and pass on what it prints and its exit status. COMMAND is one of busybox's, or "
	  "contigbench; a single word with blanks in it is a line for the shell",
	  NULL, "kernel" },
	{ "list", NULL, "what there is: release, package, when it was made, whether its module is current", NULL,
	  NULL },
	{ "clean", "[NAME...]",
	  "remove these kernels; without a name, all that can be fetched again: compilers, headers, lists, logs", NULL,
	  "kernel" },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option all_of_them[] = {
	{ "-h, --help", NULL, "this text", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option building[] = {
	{ "--force", NULL, "make it anew, even if it is up to date", NULL, NULL },
	{ "--offline", NULL, "fetch nothing, use what is there", NULL, NULL },
	{ "--mirror", "URI", "Debian's archive (that of the machine's apt configuration)",
	  "A suite that is no longer on the mirrors is in an archive of old ones.", NULL },
	{ "--security", "URI", "its archive of security updates (that of apt's configuration; with --mirror none)",
	  NULL, NULL },
	{ "--name", "NAME", "a kernel of your own, which is then NAME@guest", NULL, NULL },
	{ "--kernel", "FILE", "its bzImage, for x86-64", NULL, "file" },
	{ "--headers", "DIR", "the tree that it was built in, or a folder of its headers", NULL, "dir" },
	{ "--cc", "CC", "its compiler (what the tree says)", NULL, "command" },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option running[] = {
	{ "--append", "WORDS", "more for the kernel's command line: \"cma=64M\"", NULL, NULL },
	{ "--boot-timeout", "SECONDS",
	  "for one try to boot it; one that stands still is tried once more (60, then 120)", NULL, NULL },
	{ "--emulate", NULL, "without KVM even where that works", NULL, NULL },
	{ "--threads", NULL, "emulated cpus run at the same time, each in a thread", NULL, NULL },
	{ "--program", NULL,
	  "contigbench itself is inside, with its libraries and what ships with it; so it is where COMMAND is contigbench",
	  NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option booting[] = {
	{ "--shell", NULL, "a shell in it, on this terminal, until `exit`", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option executing[] = {
	{ "--timeout", "SECONDS", "for COMMAND, which is killed then; the exit status is 124 (600)", NULL, NULL },
	{ "--put", "FILE[:NAME]", "FILE is in the guest beforehand, as NAME (as what it is called here, in /root)",
	  "--put and --get may be given more than once. Relative names of the guest begin in /root.", "file" },
	{ "--get", "NAME[:FILE]",
	  "NAME of the guest is copied behind COMMAND, however that ended, to FILE (as what it is called there, in this folder)",
	  NULL, NULL },
	{ "--force", NULL, "replace a FILE of --get that exists", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option listing[] = {
	{ "--json", NULL, "JSON instead of text", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option cleaning[] = {
	{ "--all", NULL, "all kernels, too, and so everything", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_group groups[] = {
	{ NULL, NULL, actions },     { NULL, NULL, all_of_them },
	{ "build", NULL, building }, { "boot and exec", NULL, running },
	{ "boot", NULL, booting },   { "exec", NULL, executing },
	{ "list", NULL, listing },   { "clean", NULL, cleaning },
	{ NULL, NULL, NULL },
};

static const struct help_example examples[] = {
	{ "contigbench guest build", "Debian's four, from nothing in a minute or two" },
	{ "contigbench guest build --name mine --kernel arch/x86/boot/bzImage --headers .",
	  "in the tree of a kernel of one's own: then it is mine@guest" },
	{ "contigbench guest boot linux-6.1 --shell", "look around in it" },
	{ "contigbench guest exec linux-7.2 --get build.ctr -- contigbench record -o build.ctr -- sh -c 'cat /bin/* >/tmp/x'",
	  "a trace of another kernel than this machine's" },
	{ NULL, NULL },
};

const struct help help_guest = {
	.name = "guest",
	.summary = "real kernels: get or name one, boot it under QEMU, run something in it",
	.usage = usage,
	.text = "Makes NAME@guest a backend: a kernel under QEMU with a module that calls alloc_contig_range. Kernels are kept in "
		"$XDG_CACHE_HOME/contigbench/guest (or below ~/.cache; CONTIGBENCH_CACHE names another folder), with the compilers "
		"of their suites: 1.5 GB for all four. Nothing needs root, and nothing else of the machine is changed. "
		"docs/kernels.md says what is kept where, and how to try a kernel of one's own.",
	.groups = groups,
	.examples = examples,
	.status =
		"Exit status: 2 if image and headers do not belong together, or the module can not be made; 3 without a network, "
		"a mirror that has the suite, QEMU, or space; clean ends with 1 if a build is using what was to be removed. exec has the status of COMMAND.",
};
