/* SPDX-License-Identifier: MIT */
/* outfile.h - a file that is there whole, or not at all: written under another name beside it, and renamed. */
#ifndef OUTFILE_H
#define OUTFILE_H

#include <stdio.h>

#include "../cli.h"

struct outfile {
	FILE *f;
	const char *path;
	char temporary[4096];
};

/* `path` NULL: the terminal. CLI_OK, or a message was printed. */
int outfile_open(struct outfile *o, const char *path);
/* `status` is what the writing came to: unless that is CLI_OK or CLI_NO, nothing stays. It, or CLI_MACHINE after a message. */
int outfile_close(struct outfile *o, int status);

/* Before work that takes long: is the folder there, and may it be written to? CLI_OK, or an error's status, which is told. */
int outfile_possible(const char *path);

#endif
