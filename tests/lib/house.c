// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "house.h"
#include "synthetic.h"

#define MS UINT64_C(1000000)

static char scratch[64];
static struct capture captured;

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int house_set_up(void **state)
{
	static const struct trace_event one[] = {
		{ .id = 1, .op = TRACE_ALLOC, .kind = PAGE_KERNEL, .migratetype = MT_UNMOVABLE },
		{ .ns = 60 * MS, .op = TRACE_MARK },
		{ .op = TRACE_OP_NR },
	};
	struct trace t;

	(void)state;
	snprintf(scratch, sizeof(scratch), "/tmp/contigbench-test-XXXXXX");
	if (!mkdtemp(scratch) || chdir(scratch))
		return -1;
	synthetic_file(&synthetic_small, "small.ctr");
	trace_of(one, &t);
	trace_file(&t, "one.ctr");
	trace_close(&t);
	return 0;
}

int house_tear_down(void **state)
{
	(void)state;
	return chdir("/") || nftw(scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int house_tidy(void **state)
{
	static const char *const made[] = { "new", "new.partial", "other", "other.partial" };

	(void)state;
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		nftw(made[i], remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}

const char *house_run(house_command command, int status, const char *line)
{
	capture_command(&captured, command, line);
	if (captured.status != status)
		fail_msg("`%s`: status %d instead of %d: %s", line, captured.status, status, captured.text);
	return captured.text;
}

void house_refused(house_command command, int status, const char *line, const char *says)
{
	const char *text = house_run(command, status, line);
	const char *newline = strchr(text, '\n');

	if (!strstr(text, says))
		fail_msg("`%s` says '%s' without '%s'", line, text, says);
	if (!newline || newline[1] || strncmp(text, "contigbench ", 12))
		fail_msg("`%s`: not one line: '%s'", line, text);
}

json_t *house_json(house_command command, int status, const char *line)
{
	const char *text = house_run(command, status, line);
	json_error_t error;
	json_t *json = json_loads(text, 0, &error);

	if (!json)
		fail_msg("`%s`: %s in line %d of %s", line, error.text, error.line, text);
	return json;
}

const char *house_shell(const char *line)
{
	FILE *f = popen(line, "r");

	assert_non_null(f);
	captured.text[fread(captured.text, 1, sizeof(captured.text) - 1, f)] = '\0';
	if (pclose(f))
		fail_msg("%s: %s", line, captured.text);
	return captured.text;
}

char *house_contents(const char *name, size_t *len)
{
	FILE *f = fopen(name, "r");

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	*len = (size_t)ftell(f);
	rewind(f);
	char *text = calloc(*len + 1, 1);

	assert_int_equal(fread(text, 1, *len, f), *len);
	fclose(f);
	return text;
}

void house_write(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

bool house_has(const char *name)
{
	return !access(name, F_OK);
}

size_t house_count(const char *folder, const char *prefix)
{
	DIR *dir = opendir(folder);
	size_t n = 0;

	assert_non_null(dir);
	for (const struct dirent *e; (e = readdir(dir));)
		n += !strncmp(e->d_name, prefix, strlen(prefix));
	closedir(dir);
	return n;
}

int house_wait(int pid)
{
	int status = 0;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
