// SPDX-License-Identifier: MIT
/* json.c - the tables for programs. */
#include <jansson.h>
#include <string.h>

#include "../cli.h"
#include "commands.h"

static void set_text(json_t *o, const char *key, const char *text)
{
	if (text)
		json_object_set_new(o, key, json_string(text));
}

static json_t *json_row(const struct help_option *o)
{
	json_t *row = json_object(), *names = json_array();
	const char *at = o->flags, *name;
	size_t len;

	while ((name = help_next_name(&at, &len)))
		json_array_append_new(names, json_stringn(name, len));
	json_object_set_new(row, "names", names);
	set_text(row, "argument", o->arg);
	set_text(row, "text", o->text);
	set_text(row, "more", o->more);
	set_text(row, "values", o->values);
	return row;
}

static json_t *json_group(const struct help_group *g)
{
	json_t *group = json_object(), *rows = json_array();

	set_text(group, "title", g->title);
	set_text(group, "text", g->text);
	for (const struct help_option *o = g->options; o->flags; o++)
		json_array_append_new(rows, json_row(o));
	json_object_set_new(group, "rows", rows);
	return group;
}

static json_t *json_groups(const struct help_group *groups)
{
	json_t *all = json_array();

	for (const struct help_group *g = groups; g && g->options; g++)
		json_array_append_new(all, json_group(g));
	return all;
}

static json_t *json_help(const struct help *h)
{
	json_t *help = json_object(), *usage = json_array(), *examples = json_array();

	set_text(help, "name", h->name);
	set_text(help, "summary", h->summary);
	for (const char *const *u = h->usage; *u; u++)
		json_array_append_new(usage, json_string(*u));
	json_object_set_new(help, "usage", usage);
	set_text(help, "text", h->text);
	set_text(help, "more", h->more);
	json_object_set_new(help, "groups", json_groups(h->groups));
	json_object_set_new(help, "legend", json_groups(h->legend));
	for (const struct help_example *e = h->examples; e && e->call; e++)
		json_array_append_new(examples, json_pack("{ssss}", "call", e->call, "text", e->text));
	json_object_set_new(help, "examples", examples);
	set_text(help, "status", h->status);
	return help;
}

void help_json(FILE *f, const struct help *only)
{
	json_t *all = json_help(only ? only : &help_contigbench);

	if (!only) {
		json_t *commands = json_array();

		for (const struct cli_command *c = cli_commands; c->help; c++)
			json_array_append_new(commands, json_help(c->help));
		json_object_set_new(all, "commands", commands);
	}
	json_dumpf(all, f, JSON_INDENT(2));
	fputc('\n', f);
	json_decref(all);
}
