// SPDX-License-Identifier: MIT
/* test_plugin_refused.c - every plugin that is refused, compiled on the spot; and names that are only odd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../allocators/plugin.h"
#include "../bench/cli.h"
#include "lib/plugin_house.h"

static void refused_body(const char *body, const char *says)
{
	plugin_compile("bad", "inst", body);
	plugin_refused("bad.so", "list backends", says);
}

static void another_version_is_refused(void **state)
{
	(void)state;
	refused_body(
		"#undef CONTIG_PLUGIN_VERSION\n#define CONTIG_PLUGIN_VERSION 3u\n" GOOD_BACKEND GOOD_END,
		"bad.so was built for version 3 of the table of operations, this program has version 2: build it again "
		"with the headers of this program");
	refused_body("#undef CONTIG_PLUGIN_MAGIC\n#define CONTIG_PLUGIN_MAGIC 1\n" GOOD_BACKEND GOOD_END,
	             "bad.so is no plugin: its symbol contig_plugin was not made by CONTIG_PLUGIN()");
	refused_body(GOOD_BACKEND "const struct contig_plugin contig_plugin = { CONTIG_PLUGIN_MAGIC, 2, 48 };\n",
	             "struct contig_plugin has 48 bytes there");
	refused_body("#undef CONTIG_PLUGIN_LAYOUT\n#define CONTIG_PLUGIN_LAYOUT(N) N(1)\n" GOOD_BACKEND GOOD_END,
	             "bad.so was built with another contig.h (1 numbers instead of ");
}

/* The headers of another revision: fields that came, operations that changed places. */
static void another_header_is_refused(void **state)
{
	static const struct {
		const char *edit, *says;
	} edits[] = {
		{ "s/uint8_t pad.3.;/uint8_t pad[7];/", "sizeof(struct contig_what) is 12 there and 8 here" },
		{ "s/^\tPHASE_SEARCH,/\tPHASE_WAIT, PHASE_SEARCH,/",
		  "sizeof(struct contig_outcome) is 432 there and 392 here" },
		{ "s/^\tWHY_NR,/\tWHY_ELSE, WHY_NR,/", "WHY_NR is 22 there and 21 here" },
		{ "/(\\*close)(/{h;d}; /(\\*stats)(/G", "offsetof(struct contig_backend, close) is " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		assert_int_equal(
			plugin_shell(
				"rm -rf edited && cp -r inst edited && sed -i '%s' edited/include/contigbench/contig.h "
				"&& ! cmp -s inst/include/contigbench/contig.h edited/include/contigbench/contig.h",
				edits[i].edit),
			0);
		plugin_compile("bad", "edited", GOOD_BACKEND GOOD_END);
		plugin_refused("bad.so", "list backends", edits[i].says);
		plugin_refused("bad.so", "list backends", "bad.so was built with another contig.h: ");
	}
}

static void what_is_no_plugin_is_refused(void **state)
{
	(void)state;
	plugin_refused("none.so", "list", "plugin none.so: No such file or directory");
	plugin_refused(".", "list", "plugin .: Is a directory");
	plugin_refused("", "list", "--plugin: the name of a file, please");
	house_write("text.so", "hello\n", 6);
	plugin_refused("text.so", "list", "plugin text.so can not be loaded: file too short");
	plugin_refused("small.ctr", "list", "plugin small.ctr can not be loaded: invalid ELF header");
	refused_body("int x;\n", "plugin bad.so is no plugin: it has no symbol contig_plugin");
	house_write("bad.c", "int contig_plugin = 1;\n", 23);
	assert_int_equal(plugin_shell("cc -fPIC -shared -o bad.so bad.c"), 0);
	plugin_refused("bad.so", "list",
	               "plugin bad.so is no plugin: its symbol contig_plugin was not made by CONTIG_PLUGIN()");
	refused_body("void contig_gone(void);\nvoid *use = (void *)contig_gone;\n" GOOD_BACKEND GOOD_END,
	             "plugin bad.so can not be loaded: undefined symbol: contig_gone");
	/* half a file */
	plugin_compile("bad", "inst", GOOD_BACKEND GOOD_END);
	assert_int_equal(truncate("bad.so", 4000), 0);
	plugin_refused("bad.so", "list", "plugin bad.so is cut short: it has 4000 of ");
}

/* Each operation in turn is not there. */
static void every_operation_is_wanted(void **state)
{
#define NAME_OF(prefix, op) prefix #op,
	static const char *const ops[] = { CONTIG_CORE_OPS(NAME_OF, "") CONTIG_LAB_OPS(NAME_OF, "lab->") };
#undef NAME_OF
	const size_t nr = sizeof(ops) / sizeof(ops[0]);

	(void)state;
	assert_int_equal(nr, 24);
	for (size_t i = 0; i < nr; i++) {
		const char *op = strrchr(ops[i], '>') ? strrchr(ops[i], '>') + 1 : ops[i];
		bool lab = op != ops[i];
		char body[512], says[128];

		snprintf(
			body, sizeof(body),
			"static const struct contig_lab lab = { LAB%s%s%s };\n"
			"static const struct contig_backend b = { .name = \"mine\", .summary = \"m\", CORE, .lab = &lab%s%s%s "
			"};\nLIST = { &b };\n" GOOD_END,
			lab ? ", ." : "", lab ? op : "", lab ? " = 0" : "", lab ? "" : ", .", lab ? "" : op,
			lab ? "" : " = 0");
		snprintf(says, sizeof(says), "plugin bad.so offers a backend 'mine' that lacks the operation %s\n",
		         ops[i]);
		refused_body(body, says);
	}
}

/* Names end up in lists, file names, LaTeX and markup. */
static void names_that_are_none_are_refused(void **state)
{
	static const char *const names[] = {
		"",           "Mine", "a+b", "a,b",
		"a@b",        "-a",   ".a",  "_a",
		"a b",        "a\\n", "\\t", "<a>&\\\"%$#\\\\^~{}|;'",
		"\\303\\244", "../a", "a/b", "a2345678901234567890123456789012345678901",
	};
	char body[512];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(body, sizeof(body),
		         "static const struct contig_backend b = { .name = \"%s\", .summary = \"m\", CORE };\n"
		         "LIST = { &b };\n" GOOD_END,
		         names[i]);
		refused_body(body, "offers a backend, number 0, with a name that is none: 1 to 40 of a-z, 0-9");
		snprintf(body, sizeof(body), GOOD_BACKEND "CONTIG_PLUGIN(\"%s\", \"m\", \"MIT\", all, 1)\n", names[i]);
		refused_body(body, "has no usable name, summary or licence");
	}
}

static void offers_of_no_use_are_refused(void **state)
{
#define BACKEND(symbol, name, more)                                                                                    \
	"static const struct contig_backend " symbol " = { .name = \"" name "\", CORE" more " };\n"
#define SUMMARY ", .summary = \"m\""
	static const struct {
		const char *body, *says;
	} offers[] = {
		{ BACKEND("b", "linux-7.2", SUMMARY) "LIST = { &b };\n" GOOD_END,
		  "offers a backend 'linux-7.2', and there is one of that name already" },
		{ BACKEND("b", "mine", "") "LIST = { &b };\n" GOOD_END, "offers a backend 'mine' without a summary" },
		{ BACKEND("b", "mine", ", .summary = \"a\\nb\"") "LIST = { &b };\n" GOOD_END,
		  "without a summary of one line" },
		{ BACKEND("b", "mine", SUMMARY) "LIST = { 0 };\n" GOOD_END,
		  "offers a backend without a name, number 0" },
		{ "static const struct contig_backend b = { .summary = \"m\", CORE };\nLIST = { &b };\n" GOOD_END,
		  "offers a backend without a name, number 0" },
		{ BACKEND("b", "mine", SUMMARY)
		          BACKEND("c", "mine", SUMMARY) "LIST = { &b, &c };\n"
		                                        "CONTIG_PLUGIN(\"mine\", \"m\", \"MIT\", all, 2)\n",
		  "offers two backends 'mine'" },
		{ GOOD_BACKEND "CONTIG_PLUGIN(\"mine\", \"m\", \"MIT\", all, 0)\n", "offers no backend" },
		{ GOOD_BACKEND "CONTIG_PLUGIN(\"mine\", \"m\", \"MIT\", 0, 1)\n", "offers no backend" },
		{ GOOD_BACKEND "CONTIG_PLUGIN(\"mine\", \"m\", \"MIT\", all, 33)\n",
		  "offers 33 backends: there is room for 32 in all" },
		{ GOOD_BACKEND "CONTIG_PLUGIN(0, \"m\", \"MIT\", all, 1)\n", "has no usable name, summary or licence" },
		{ GOOD_BACKEND "CONTIG_PLUGIN(\"mine\", \"\", \"MIT\", all, 1)\n", "has no usable name, summary" },
		{ GOOD_BACKEND "CONTIG_PLUGIN(\"mine\", \"m\", \"a\\033b\", all, 1)\n", "has no usable name, summary" },
		{ BACKEND("b", "mine", ", .summary = \"a\\377b\"") "LIST = { &b };\n" GOOD_END,
		  "has a summary or a licence that is no UTF-8" },
		{ GOOD_BACKEND "CONTIG_PLUGIN(\"mine\", \"m\", \"\\300\\274\", all, 1)\n",
		  "has a summary or a licence that is no UTF-8" },
		{ "static int policy;\n" BACKEND("b", "mine",
		                                 SUMMARY ", .preset = (void *)&policy") "LIST = { &b };\n" GOOD_END,
		  "offers a backend 'mine' with a preset" },
		{ "#define B(n) static const struct contig_backend n = { .name = #n, .summary = \"m\", CORE };\n"
		  "B(a) B(b) B(c) B(d) B(e) B(f) B(g) B(h) B(i) B(j) B(k) B(l) B(m) B(n) B(o) B(p) B(q) B(r) B(s) B(t)\n"
		  "LIST = { &a, &b, &c, &d, &e, &f, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &t };\n"
		  "CONTIG_PLUGIN(\"mine\", \"m\", \"MIT\", all, 20)\n",
		  "offers 20 backends: there is room for 19 more" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++)
		refused_body(offers[i].body, offers[i].says);
}

static void plugins_of_one_name_are_refused(void **state)
{
	(void)state;
	plugin_compile("one", "inst", GOOD_BACKEND GOOD_END);
	plugin_compile(
		"two", "inst",
		"static const struct contig_backend b = { .name = \"two\", .summary = \"m\", CORE };\nLIST = { &b };\n" GOOD_END);
	assert_int_equal(setenv("CONTIGBENCH_PLUGINS", "one.so", 1), 0);
	plugin_refused("two.so", "list backends", "plugin two.so is called 'mine', as one.so is");
	/* the very same file by both ways is no contradiction */
	assert_non_null(
		strstr(plugin_with("one.so", CLI_OK, "list backends"), "mine             mine (plugin one.so)\n"));
	assert_int_equal(setenv("CONTIGBENCH_PLUGINS", ":one.so::" RETRY, 1), 0);
	const char *text = plugin_with(NULL, CLI_OK, "list backends");

	assert_non_null(strstr(text, "(plugin one.so)"));
	assert_non_null(strstr(text, "(plugin " RETRY ")"));
	unsetenv("CONTIGBENCH_PLUGINS");
	/* a copy is another file */
	assert_int_equal(plugin_shell("cp one.so copy.so"), 0);
	assert_int_equal(setenv("CONTIGBENCH_PLUGINS", "one.so", 1), 0);
	plugin_refused("copy.so", "list backends", "offers a backend 'mine', and there is one of that name already");
	unsetenv("CONTIGBENCH_PLUGINS");
	plugin_refused(NULL, "--plugin", "--plugin wants a file");
	/* what opens nothing and says nothing has a sentence, too */
	plugin_refused("one.so", "run small.ctr -b mine", "mine can not be opened, and does not say why");
}

/* Marks that turn the direction of writing are shown, not sent. */
static void summaries_are_shown_as_they_are(void **state)
{
	(void)state;
	plugin_compile("one", "inst",
	               BACKEND("b", "mine", ", .summary = \"a <b> %s \\342\\200\\256\"") "LIST = { &b };\n" GOOD_END);
	assert_non_null(strstr(plugin_with("one.so", CLI_OK, "list backends"),
	                       "mine             a <b> %s \\u{202e} (plugin one.so)\n"));
}

/* Nothing of a file's name is taken for anything. */
static void names_of_files_are_names(void **state)
{
	static const char name[] = "a b;$(touch pwned)'\"<&%s\303\244.so";

	(void)state;
	plugin_compile("one", "inst", GOOD_BACKEND GOOD_END);
	assert_int_equal(rename("one.so", name), 0);
	assert_non_null(strstr(plugin_with(name, CLI_OK, "list backends"), name));
	assert_int_equal(unlink(name), 0);
	assert_false(house_has("pwned"));
}

static void cplusplus_will_do(void **state)
{
	static const char text[] =
		"#include <contigbench/plugin.h>\n"
		"static contig *open_it(const contig_backend *, const contig_geometry *, const contig_hooks *, const char *,\n"
		"                       contig_diag *d) { contig_diag_set(d, -EINVAL, \"not today\"); return nullptr; }\n"
		"static contig_backend make() {\n"
		"	contig_backend b{};\n"
		"	b.name = \"cpp\"; b.summary = \"in C++\"; b.open = open_it; b.close = [](contig *) {};\n"
		"	b.alloc = [](contig *, uint32_t, contig_what, owner_t) { return int64_t(-ENOMEM); };\n"
		"	b.free = [](contig *, uint32_t, pfn_t, owner_t) { return 0; };\n"
		"	b.split = [](contig *, pfn_t, owner_t, unsigned, const owner_t *) { return 0; };\n"
		"	b.range_begin = [](contig *, const contig_range_args *, contig_range **) { return -ENOMEM; };\n"
		"	b.range_step = [](contig_range *, contig_work *) { return 0; };\n"
		"	b.range_end = [](contig_range *, contig_outcome *) {};\n"
		"	b.range_free = [](contig *, uint32_t, pfn_t, uint32_t) { return -EINVAL; };\n"
		"	b.stats = [](contig *, uint32_t, struct contig_stats *) {};\n"
		"	return b;\n}\n"
		"static const contig_backend b = make();\nstatic const contig_backend *const all[] = { &b };\n"
		"CONTIG_PLUGIN(\"cpp\", \"in C++\", \"MIT\", all, 1)\n";

	(void)state;
	house_write("cpp.cc", text, strlen(text));
	assert_int_equal(
		plugin_shell("c++ -std=c++17 -Wall -Wextra -Werror -fPIC -shared -Iinst/include -o cpp.so cpp.cc"), 0);
	assert_non_null(
		strstr(plugin_with("cpp.so", CLI_OK, "list backends"), "cpp              in C++ (plugin cpp.so)"));
	plugin_refused("cpp.so", "run small.ctr -b cpp", "contigbench run: not today\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_version_is_refused),      cmocka_unit_test(another_header_is_refused),
		cmocka_unit_test(what_is_no_plugin_is_refused),    cmocka_unit_test(every_operation_is_wanted),
		cmocka_unit_test(names_that_are_none_are_refused), cmocka_unit_test(offers_of_no_use_are_refused),
		cmocka_unit_test(plugins_of_one_name_are_refused), cmocka_unit_test(summaries_are_shown_as_they_are),
		cmocka_unit_test(names_of_files_are_names),        cmocka_unit_test(cplusplus_will_do),
	};

	return cmocka_run_group_tests(tests, plugin_set_up, house_tear_down);
}
