// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper.h"
#include "now.h"
#include "spawn.h"

/* A keeper kills and is gone; one that is not waits for a process that can not be killed, and is left to it. */
#define PATIENCE_MS 10000

/* ---- signals that end us ------------------------------------------------------------------------ */

static struct {
	volatile pid_t keeper; /* 0: free */
	volatile int life;
} kept[SPAWN_MAX];
static unsigned int nr_kept;

static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
#define NR_ENDING (sizeof(ending) / sizeof(ending[0]))
static struct sigaction before[NR_ENDING];
static bool caught[NR_ENDING];

static void (*volatile at_signal)(void);

void spawn_at_signal(void (*call)(void))
{
	at_signal = call;
}

/* What is used here is allowed in a handler: signal-safety(7). */
static void end(int sig)
{
	if (at_signal)
		at_signal();
	for (int i = 0; i < SPAWN_MAX; i++) {
		if (kept[i].keeper)
			close(kept[i].life);
	}
	for (int i = 0; i < SPAWN_MAX; i++) {
		pid_t pid = kept[i].keeper;

		for (int ms = 0; pid && ms < PATIENCE_MS && !waitpid(pid, NULL, WNOHANG); ms += 10)
			poll(NULL, 0, 10);
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

static void catch_signals(bool on)
{
	struct sigaction sa = { .sa_handler = end };

	for (size_t i = 0; i < NR_ENDING; i++) {
		if (!on) {
			if (caught[i])
				sigaction(ending[i], &before[i], NULL);
			caught[i] = false;
			continue;
		}
		if (sigaction(ending[i], NULL, &before[i]) || before[i].sa_handler != SIG_DFL)
			continue; /* ignored, or somebody's own */
		for (size_t k = 0; k < NR_ENDING; k++)
			sigaddset(&sa.sa_mask, ending[k]);
		caught[i] = !sigaction(ending[i], &sa, NULL);
	}
}

static bool enlist(pid_t keeper, int life)
{
	for (int i = 0; i < SPAWN_MAX; i++) {
		if (kept[i].keeper)
			continue;
		kept[i].life = life;
		kept[i].keeper = keeper;
		if (!nr_kept++)
			catch_signals(true);
		return true;
	}
	return false;
}

static void delist(pid_t keeper)
{
	for (int i = 0; i < SPAWN_MAX; i++) {
		if (kept[i].keeper != keeper)
			continue;
		kept[i].keeper = 0;
		if (!--nr_kept)
			catch_signals(false);
	}
}

/* ---- start -------------------------------------------------------------------------------------- */

extern char **environ;

/* Ours, but for what is given anew. */
static char **environment(char *const *more)
{
	size_t nr = 0, n = 0;

	for (char **e = environ; *e; e++)
		nr++;
	for (char *const *e = more; e && *e; e++)
		nr++;
	char **all = calloc(nr + 1, sizeof(*all));

	for (char *const *e = more; all && e && *e; e++)
		all[n++] = *e;
	for (char **e = environ; all && *e; e++) {
		bool is_new = true;

		for (char *const *m = more; m && *m; m++) {
			size_t len = strcspn(*m, "=");

			is_new &= strncmp(*m, *e, len) || (*e)[len] != '=';
		}
		if (is_new)
			all[n++] = *e;
	}
	return all;
}

static int keep_output(int given, int *kept_fd)
{
	if (given >= 0)
		return given;
	*kept_fd = memfd_create("output", MFD_CLOEXEC);
	return *kept_fd;
}

/* The errno of an exec that failed; 0: it runs. */
static int exec_error(int failed)
{
	int err = 0;
	ssize_t n;

	do {
		n = read(failed, &err, sizeof(err));
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(err) ? err : 0;
}

/* The keeper between pipes: s->keeper, life and report. 0 or -errno. */
static int start_keeper(struct spawn *s, struct keeper *k)
{
	int life[2] = { -1, -1 }, report[2] = { -1, -1 }, failed[2] = { -1, -1 };
	sigset_t all, old;
	int err = 0;

	if (pipe2(life, O_CLOEXEC) || pipe2(report, O_CLOEXEC) || pipe2(failed, O_CLOEXEC))
		err = -errno;
	k->life = life[0];
	k->report = report[1];
	k->failed = failed[1];
	s->life = life[1];
	s->report = report[0];
	if (!err) {
		/* a signal now would find a keeper that is not on the list, or run our handler in the keeper */
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, &old);
		pid_t pid = keeper_start(k);

		if (pid < 0)
			err = (int)pid;
		else
			s->keeper = pid;
		if (pid > 0 && !enlist(pid, s->life))
			err = -EMFILE;
		sigprocmask(SIG_SETMASK, &old, NULL);
	}
	int *mine[] = { &life[0], &report[1], &failed[1] };

	for (size_t i = 0; i < 3; i++) {
		if (*mine[i] >= 0)
			close(*mine[i]);
	}
	/* also without a program: when the keeper has closed this, it has closed all that is not its own */
	if (!err)
		err = -exec_error(failed[0]);
	if (failed[0] >= 0)
		close(failed[0]);
	return err;
}

int spawn_start(struct spawn *s, const struct spawn_how *how, struct contig_diag *diag)
{
	struct keeper k = {
		.argv = how->argv,
		.dir = how->dir,
		.seconds = how->seconds,
		.nr_fds = 3 + how->nr_fds,
	};
	const char *slash = strrchr(how->argv[0], '/');
	int null = -1, err = 0;

	*s = (struct spawn){ .life = -1,
		             .report = -1,
		             .out = -1,
		             .err = -1,
		             .seconds = how->seconds,
		             .tick = how->tick,
		             .ctx = how->ctx };
	snprintf(s->name, sizeof(s->name), "%s", slash ? slash + 1 : how->argv[0]);
	if (how->nr_fds > SPAWN_MAX_FDS)
		return contig_diag_set(diag, -EINVAL, "%s: too many descriptors", s->name);
	char **env = environment(how->env);

	k.env = env;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	k.fd[0] = how->in >= 0 ? how->in : null;
	k.fd[1] = keep_output(how->out, &s->out);
	k.fd[2] = how->err == SPAWN_AS_OUT ? k.fd[1] : keep_output(how->err, &s->err);
	for (unsigned int i = 0; i < how->nr_fds; i++)
		k.fd[3 + i] = how->fds[i];
	if (!env || k.fd[0] < 0 || k.fd[1] < 0 || k.fd[2] < 0)
		err = env ? -errno : -ENOMEM;
	if (!err)
		err = start_keeper(s, &k);
	if (null >= 0)
		close(null);
	free(env);
	if (!err)
		return 0;
	spawn_close(s);
	if (err == -ENOENT && how->dir && access(how->dir, X_OK))
		return contig_diag_set(diag, err, "%s can not run in %s: no such folder", how->argv[0], how->dir);
	return contig_diag_set(diag, err, "%s can not be run: %s", how->argv[0], strerror(-err));
}

int spawn_keep_folder(struct spawn *s, const char *path, int fd)
{
	struct keeper k = { .fd = { -1, -1, -1, fd }, .nr_fds = 4, .remove = path };

	*s = (struct spawn){ .life = -1, .report = -1, .out = -1, .err = -1 };
	int err = start_keeper(s, &k);

	if (err)
		spawn_close(s);
	return err;
}

/* ---- until its end ------------------------------------------------------------------------------ */

static bool too_much(const struct spawn *s)
{
	const int fds[] = { s->out, s->err };
	struct stat st;

	for (size_t i = 0; i < 2; i++) {
		if (fds[i] >= 0 && !fstat(fds[i], &st) && st.st_size > (off_t)SPAWN_KEPT)
			return true;
	}
	return false;
}

static void take_report(struct spawn *s)
{
	struct keeper_report report;
	ssize_t n;

	do {
		n = read(s->report, &report, sizeof(report));
	} while (n < 0 && errno == EINTR);
	s->ended = true;
	if (!s->error)
		s->error = n == (ssize_t)sizeof(report) ? report.error : -EIO;
	if (n == (ssize_t)sizeof(report))
		s->status = report.status;
}

/* Tell the keeper to make an end, and see it go. */
static void end_keeper(struct spawn *s)
{
	sigset_t all, old;

	if (!s->keeper)
		return;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	close(s->life);
	s->life = -1;
	for (int ms = 0; ms < PATIENCE_MS && !waitpid(s->keeper, NULL, WNOHANG); ms++)
		poll(NULL, 0, 1);
	delist(s->keeper);
	s->keeper = 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
}

bool spawn_wait(struct spawn *s, int milliseconds)
{
	int64_t until = milliseconds < 0 ? INT64_MAX : now_ms() + milliseconds;

	while (!s->ended && s->keeper) {
		struct pollfd p = { s->report, POLLIN, 0 };
		int64_t left = until - now_ms();
		int n = poll(&p, 1, left < 0 ? 0 : left < 100 ? (int)left : 100);

		if (n > 0) {
			take_report(s);
		} else if (too_much(s)) {
			s->error = -EFBIG;
			end_keeper(s);
			take_report(s);
		} else if (left <= 0) {
			break;
		} else if (s->tick) {
			s->tick(s->ctx);
		}
	}
	return s->ended;
}

void spawn_close(struct spawn *s)
{
	int *fds[] = { &s->life, &s->report, &s->out, &s->err };

	end_keeper(s);
	for (size_t i = 0; i < 4; i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

/* ---- what it printed ---------------------------------------------------------------------------- */

char *spawn_text(int fd, size_t most)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return NULL;
	off_t from = st.st_size > (off_t)most ? st.st_size - (off_t)most : 0;
	size_t size = (size_t)(st.st_size - from), have = 0;
	char *text = malloc(size + 1);
	ssize_t n = 1;

	while (text && have < size && (n = pread(fd, text + have, size - have, from + (off_t)have)) > 0)
		have += (size_t)n;
	for (size_t i = 0; text && i < have; i++)
		text[i] = text[i] ? text[i] : '?';
	if (text)
		text[have] = '\0';
	return text;
}

char *spawn_out(const struct spawn *s)
{
	return spawn_text(s->out, SPAWN_KEPT);
}

char *spawn_err(const struct spawn *s)
{
	return spawn_text(s->err, SPAWN_KEPT);
}

/* The last line with something in it. */
static void last_line(const struct spawn *s, char line[256])
{
	struct stat st;
	bool complained = s->err >= 0 && !fstat(s->err, &st) && st.st_size;
	char *text = spawn_text(complained ? s->err : s->out, SPAWN_KEPT);
	size_t n = text ? strlen(text) : 0, start;

	while (n && strchr(" \n\r\t", text[n - 1]))
		n--;
	for (start = n; start && text[start - 1] != '\n' && text[start - 1] != '\r';)
		start--;
	snprintf(line, 256, "%s%.*s", n ? ": " : "", (int)(n - start > 250 ? 250 : n - start), n ? text + start : "");
	free(text);
}

int spawn_said(struct spawn *s, struct contig_diag *diag)
{
	char line[256];

	last_line(s, line);
	switch (s->error) {
	case 0:
		break;
	case -ETIMEDOUT:
		return contig_diag_set(diag, s->error, "%s was not done after %u s and was ended%s", s->name,
		                       s->seconds, line);
	case -EFBIG:
		return contig_diag_set(diag, s->error, "%s printed more than %u MiB and was ended%s", s->name,
		                       SPAWN_KEPT >> 20, line);
	default:
		return contig_diag_set(diag, s->error, "%s was killed with the process that watches it%s", s->name,
		                       line);
	}
	if (WIFSIGNALED(s->status))
		return contig_diag_set(diag, -ECHILD, "%s died of signal %d (%s)%s", s->name, WTERMSIG(s->status),
		                       strsignal(WTERMSIG(s->status)), line);
	if (WEXITSTATUS(s->status))
		return contig_diag_set(diag, -ECHILD, "%s failed with exit status %d%s", s->name,
		                       WEXITSTATUS(s->status), line);
	return 0;
}

int spawn_run(const struct spawn_how *how, char **out, struct contig_diag *diag)
{
	struct spawn s;
	int err = spawn_start(&s, how, diag);

	if (out)
		*out = NULL;
	if (err)
		return err;
	spawn_wait(&s, -1);
	err = spawn_said(&s, diag);
	if (!err && out) {
		*out = spawn_out(&s);
		if (!*out)
			err = contig_diag_set(diag, -ENOMEM, "no memory for what %s printed", s.name);
	}
	spawn_close(&s);
	return err;
}
