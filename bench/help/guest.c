// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "commands.h"

static const char *const usage[] = {
	"contigbench guest build [NAME...] [--force] [--offline] [--mirror URI] [--security URI]",
	"contigbench guest build --name NAME --kernel bzImage --headers DIR [--cc CC] [--force]",
	"contigbench guest list [--json]",
	"contigbench guest clean [NAME...|--all]",
	NULL,
};

static const struct help_option actions[] = {
	{ "build", "[NAME...]",
	  "get kernel, headers and compiler from Debian's archive and make the module (linux-5.10, linux-6.1, linux-6.12 and "
	  "linux-7.2); what is there and up to date stays",
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

static const struct help_option listing[] = {
	{ "--json", NULL, "JSON instead of text", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_option cleaning[] = {
	{ "--all", NULL, "all kernels, too, and so everything", NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct help_group groups[] = {
	{ NULL, NULL, actions },   { NULL, NULL, all_of_them }, { "build", NULL, building },
	{ "list", NULL, listing }, { "clean", NULL, cleaning }, { NULL, NULL, NULL },
};

static const struct help_example examples[] = {
	{ "contigbench guest build", "Debian's four, from nothing in about a minute" },
	{ "contigbench guest build --name mine --kernel arch/x86/boot/bzImage --headers .",
	  "in the tree of a kernel of one's own: then it is mine@guest" },
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
		"a mirror that has the suite, QEMU, or space; clean ends with 1 if a build is using what was to be removed.",
};
