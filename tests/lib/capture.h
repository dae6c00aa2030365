/* SPDX-License-Identifier: MIT */
/* capture.h - run a command of contigbench in a child process and keep what it says. */
#ifndef CAPTURE_H
#define CAPTURE_H

struct capture {
	int status;         /* exit status; 128 + signal if it was killed */
	char text[1 << 18]; /* stdout and stderr */
};

/* `line` is split at spaces; its first word is the command's name. */
void capture_command(struct capture *c, int (*command)(int argc, char **argv), const char *line);

/* Send this process' stdout and stderr to /dev/null and back again: for libraries that print. */
void capture_mute(void);
void capture_unmute(void);

#endif
