// SPDX-License-Identifier: MIT
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"
#include "../process/now.h"
#include "recipe.h"
#include "../process/spawn.h"

/* fetch-kernel, with a NUL behind it; the Makefile knows that this file depends on it. */
__asm__(".pushsection .rodata\n"
        "fetch_kernel: .incbin \"bench/kernels/fetch-kernel\"\n"
        "\t.byte 0\n"
        ".popsection\n");
extern const char fetch_kernel[] __attribute__((visibility("hidden")));

#define MAX_WORDS 16
/* The network stands still when apt says the same for so long; its own limits are shorter, and it tries again. */
#define STILL_SECONDS 180

#define RECORDED "; the answers recorded from this kernel (tests/conformance) stay what the model is held against"

static const struct reason {
	const char *pattern; /* extended regular expression over all that was printed; the first that matches counts */
	const char *message;
	bool unreachable;
} reasons[] = {
	/* the first, because "no space" may be that for namespaces */
	{ "unshare: .*(failed|not permitted)|mount: .*(denied|permission|failed)|cannot change root",
	  "a module is made in namespaces of its own, which this machine does not allow here: as root it may (in a container: "
	  "one with CAP_SYS_ADMIN; in a chroot: one that is a mount point), or with `sysctl kernel.unprivileged_userns_clone=1` and "
	  "kernel.apparmor_restrict_unprivileged_userns=0 where there are such",
	  false },
	{ "No space left on device|Disk quota exceeded|have enough free space",
	  "no space is left where kernels are kept (about 1.5 GB for all four): make room, or name another place with "
	  "CONTIGBENCH_CACHE; what is there already is used then",
	  false },
	{ "^= keyring",
	  "the keys of Debian's archive are not on this machine: install the package debian-archive-keyring", false },
	{ "NO_PUBKEY|EXPKEYSIG|KEYEXPIRED|REVKEYSIG|BADSIG|is not signed|signatures? (could|were|are)",
	  "the archive's signature can not be checked with the keys that are here: update the package "
	  "debian-archive-keyring (`apt-get install debian-archive-keyring`)",
	  false },
	{ "404 +Not Found|(not|no longer) have a Release file|410 +Gone|File not found",
	  "the mirror does not have the suite of this kernel any more" RECORDED
	  ". --mirror URI names an archive that has it",
	  false },
	{ "Could not resolve|Temporary failure|[Cc]ould not connect|Unable to connect|Connection (failed|timed out|refused)|"
	  "Network is unreachable|Failed to fetch|Hash Sum mismatch|Cannot initiate the connection",
	  "Debian's archive can not be reached, or does not deliver" RECORDED
	  ". With a network or apt's proxy set right, say it again; --offline uses what is there",
	  true },
	{ "^= none",
	  "the archive has no such release with image and headers of one version" RECORDED ". Try again in some hours",
	  false },
	{ "^= broken", "a package is damaged, and has been removed: say it again, and it is fetched anew", false },
	{ 0 },
};

static const struct reason *reason_in(const char *text)
{
	for (size_t i = 0; reasons[i].pattern; i++) {
		regex_t regex;

		if (regcomp(&regex, reasons[i].pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE))
			continue;
		bool found = !regexec(&regex, text, 0, NULL, 0);

		regfree(&regex);
		if (found)
			return &reasons[i];
	}
	return NULL;
}

void recipe_log(const char *name, const char *text, char *path, size_t size)
{
	char log[CACHE_PATH];
	FILE *f = cache_path(log, NULL, "logs/build-%s.log", name) ? NULL : fopen(log, "we");

	*path = '\0';
	bool ok = f && fputs(text, f) >= 0;

	if (f && fclose(f))
		ok = false;
	if (ok)
		snprintf(path, size, "%s", log);
}

/* "step 3 of 60" of ours, or apt's "dlstatus:3:20.5:Retrieving file 3 of 60". */
static bool is_progress(const char *line, uint64_t *done, uint64_t *total)
{
	unsigned int a, b;
	double percent;

	if (sscanf(line, "step %u %u", &a, &b) == 2) {
		*done = a;
		*total = b;
		return true;
	}
	if (sscanf(line, "dlstatus:%*u:%lf:", &percent) == 1) {
		*done = percent > 0 ? (uint64_t)percent : 0;
		*total = 100;
		return true;
	}
	return !strncmp(line, "dlstatus:", 9) || !strncmp(line, "pmstatus:", 9);
}

/* What it printed last, or for how long it has said nothing that counts. False: nothing is new. */
static bool show_progress(const struct recipe *r, const char *text, int64_t seconds, char last[200])
{
	const char *end = strrchr(text, '\n'), *line = end;
	uint64_t done = 0, total = 0;
	char what[200];

	while (line && line > text && line[-1] != '\n')
		line--;
	size_t len = !line ? 0 : (size_t)(end - line) < 199 ? (size_t)(end - line) : 199;
	bool same = !len || (!strncmp(last, line, len) && !last[len]);

	if (len) {
		memcpy(last, line, len);
		last[len] = '\0';
	}
	if (len && is_progress(last, &done, &total) && total) {
		snprintf(what, sizeof(what), "%s: %s%s", r->name, *last == 's' ? "unpacking " : "", r->what);
		cli_progress(what, done, total > done ? total : done + 1);
	} else {
		snprintf(what, sizeof(what), "%s: %s, seconds", r->name, r->what);
		if (seconds)
			cli_progress(what, (uint64_t)seconds, r->seconds + 1);
	}
	return !same;
}

const char *recipe_reason(char *text)
{
	/* what compilers and apt call one; what make and others say of that afterwards */
	const char *found[3] = { NULL, NULL, "it said nothing" };
	uint64_t a, b;

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (!*line || is_progress(line, &a, &b))
			continue;
		found[2] = line;
		if (!found[0] && (strstr(line, "rror: ") || !strncmp(line, "E: ", 3)))
			found[0] = line;
		else if (!found[1] && strcasestr(line, "error"))
			found[1] = line;
	}
	return found[0] ? found[0] : found[1] ? found[1] : found[2];
}

static int failed(struct recipe *r, int err, char *text, bool still, const struct contig_diag *diag)
{
	char log[CACHE_PATH] = "";
	const struct reason *why = text ? reason_in(text) : NULL;

	if (text)
		recipe_log(r->name, text, log, sizeof(log));
	cli_progress(NULL, 0, 0);
	r->unreachable = still;
	if (still)
		return cli_error(CLI_MACHINE,
		                 "%s: the archive has said nothing for %d s; say it again: what has been "
		                 "fetched is kept",
		                 r->name, STILL_SECONDS);
	if (why) {
		const char *from = why->unreachable && r->from ? r->from : NULL;

		r->unreachable = why->unreachable;
		return cli_error(CLI_MACHINE, "%s: %s%s%s%s%s%s", r->name, from ? from : "", from ? ": " : "",
		                 why->message, *log ? " (" : "", log, *log ? ")" : "");
	}
	/* what was killed or never began says nothing by itself */
	return cli_error(CLI_MACHINE, "%s: %s failed: %s%s%s", r->name, r->what,
	                 err == -ECHILD && text && *text ? recipe_reason(text) : diag->text,
	                 *log ? "; all of it is in " : "", log);
}

static void keep_answer(struct recipe *r, const char *text)
{
	size_t at = 0;

	for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		size_t len = strcspn(line, "\n");

		if (len > 2 && !strncmp(line, "= ", 2) && at + len < sizeof(r->answer)) {
			memcpy(r->answer + at, line + 2, len - 2);
			at += len - 2;
			r->answer[at++] = '\n';
		}
	}
	r->answer[at] = '\0';
}

int recipe_run(struct recipe *r, const char *const step[])
{
	const char *argv[MAX_WORDS + 5] = { "sh", "-c", fetch_kernel, "fetch-kernel" };
	struct spawn_how how = SPAWN_HOW;
	struct contig_diag diag = { "" };
	struct spawn s;
	char last[200] = "", *text = NULL;
	bool still = false;

	r->answer[0] = '\0';
	for (size_t i = 0; step[i] && i < MAX_WORDS; i++)
		argv[i + 4] = step[i];
	how.argv = (char *const *)argv;
	how.err = SPAWN_AS_OUT;
	how.seconds = r->seconds;
	if (spawn_start(&s, &how, &diag))
		return cli_error(CLI_MACHINE, "%s: %s", r->name, diag.text);
	for (int64_t began = now_ms(), heard = began; !still && !spawn_wait(&s, 200);) {
		free(text);
		text = spawn_out(&s);
		if (text && show_progress(r, text, (now_ms() - began) / 1000, last))
			heard = now_ms();
		still = now_ms() - heard > STILL_SECONDS * 1000 && !strncmp(last, "dlstatus:", 9);
	}
	free(text);
	text = spawn_out(&s);
	int err = still ? -ETIMEDOUT : spawn_said(&s, &diag);

	spawn_close(&s);
	cli_progress(NULL, 0, 0);
	if (text)
		keep_answer(r, text);
	int status = err ? failed(r, err, text, still, &diag) : CLI_OK;

	free(text);
	return status;
}

bool recipe_value(const struct recipe *r, const char *word, char *value, size_t size)
{
	size_t len = strlen(word);

	for (const char *line = r->answer; *line; line += strcspn(line, "\n") + 1) {
		size_t n = strcspn(line, "\n");

		if (n > len + 1 && !strncmp(line, word, len) && line[len] == ' ' && n - len - 1 < size) {
			memcpy(value, line + len + 1, n - len - 1);
			value[n - len - 1] = '\0';
			return true;
		}
	}
	return false;
}

bool recipe_has(const char *program)
{
	const char *path = getenv("PATH");
	char all[8192];

	snprintf(all, sizeof(all), "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
	for (char *at = all, *folder; (folder = strsep(&at, ":"));) {
		char name[8192 + 64];

		snprintf(name, sizeof(name), "%s/%s", *folder ? folder : ".", program);
		if (!access(name, X_OK))
			return true;
	}
	return false;
}
