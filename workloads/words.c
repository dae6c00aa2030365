// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

char *word_next(char **at)
{
	char *word = *at + strspn(*at, " \t"), *end = word;

	if (!*word)
		return NULL;
	for (bool quoted = false; *end && (quoted || !strchr(" \t", *end)); end++)
		quoted ^= *end == '"';
	*at = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

char *word_value(char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		return NULL;
	*value++ = '\0';
	size_t len = strlen(value);

	if (value[0] != '"')
		return value;
	if (len < 2 || strchr(value + 1, '"') != value + len - 1)
		return NULL;
	value[len - 1] = '\0';
	return value + 1;
}

bool word_number(const char **at, uint32_t max, uint32_t *out)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	unsigned long n = strtoul(*at, &end, 10);

	if (n > max)
		return false;
	*out = (uint32_t)n;
	*at = end;
	return true;
}

void word_list_add(struct word_list *l, const char *name)
{
	size_t len = strlen(l->text);

	snprintf(l->text + len, sizeof(l->text) - len, "%s%s", len ? ", " : "", name);
}
