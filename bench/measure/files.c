// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"

static bool line_value(char *line, const char *key, char **value)
{
	line[strcspn(line, "\n")] = '\0';
	*value = line;
	if (!key)
		return true;
	if (strncmp(line, key, strlen(key)))
		return false;
	char *behind = line + strlen(key);

	behind += strspn(behind, " \t");
	if (*behind != ':')
		return false;
	*value = behind + 1 + strspn(behind + 1, " \t");
	return true;
}

bool file_line(char *out, size_t size, const char *path, const char *key)
{
	char *line = NULL, *value;
	size_t room = 0;
	bool found = false;
	FILE *f = fopen(path, "re");

	/* lines of any length: the flags of a cpu take 2 KiB */
	while (f && !found && getline(&line, &room, f) > 0) {
		found = line_value(line, key, &value);
		if (found)
			snprintf(out, size, "%s", value);
	}
	if (!found)
		snprintf(out, size, "unknown");
	free(line);
	if (f)
		fclose(f);
	return found;
}

bool file_number(uint64_t *out, const char *path)
{
	char line[32];

	/* a -1, by which cgroups mean "no limit", becomes UINT64_MAX */
	return file_line(line, sizeof(line), path, NULL) && sscanf(line, "%" SCNu64, out) == 1;
}

bool file_keyed_number(uint64_t *out, const char *path, const char *key)
{
	char word[64];
	bool found = false;
	FILE *f = fopen(path, "re");

	while (f && !found && fscanf(f, "%63s %" SCNu64, word, out) == 2)
		found = !strcmp(word, key);
	if (f)
		fclose(f);
	return found;
}

bool list_has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += length) {
		bool begins = p == list || strchr(" \t", p[-1]);

		if (begins && strchr(" \t\n", p[length]))
			return true;
	}
	return false;
}
