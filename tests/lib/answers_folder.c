// SPDX-License-Identifier: MIT
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <zlib.h>

#include "../../bench/cli.h"
#include "answers_folder.h"

char folder_scratch[] = "/tmp/contigbench-conformance-XXXXXX";
struct capture said;

void folder_path(char out[256], const char *name)
{
	snprintf(out, 256, "%s/dir/%s", folder_scratch, name);
}

void folder_put(const char *name, const char *text)
{
	char path[256];

	folder_path(path, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

void folder_put_compressed(const char *name, const char *text)
{
	char path[256];

	folder_path(path, name);
	gzFile f = gzopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(gzputs(f, text), strlen(text));
	gzclose(f);
}

void folder_drop(const char *name)
{
	char path[256];

	folder_path(path, name);
	assert_int_equal(unlink(path), 0);
}

/* A pageblock a line; `all` is the digit of its free bitmap. */
void block_line(char *out, size_t size, const char *kernel, const char *block, char unmovable, char free)
{
	size_t at = (size_t)snprintf(out, size, "%s %s ", kernel, block);

	assert_true(size > at + 260);
	memset(out + at, unmovable, 128);
	out[at + 128] = ' ';
	memset(out + at + 129, free, 128);
	strcpy(out + at + 257, "\n");
}

/* Eleven free MOVABLE pageblocks of one kernel. */
void free_layout(char *out, size_t size, const char *kernel)
{
	for (size_t i = 0, at = 0; i < 11; i++, at += strlen(out + at)) {
		char block[16];

		snprintf(block, sizeof(block), "%zu M", i);
		block_line(out + at, size - at, kernel, block, '0', 'f');
	}
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int folder_fresh(void **state)
{
	char path[256], text[8192];

	(void)state;
	folder_path(path, "");
	nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	if (mkdir(path, 0777))
		return -1;
	folder_put("cases.txt", CASE);
	folder_put("answers.jsonl", ANSWER);
	free_layout(text, sizeof(text), "6.1");
	folder_put_compressed("random-a.layout.gz", text);
	folder_put("random-a.jsonl", REQUEST("0", "512"));
	return 0;
}

const char *conformance(const char *options)
{
	char line[512];

	snprintf(line, sizeof(line), "conformance %s/dir %s", folder_scratch, options);
	capture_command(&said, cmd_conformance, line);
	return said.text;
}

void expect_status(int status)
{
	if (said.status != status)
		fail_msg("status %d, not %d: %s", said.status, status, said.text);
}

void expect_said(const char *text)
{
	if (!strstr(said.text, text))
		fail_msg("'%s' was not said: %s", text, said.text);
}

void refused(const char *file_and_line, const char *why)
{
	conformance("");
	expect_status(CLI_USAGE);
	expect_said(file_and_line);
	expect_said(why);
	const char *newline = strchr(said.text, '\n');

	if (!newline || newline[1])
		fail_msg("not one line: %s", said.text);
}

int folder_set_up(void **state)
{
	(void)state;
	return mkdtemp(folder_scratch) ? 0 : -1;
}

int folder_tear_down(void **state)
{
	(void)state;
	return nftw(folder_scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}
