// SPDX-License-Identifier: MIT
/* greet.c - a guest from its line to the agent's hello, what that said, and the end of it all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../cli.h"
#include "inside.h"
#include "../process/now.h"

struct guest *guest_new(const char *name, int fd, struct contig_diag *diag)
{
	struct guest *g = calloc(1, sizeof(*g));

	if (!g) {
		contig_diag_set(diag, 0, "no memory for a guest");
		errno = ENOMEM;
		return NULL;
	}
	snprintf(g->name, sizeof(g->name), "%s", name);
	g->fd = fd;
	g->seconds = GUEST_LIMIT;
	g->console = g->terminal = -1;
	g->qemu = (struct spawn){ .life = -1, .report = -1, .out = -1, .err = -1 };
	return g;
}

void guest_free(struct guest *g)
{
	int fds[] = { g->fd, g->console, g->terminal };

	spawn_close(&g->qemu);
	for (size_t i = 0; i < 3; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	for (uint32_t i = 0; i < g->nr_says; i++)
		free(g->says[i]);
	free(g->says);
	free(g->answer.line);
	free(g->line_at);
	free(g->text);
	free(g);
}

/* ---- first words ----------------------------------------------------------------------------------- */

/* What an agent says first: WIRE_READY, or "contigbench agent 1 failed: TEXT". Else NULL is not what it is. */
static int first_words(struct guest *g, const char *line, struct contig_diag *diag)
{
	static const char agent[] = "contigbench agent ", failed[] = "failed: ";
	const char *why = strstr(line, failed);
	unsigned int version;

	if (!strcmp(line, WIRE_READY))
		return 0;
	if (strncmp(line, agent, sizeof(agent) - 1))
		return guest_lost(g, -EPROTO, diag, "the guest's first words are not those of an agent: %.100s", line);
	if (why)
		return guest_lost(g, -ENOEXEC, diag,
		                  "%s; build the module for this kernel again with `contigbench guest build %s`",
		                  why + sizeof(failed) - 1, g->name);
	if (sscanf(line + sizeof(agent) - 1, "%u", &version) == 1 && version != WIRE_VERSION)
		return guest_lost(
			g, -EPROTO, diag,
			"the agent speaks version %u, this program version %d: build both from the same sources",
			version, WIRE_VERSION);
	return guest_lost(g, -EPROTO, diag, "the agent is not ready: %.100s", line);
}

static int hello(struct guest *g, struct contig_diag *diag)
{
	struct guest_answer *a;
	int err = guest_call(g, &a, diag, "hello");

	if (!err && a->rc < 0)
		err = guest_lost(g, -EPROTO, diag, "the agent answered hello with %lld %s", (long long)a->rc, a->words);
	if (err)
		return err;
	g->says = calloc(a->nr_lines + 1, sizeof(*g->says));
	for (uint32_t i = 0; g->says && i < a->nr_lines; i++) {
		g->says[i] = strdup(a->line[i]);
		g->nr_says = i + 1;
	}
	if (!g->says || guest_number(g, "wire") != WIRE_VERSION)
		return guest_lost(g, -EPROTO, diag, "the agent's hello names no version %d of what is spoken",
		                  WIRE_VERSION);
	return 0;
}

int guest_greet(struct guest *g, unsigned int seconds, struct contig_diag *diag)
{
	int64_t end = now_ms() + (int64_t)seconds * 1000;
	char first[WIRE_LINE];

	while (!guest_line(g, first)) {
		int64_t left = end - now_ms();

		if (left <= 0)
			return guest_lost(g, -ETIMEDOUT, diag, "the agent was not ready after %u s", seconds);
		if (g->has_qemu && !g->quiet)
			cli_progress(g->kvm ? "booting under KVM, seconds" : "booting, seconds",
			             seconds - (uint64_t)left / 1000, seconds);
		if (guest_move(g, left > 100 ? 100 : (int)left))
			return contig_diag_set(diag, g->error, "%s", g->why.text);
	}
	int err = first_words(g, first, diag);

	return err ? err : hello(g, diag);
}

struct guest *guest_attach(const char *name, int fd, unsigned int seconds, struct contig_diag *diag)
{
	struct guest *g = guest_new(name, fd, diag);

	if (!g) {
		close(fd);
		errno = ENOMEM;
		return NULL;
	}
	int err = guest_greet(g, seconds ? seconds : GUEST_LIMIT, diag);

	if (!err)
		return g;
	guest_free(g);
	errno = -err;
	return NULL;
}

/* ---- what it said ---------------------------------------------------------------------------------- */

const char *guest_says(const struct guest *g, const char *key)
{
	size_t len = strlen(key);

	for (uint32_t i = 0; i < g->nr_says; i++) {
		if (g->says[i] && !strncmp(g->says[i], key, len) && g->says[i][len] == ' ')
			return g->says[i] + len + 1;
	}
	return NULL;
}

uint64_t guest_number(const struct guest *g, const char *key)
{
	const char *value = guest_says(g, key);

	return value ? strtoull(value, NULL, 10) : 0;
}
