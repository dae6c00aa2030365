// SPDX-License-Identifier: MIT
/* console.c - what a guest's console says about its death. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kernels/cache.h"
#include "inside.h"

/* What is read of a console, from its end. */
#define CONSOLE_BYTES (4u << 20)

/* ---- lines ---------------------------------------------------------------------------------------- */

/* Of a line that ends at '\n' or NUL: without "[    1.234567] ", "<0>" and what is no text. */
static void tidy(const char *line, char *out, size_t size)
{
	size_t len = strcspn(line, "\r\n"), n = 0;

	if (*line == '[') {
		size_t time = strspn(line + 1, " .0123456789");

		if (time && line[time + 1] == ']')
			line += time + 2, len -= time + 2;
	}
	for (; len && *line == ' '; len--)
		line++;
	for (size_t i = 0; i < len && n + 1 < size; i++)
		out[n++] = line[i] < ' ' || line[i] > '~' ? '?' : line[i];
	out[n] = '\0';
}

static const char *next(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

void console_last_line(const char *text, char *out, size_t size)
{
	char line[256];

	*out = '\0';
	for (; *text; text = next(text)) {
		tidy(text, line, sizeof(line));
		if (*line)
			snprintf(out, size, "%.*s", (int)size - 1, line);
	}
}

bool console_died(const char *text, char *out, size_t size)
{
	/* in the order of what says most: an oops is followed by the panic that it leads to */
	static const char *const words[] = {
		"BUG: ",        "kernel BUG at ",          "Oops: ", "Internal error: ", "Unable to ",
		"Kernel panic", "general protection fault"
	};
	char line[256], rip[128] = "";
	const char *at = text;
	size_t i = 0;

	for (; *at; at = next(at)) {
		size_t len = strcspn(at, "\n");

		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			const char *found = memmem(at, len, words[i], strlen(words[i]));

			if (found)
				break;
		}
		if (i < sizeof(words) / sizeof(words[0]))
			break;
	}
	if (!*at)
		return false;
	tidy(at, line, sizeof(line));
	for (at = next(at); *at && !*rip; at = next(at)) {
		size_t len = strcspn(at, "\n");
		/* of the kernel's own code: a trace ends with the RIP of the process */
		const char *found = memmem(at, len, "RIP: 0010:", 10);

		if (found)
			tidy(found, rip, sizeof(rip));
	}
	snprintf(out, size, "%s%s%s%s", line, *rip ? " (" : "", rip, *rip ? ")" : "");
	return true;
}

/* ---- a guest's ------------------------------------------------------------------------------------ */

/* To logs/NAME-console.log: what becomes of a message's tail. */
static void keep(const struct guest *g, const char *text, char *where, size_t size)
{
	char path[CACHE_PATH], partial[CACHE_PATH + 32];
	struct contig_diag diag;

	*where = '\0';
	if (!text || !*text || cache_path(path, &diag, "logs/%s-console.log", g->name))
		return;
	snprintf(partial, sizeof(partial), "%s.%d", path, (int)getpid());
	FILE *f = fopen(partial, "we");
	bool ok = f && fputs(text, f) >= 0;

	if (f && fclose(f))
		ok = false;
	if (ok && !rename(partial, path))
		snprintf(where, size, "; its console: %s", path);
	else
		unlink(partial);
}

/* What QEMU itself had to say: it ended by itself, and not well. */
static bool qemu_complained(struct guest *g, char *out, size_t size)
{
	struct contig_diag said;

	if (!spawn_wait(&g->qemu, 0) || g->qemu.error == -EIO || !spawn_said(&g->qemu, &said))
		return false;
	char *text = spawn_err(&g->qemu);
	bool memory = text && (strstr(text, "annot allocate memory") || strstr(text, "annot set up guest memory"));

	snprintf(out, size, "%.240s%s", said.text, memory ? "; a guest takes 3584 MiB of address space" : "");
	free(text);
	return true;
}

int guest_lost(struct guest *g, int err, struct contig_diag *diag, const char *fmt, ...)
{
	char noticed[256], died[320] = "", last[160] = "", where[CACHE_PATH + 32] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(noticed, sizeof(noticed), fmt, ap);
	va_end(ap);
	/* one that dies reboots, which ends QEMU: its last words are complete then */
	if (g->has_qemu && err == -EIO)
		spawn_wait(&g->qemu, 3000);
	char *text = spawn_text(g->console, CONSOLE_BYTES);
	bool has_died = text && console_died(text, died, sizeof(died));

	if (text)
		console_last_line(text, last, sizeof(last));
	if (!has_died && g->has_qemu && qemu_complained(g, died, sizeof(died)))
		*last = '\0';
	if (g->has_qemu)
		keep(g, text, where, sizeof(where));
	free(text);
	spawn_close(&g->qemu);
	g->has_qemu = false;
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
	g->error = err;
	if (*died)
		contig_diag_set(&g->why, err, "%s: %.300s (%.80s)%s", g->name, died, noticed, where);
	else if (*last)
		contig_diag_set(&g->why, err, "%s: %s; the last line of its console is \"%.120s\"%s", g->name, noticed,
		                last, where);
	else if (g->console >= 0 && err == -EIO && !g->nr_says)
		contig_diag_set(&g->why, err,
		                "%s: the machine ended before its kernel said a word: the image may be damaged",
		                g->name);
	else
		contig_diag_set(&g->why, err, "%s: %s%s", g->name, noticed, where);
	return contig_diag_set(diag, err, "%s", g->why.text);
}

bool guest_alive(const struct guest *g)
{
	return !g->error;
}
