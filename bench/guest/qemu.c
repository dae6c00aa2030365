// SPDX-License-Identifier: MIT
/* qemu.c - a guest's machine: what it has, and what it takes. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../measure/cgroup.h"
#include "../kernels/image.h"
#include "inside.h"
#include "../kernels/kernels.h"

#define QEMU "qemu-system-x86_64"

/* Node 0 has both cpus; nothing happens on node 1, which has none, but what is asked for. */
#define NODE0_MIB 3072
#define NODE1_MIB 512
#define STRING(x) #x
#define MIB(x)    STRING(x) "M"

/* What a guest comes to touch of them, QEMU included: node 1 as a whole, and a kernel with all that runs on it. */
#define NEEDS_MIB 1024u

/* Descriptors as QEMU has them. */
enum {
	AGENT_FD = 3,
	CONSOLE_FD,
	INITRD_FD,
	TERMINAL_FD
};

/* ---- can it be? ----------------------------------------------------------------------------------- */

static uint64_t available_mib(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	uint64_t kib = 0, mib = UINT64_MAX, limit, left;
	char line[128];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
			mib = kib >> 10;
	}
	if (f)
		fclose(f);
	if (cgroup_memory(&limit, &left) && limit != CGROUP_NONE && left >> 20 < mib)
		mib = left >> 20;
	return mib;
}

int qemu_check(const char *name, const char *kernel, struct contig_diag *diag)
{
	uint64_t mib = available_mib();
	char release[KERNEL_TEXT];

	if (mib < NEEDS_MIB)
		return contig_diag_set(diag, -ENOMEM,
		                       "%s: %" PRIu64 " MiB of memory are left, and a guest takes %u MiB", name, mib,
		                       NEEDS_MIB);
	return image_release(kernel, release, sizeof(release), diag);
}

/* ---- its command line ----------------------------------------------------------------------------- */

struct words {
	char text[8192];
	size_t used;
	char *argv[64];
	unsigned int nr;
};

static void word(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void word(struct words *w, const char *fmt, ...)
{
	va_list ap;
	size_t left = sizeof(w->text) - w->used;

	va_start(ap, fmt);
	int n = vsnprintf(w->text + w->used, left, fmt, ap);

	va_end(ap);
	if (n < 0 || (size_t)n >= left || w->nr + 1 >= sizeof(w->argv) / sizeof(w->argv[0]))
		return;
	w->argv[w->nr++] = w->text + w->used;
	w->used += (size_t)n + 1;
}

static void accelerator(struct words *w, const struct qemu *q)
{
	word(w, "-accel");
	/* in QEMU 7.2 cpus with a thread each have been seen to wait for each other for ever */
	word(w, "%s", q->kvm ? "kvm" : q->threads ? "tcg,thread=multi" : "tcg,thread=single");
	if (q->icount >= 0) {
		word(w, "-icount");
		word(w, "shift=%d,sleep=off", q->icount);
	}
}

static void memory(struct words *w)
{
	static const char *const words[] = {
		"-m",      MIB(3584),
		"-smp",    "2",
		"-object", "memory-backend-ram,id=node0,size=" MIB(NODE0_MIB),
		"-object", "memory-backend-ram,id=node1,size=" MIB(NODE1_MIB),
		"-numa",   "node,nodeid=0,memdev=node0,cpus=0-1",
		"-numa",   "node,nodeid=1,memdev=node1",
	};
	_Static_assert(NODE0_MIB + NODE1_MIB == 3584, "-m is both nodes");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		word(w, "%s", words[i]);
}

static void serial_lines(struct words *w, const struct qemu *q)
{
	word(w, "-chardev");
	word(w, "file,id=console,path=/proc/self/fd/%d", CONSOLE_FD);
	word(w, "-serial");
	word(w, "chardev:console");
	word(w, "-chardev");
	word(w, "socket,id=agent,fd=%d", AGENT_FD);
	word(w, "-serial");
	word(w, "chardev:agent");
	if (!q->terminal)
		return;
	word(w, "-chardev");
	word(w, "socket,id=terminal,fd=%d", TERMINAL_FD);
	word(w, "-serial");
	word(w, "chardev:terminal");
}

static void command_line(struct words *w, const struct qemu *q)
{
	word(w, QEMU);
	accelerator(w, q);
	memory(w);
	word(w, "-nodefaults");
	word(w, "-no-user-config");
	word(w, "-no-reboot");
	word(w, "-display");
	word(w, "none");
	serial_lines(w, q);
	word(w, "-kernel");
	word(w, "%s", q->kernel);
	word(w, "-initrd");
	word(w, "/proc/self/fd/%d", INITRD_FD);
	word(w, "-append");
	/* the check counts the timer's interrupts against a busy loop, and panics at boot if the machine was busy elsewhere */
	word(w, "console=ttyS0 loglevel=3 panic=-1 nokaslr init_on_alloc=0 mitigations=off no_timer_check%s%s",
	     q->append ? " " : "", q->append ? q->append : "");
}

/* ---- its process ---------------------------------------------------------------------------------- */

static int pair(int fd[2])
{
	fd[0] = fd[1] = -1;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) ? -errno : 0;
}

static int start(struct guest *g, const struct words *w, const int fds[], unsigned int nr_fds, struct contig_diag *diag)
{
	struct spawn_how how = SPAWN_HOW;

	how.argv = w->argv;
	how.fds = fds;
	how.nr_fds = nr_fds;
	int err = spawn_start(&g->qemu, &how, diag);

	g->has_qemu = !err;
	return err != -ENOENT
	               ? err
	               : contig_diag_set(diag, -ENOEXEC,
	                                 "no " QEMU ": `apt-get install --no-install-recommends qemu-system-x86`, or "
	                                 "`scripts/setup guest` in the source tree");
}

struct guest *qemu_start(const char *name, const struct qemu *q, struct contig_diag *diag)
{
	struct words w = { .nr = 0 };
	int agent[2] = { -1, -1 }, terminal[2] = { -1, -1 };
	int console = memfd_create("console", MFD_CLOEXEC);
	int err = console < 0 ? -errno : pair(agent);

	if (!err && q->terminal)
		err = pair(terminal);
	struct guest *g = err ? NULL : guest_new(name, agent[0], diag);

	command_line(&w, q);
	if (err) {
		contig_diag_set(diag, err, "no line to a guest can be made: %s", strerror(-err));
	} else if (!g) {
		err = -ENOMEM;
	} else {
		const int fds[] = { agent[1], console, q->initrd, terminal[1] };

		g->console = console;
		g->terminal = terminal[0];
		g->kvm = q->kvm;
		err = start(g, &w, fds, q->terminal ? 4 : 3, diag);
	}
	/* QEMU has its own ends by now: the line hangs up when it dies */
	int mine[] = { agent[1], terminal[1], g ? -1 : agent[0], g ? -1 : terminal[0], g ? -1 : console };

	for (size_t i = 0; i < sizeof(mine) / sizeof(mine[0]); i++) {
		if (mine[i] >= 0)
			close(mine[i]);
	}
	if (!err)
		return g;
	if (g)
		guest_free(g);
	errno = -err;
	return NULL;
}
