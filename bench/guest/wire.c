// SPDX-License-Identifier: MIT
/*
 * wire.c - commands to an agent and its answers (allocators/linux/wire.h).
 *
 * The other end may be slow, dead, or anything at all: every wait has its limit, every line its length, and what is not an
 * answer to what was asked ends the guest.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "inside.h"
#include "../process/now.h"

/* ---- lines that come ----------------------------------------------------------------------------- */

/* Text into the answer; where it begins, or SIZE_MAX. */
static size_t keep(struct guest *g, const char *text)
{
	size_t len = strlen(text) + 1, at = g->nr_text;

	if (at + len > GUEST_ANSWER_BYTES)
		return SIZE_MAX;
	if (at + len > g->max_text) {
		size_t max = (at + len) * 2;
		char *more = realloc(g->text, max);

		if (!more)
			return SIZE_MAX;
		g->text = more;
		g->max_text = max;
	}
	memcpy(g->text + at, text, len);
	g->nr_text += len;
	return at;
}

static int add_line(struct guest *g, const char *line)
{
	if (g->on_line) {
		g->on_line(g->ctx, line);
		return 0;
	}
	if (g->answer.nr_lines == g->max_lines) {
		uint32_t max = g->max_lines ? 2 * g->max_lines : 64;
		size_t *more = realloc(g->line_at, max * sizeof(*more));

		if (!more)
			return -ENOMEM;
		g->line_at = more;
		g->max_lines = max;
	}
	size_t at = keep(g, line);

	if (at == SIZE_MAX)
		return guest_lost(g, -EPROTO, NULL, "the agent's answer to `%s' does not end",
		                  g->pending[g->first_pending].head);
	g->line_at[g->answer.nr_lines++] = at;
	return 0;
}

/* "RC WORDS" of the oldest command. */
static int end_answer(struct guest *g, char *line)
{
	struct guest_pending *p = &g->pending[g->first_pending];
	char *end;

	errno = 0;
	long long rc = strtoll(line, &end, 10);
	bool number = end != line && !errno && strchr("-0123456789", *line) && (!*end || *end == ' ');

	if (!number)
		return guest_lost(g, -EPROTO, NULL,
		                  "the agent answered `%s' with \"= %.60s\", which begins with no number", p->head,
		                  line);
	char *words = *end ? end + 1 : end;

	if (p->call) {
		g->answer.rc = rc;
		size_t at = keep(g, words);

		if (at == SIZE_MAX)
			return guest_lost(g, -ENOMEM, NULL, "no memory for the answer to `%s'", p->head);
		g->answer.words = g->text + at;
		g->answer.line = calloc(g->answer.nr_lines + 1, sizeof(*g->answer.line));
		for (uint32_t i = 0; g->answer.line && i < g->answer.nr_lines; i++)
			g->answer.line[i] = g->text + g->line_at[i];
		g->answered = true;
		if (!g->answer.line)
			return guest_lost(g, -ENOMEM, NULL, "no memory for the answer to `%s'", p->head);
	} else if (rc < 0 && !g->posted_rc) {
		g->posted_rc = rc;
		snprintf(g->posted, sizeof(g->posted), "`%s' was answered %lld%s%s", p->head, rc, *words ? " " : "",
		         words);
	}
	g->pending_bytes -= p->bytes;
	g->first_pending = (g->first_pending + 1) % GUEST_PENDING;
	g->nr_pending--;
	return 0;
}

static int take_line(struct guest *g, char *line)
{
	for (const char *p = line; *p; p++) {
		if (*p < ' ' || *p > '~')
			return guest_lost(g, -EPROTO, NULL, "the agent said what is no text (byte %u in column %zu)",
			                  (unsigned char)*p, (size_t)(p - line) + 1);
	}
	if (!g->nr_pending)
		return guest_lost(g, -EPROTO, NULL, "the agent said without having been asked: %.100s", line);
	if (line[0] == '+' && (!line[1] || line[1] == ' '))
		return g->pending[g->first_pending].call ? add_line(g, line[1] ? line + 2 : line + 1) : 0;
	if (line[0] == '=' && line[1] == ' ')
		return end_answer(g, line + 2);
	return guest_lost(g, -EPROTO, NULL, "the agent answered `%s' with what is no answer: %.100s",
	                  g->pending[g->first_pending].head, line);
}

/* The next whole line of what came, or NULL. It is good until more is read. */
static char *next_line(struct guest *g, size_t *at)
{
	char *from = g->in + *at, *end = memchr(from, '\n', g->nr_in - *at);

	if (!end)
		return NULL;
	*at += (size_t)(end - from) + 1;
	if (end > from && end[-1] == '\r')
		end--;
	*end = '\0';
	/* a NUL of the other side's would hide what is behind it */
	for (char *p = from; p < end; p++)
		*p = *p ? *p : '\1';
	return from;
}

static void forget_until(struct guest *g, size_t at)
{
	memmove(g->in, g->in + at, g->nr_in - at);
	g->nr_in -= at;
}

static int take_lines(struct guest *g)
{
	size_t at = 0;
	char *line;
	int err = 0;

	/* what comes behind the answer to a call belongs to nobody: at the next call it is noticed */
	while (!err && !g->answered && (line = next_line(g, &at)))
		err = strlen(line) >= WIRE_LINE ? -EMSGSIZE : take_line(g, line);
	if (g->error)
		return g->error;
	forget_until(g, at);
	if (err == -EMSGSIZE || (!g->answered && g->nr_in >= WIRE_LINE))
		return guest_lost(g, -EPROTO, NULL, "the agent said a line of more than %d bytes", WIRE_LINE);
	return err;
}

bool guest_line(struct guest *g, char line[WIRE_LINE])
{
	size_t at = 0;
	const char *from = next_line(g, &at);

	if (!from && g->nr_in < WIRE_LINE)
		return false;
	/* what is longer is none, whoever says it */
	snprintf(line, WIRE_LINE, "%.*s", WIRE_LINE - 1, from ? from : g->in);
	forget_until(g, from ? at : g->nr_in);
	return true;
}

/* ---- bytes ---------------------------------------------------------------------------------------- */

int guest_move(struct guest *g, int milliseconds)
{
	struct pollfd p = { g->fd, POLLIN, 0 };

	if (g->error)
		return g->error;
	if (g->sent < g->nr_out)
		p.events |= POLLOUT;
	int n = poll(&p, 1, milliseconds);

	if (n < 0 && errno != EINTR)
		return guest_lost(g, -errno, NULL, "the line to the agent can not be used: %s", strerror(errno));
	if (n <= 0)
		return 0;
	if (p.revents & POLLOUT) {
		ssize_t sent = send(g->fd, g->out + g->sent, g->nr_out - g->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		/* what the other side said before it closed the line is worth more: it is read below */
		if (sent > 0)
			g->sent += (size_t)sent;
	}
	if (!(p.revents & (POLLIN | POLLHUP | POLLERR)) || g->nr_in == sizeof(g->in))
		return 0;
	/* a serial line brings byte after byte: the rest of a line is read together, not with a call a byte */
	if (g->nr_in && !memchr(g->in, '\n', g->nr_in))
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
	ssize_t got = recv(g->fd, g->in + g->nr_in, sizeof(g->in) - g->nr_in, MSG_DONTWAIT);

	if (got > 0)
		g->nr_in += (size_t)got;
	else if (!got || (errno != EAGAIN && errno != EINTR))
		return guest_lost(g, -EIO, NULL, "the line to the agent is closed");
	return 0;
}

bool guest_pump(struct guest *g, int milliseconds)
{
	int err = take_lines(g);

	/* an answer may come before all of the question was sent, from one that does not listen */
	if (!err && (!g->answered || g->sent < g->nr_out))
		err = guest_move(g, milliseconds);
	return !err && !take_lines(g);
}

static int is_late(struct guest *g)
{
	if (g->nr_pending)
		return guest_lost(g, -ETIMEDOUT, NULL, "no answer to `%s' within %u s",
		                  g->pending[g->first_pending].head, g->seconds);
	return guest_lost(g, -ETIMEDOUT, NULL, "the agent took nothing within %u s", g->seconds);
}

/* Until done() says so; each answered command makes the time begin anew. */
static int until(struct guest *g, bool (*done)(const struct guest *g, size_t more), size_t more)
{
	int64_t end = now_ms() + (int64_t)g->seconds * 1000;
	uint32_t nr = g->nr_pending;

	while (!done(g, more)) {
		int64_t left = end - now_ms();

		if (left <= 0)
			return is_late(g);
		if (!guest_pump(g, left > 1000 ? 1000 : (int)left))
			return g->error;
		if (g->nr_pending != nr) {
			nr = g->nr_pending;
			end = now_ms() + (int64_t)g->seconds * 1000;
		}
	}
	return 0;
}

static bool has_room(const struct guest *g, size_t more)
{
	return g->sent == g->nr_out && g->nr_pending < GUEST_PENDING &&
	       (!g->nr_pending || g->pending_bytes + more <= GUEST_WINDOW);
}

static bool has_sent(const struct guest *g, size_t more)
{
	(void)more;
	return g->sent == g->nr_out;
}

static bool has_answer(const struct guest *g, size_t more)
{
	(void)more;
	return g->answered;
}

/* ---- commands ------------------------------------------------------------------------------------- */

static int is_gone(const struct guest *g, struct contig_diag *diag)
{
	return contig_diag_set(diag, g->error, "%s", g->why.text);
}

static int command(struct guest *g, bool call, struct contig_diag *diag, const char *fmt, va_list ap)
{
	char line[WIRE_LINE + 1];
	int len = vsnprintf(line, WIRE_LINE, fmt, ap);

	if (g->error)
		return is_gone(g, diag);
	if (len < 0 || len >= WIRE_LINE || strchr(line, '\n'))
		return contig_diag_set(diag, -EMSGSIZE, "a command of more than one line of %d bytes: %.60s ...",
		                       WIRE_LINE, line);
	line[len++] = '\n';
	g->answered = false;
	/* what is there already can not be its answer */
	if (!guest_pump(g, 0) || until(g, has_room, (size_t)len))
		return is_gone(g, diag);
	memcpy(g->out, line, (size_t)len);
	g->nr_out = (size_t)len;
	g->sent = 0;
	struct guest_pending *p = &g->pending[(g->first_pending + g->nr_pending++) % GUEST_PENDING];

	*p = (struct guest_pending){ .bytes = (uint32_t)len, .call = call };
	line[len - 1] = '\0';
	snprintf(p->head, sizeof(p->head), "%.95s", line);
	g->pending_bytes += (uint32_t)len;
	return until(g, has_sent, 0) ? is_gone(g, diag) : 0;
}

static int begin(struct guest *g, struct contig_diag *diag, const char *fmt, va_list ap)
{
	free(g->answer.line);
	g->answer = (struct guest_answer){ 0 };
	g->nr_text = 0;
	return command(g, true, diag, fmt, ap);
}

static int call(struct guest *g, struct guest_answer **answer, struct contig_diag *diag, const char *fmt, va_list ap)
{
	int err = begin(g, diag, fmt, ap);

	if (err)
		return err;
	if (until(g, has_answer, 0))
		return is_gone(g, diag);
	if (answer)
		*answer = &g->answer;
	if (g->posted_rc) {
		err = (int)g->posted_rc;
		g->posted_rc = 0;
		return contig_diag_set(diag, err, "%s: %s", g->name, g->posted);
	}
	return 0;
}

int guest_call(struct guest *g, struct guest_answer **answer, struct contig_diag *diag, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int err = call(g, answer, diag, fmt, ap);

	va_end(ap);
	return err;
}

int guest_begin(struct guest *g, struct contig_diag *diag, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int err = begin(g, diag, fmt, ap);

	va_end(ap);
	return err;
}

int guest_lines(struct guest *g, void (*on_line)(void *ctx, const char *line), void *ctx, struct guest_answer **answer,
                struct contig_diag *diag, const char *fmt, ...)
{
	va_list ap;

	g->on_line = on_line;
	g->ctx = ctx;
	va_start(ap, fmt);
	int err = call(g, answer, diag, fmt, ap);

	va_end(ap);
	g->on_line = NULL;
	return err;
}

int guest_post(struct guest *g, struct contig_diag *diag, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int err = command(g, false, diag, fmt, ap);

	va_end(ap);
	return err;
}

void guest_limit(struct guest *g, unsigned int seconds)
{
	g->seconds = seconds ? seconds : GUEST_LIMIT;
}
