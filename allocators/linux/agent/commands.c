// SPDX-License-Identifier: MIT
/* commands.c - the table of commands, their arguments, and the form of an answer. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "line.h"

static const struct command *const tables[] = {
	about_commands,   pages_commands,    request_commands, look_commands,
	offline_commands, populate_commands, race_commands,    shell_commands,
};

static char words[WIRE_LINE]; /* behind "= RC" */

void say(const char *fmt, ...)
{
	char line[WIRE_LINE + 1] = "+ ";
	va_list ap;

	va_start(ap, fmt);
	int len = 2 + vsnprintf(line + 2, sizeof(line) - 3, fmt, ap);
	va_end(ap);
	if (len > (int)sizeof(line) - 2)
		len = (int)sizeof(line) - 2;
	line[len++] = '\n';
	serial_write(line, (size_t)len);
}

int64_t answer(int64_t rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words) - 32, fmt, ap);
	va_end(ap);
	return rc;
}

static const struct command *find(const char *name)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++) {
		for (const struct command *c = tables[t]; c->name; c++) {
			if (!strcmp(c->name, name))
				return c;
		}
	}
	return NULL;
}

static bool argument(struct call *call, unsigned int i, char form, char *word)
{
	static const uint64_t max[256] = { ['n'] = INT64_MAX, ['b'] = 1 };

	call->word[i] = word;
	switch (form) {
	case 'n':
	case 'b':
		return line_number(word, max[(unsigned char)form], &call->number[i]);
	case 'p':
		return line_number(word, kernel.max_pfn ? kernel.max_pfn - 1 : INT64_MAX, &call->number[i]);
	case 'l':
		return word[0] && !word[1];
	default:
		return true;
	}
}

/* The words of a line by the command's form; false if they do not fit. */
static bool arguments(const struct command *command, char *rest, struct call *call)
{
	char *word[COMMAND_ARGS + 1];
	bool optional = false, whole = strchr(command->form, '*');
	unsigned int max = 0, nr;

	for (const char *f = command->form; *f; f++)
		max += *f != '?';
	/* one more than there may be, so that it shows */
	nr = line_words(rest, word, whole ? max : max + 1);
	for (const char *f = command->form; *f; f++) {
		if (*f == '?') {
			optional = true;
			continue;
		}
		if (call->nr == nr)
			return optional;
		if (!argument(call, call->nr, *f, word[call->nr]))
			return false;
		call->nr++;
	}
	return call->nr == nr;
}

static int64_t execute(char *line)
{
	char *word[2];
	unsigned int nr = line_words(line, word, 2);
	const struct command *command = nr ? find(word[0]) : NULL;
	struct call call = { 0 };
	char none[1] = "";

	if (!command)
		return answer(-EINVAL, "no such command: %.40s", nr ? word[0] : "");
	if (!arguments(command, nr == 2 ? word[1] : none, &call))
		return answer(-EINVAL, "usage: %s %s", command->name, command->usage);
	if (!command->without_module && !kernel.abi)
		return answer(-ENODEV, "the module is not loaded");
	int64_t rc = command->run(&call);

	/* module and kernel say no more than that */
	if (rc == -EINVAL && !*words)
		answer(rc, "refused; usage: %s %s (wire.h: what these have to be)", command->name, command->usage);
	if (rc == -EOPNOTSUPP && !*words)
		answer(rc, "this kernel has not what %s needs", command->name);
	return rc;
}

void command_line(char *line)
{
	char text[WIRE_LINE + 1], safe[WIRE_LINE];

	words[0] = '\0';
	int64_t rc = execute(line);

	line_escape(safe, sizeof(safe) - 32, words, strlen(words));
	int len = snprintf(text, sizeof(text), "= %lld%s%s\n", (long long)rc, *safe ? " " : "", safe);

	serial_write(text, (size_t)len);
	serial_flush();
}
