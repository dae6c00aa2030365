// SPDX-License-Identifier: MIT
/*
 * shell.c - the user's terminal and a guest's /dev/ttyS2, each given what the other says.
 *
 * The terminal is raw meanwhile, so that Ctrl-C and all else is the guest's; it is put right again however this ends, by a signal
 * included, except by kill -9.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "inside.h"
#include "shell.h"

/* Longer than anybody stays: the guest itself limits what a command may take. */
#define SHELL_SECONDS 1000000u

#define END_OF_INPUT "\004"

/* ---- the terminal --------------------------------------------------------------------------------- */

static struct termios usual;
static bool is_raw;

static void make_raw(void)
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, &usual))
		return;
	t = usual;
	cfmakeraw(&t);
	is_raw = !tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
}

static void make_usual(void)
{
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &usual);
	is_raw = false;
}

/* ---- between them --------------------------------------------------------------------------------- */

struct pipe {
	char bytes[4096];
	size_t nr, done;
	bool ended;
};

/* What a terminal or a socket has to give. */
static void take(struct pipe *p, int fd)
{
	ssize_t n = read(fd, p->bytes, sizeof(p->bytes));

	p->done = 0;
	p->nr = n > 0 ? (size_t)n : 0;
	p->ended = !n || (n < 0 && errno != EINTR && errno != EAGAIN);
}

static void give(struct pipe *p, int fd)
{
	ssize_t n = write(fd, p->bytes + p->done, p->nr - p->done);

	if (n > 0)
		p->done += (size_t)n;
	else if (n < 0 && errno != EINTR && errno != EAGAIN)
		p->done = p->nr;
}

/* An input that ends is one that a user's Ctrl-D would end. */
static void end_input(struct pipe *p)
{
	p->nr = strlen(END_OF_INPUT);
	p->done = 0;
	memcpy(p->bytes, END_OF_INPUT, p->nr);
}

static int proxy(struct guest *g)
{
	struct pipe in = { .nr = 0 }, out = { .nr = 0 };
	bool told = false, heard = false; /* what comes before the shell has opened its line is lost */

	while (!g->answered || out.done < out.nr) {
		struct pollfd p[3] = {
			{ !heard || in.ended || in.done < in.nr ? -1 : STDIN_FILENO, POLLIN, 0 },
			{ g->terminal, (short)((out.done < out.nr ? 0 : POLLIN) | (in.done < in.nr ? POLLOUT : 0)), 0 },
			{ g->answered ? -1 : g->fd, POLLIN, 0 },
		};

		poll(p, 3, out.done < out.nr ? 0 : 1000);
		if (p[0].revents)
			take(&in, STDIN_FILENO);
		if (in.ended && !told) {
			end_input(&in);
			told = true;
		}
		if (p[1].revents & POLLIN) {
			take(&out, g->terminal);
			heard = true;
		}
		if (p[1].revents & POLLOUT)
			give(&in, g->terminal);
		if (out.done < out.nr)
			give(&out, STDOUT_FILENO);
		if (!g->answered && !guest_pump(g, 0))
			return g->error;
	}
	return 0;
}

/* What was on its way when the shell ended. */
static void last_output(struct guest *g)
{
	struct pollfd p = { g->terminal, POLLIN, 0 };
	struct pipe out = { .nr = 0 };

	while (poll(&p, 1, 100) > 0 && (p.revents & POLLIN)) {
		take(&out, g->terminal);
		if (out.ended)
			break;
		while (out.done < out.nr)
			give(&out, STDOUT_FILENO);
	}
}

int shell_run(struct guest *g, struct contig_diag *diag)
{
	struct winsize size;
	struct sigaction ignore = { .sa_handler = SIG_IGN }, pipe;
	bool sized = !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row;

	/* opened by the first process of a session it becomes the controlling terminal */
	int err = guest_begin(
		g, diag,
		"sh %u exec </dev/ttyS2 >/dev/ttyS2 2>&1; stty sane rows %u columns %u; export TERM=vt100; cd "
		"/root; exec sh -i",
		SHELL_SECONDS, sized ? size.ws_row : 24u, sized ? size.ws_col : 80u);

	if (err)
		return err;
	sigaction(SIGPIPE, &ignore, &pipe);
	fcntl(g->terminal, F_SETFL, O_NONBLOCK);
	spawn_at_signal(make_usual);
	make_raw();
	err = proxy(g);
	if (!err)
		last_output(g);
	make_usual();
	spawn_at_signal(NULL);
	sigaction(SIGPIPE, &pipe, NULL);
	if (err)
		return contig_diag_set(diag, err, "%s", g->why.text);
	return (int)g->answer.rc;
}
