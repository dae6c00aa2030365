/* SPDX-License-Identifier: MIT */
/*
 * guest.h - real kernels in guests: where they are kept, booting one, talking to its agent (allocators/linux/wire.h).
 *
 * A guest is one QEMU process, a child of this one. It dies with this process, however that ends, and no guest outlives
 * guest_close(). Time limits are on everything; all times are seconds of CLOCK_MONOTONIC of the host.
 */
#ifndef GUEST_H
#define GUEST_H

#include "../../allocators/contig.h"

struct guest;

/* A file that is in the guest when it begins. */
struct guest_file {
	const char *name; /* relative to its root: "root/trace.ctr" */
	const char *path; /* here; NULL: `text` it is, and can be executed */
	const char *text;
};

struct guest_options {
	unsigned int seconds; /* time limit for the boot; 0: as is usual */
	const char *append;   /* more words for the kernel's command line, or NULL ("cma=64M") */
	bool program;         /* contigbench itself is inside, with its libraries: for exec, record, calibrate */
	bool threads;         /* a thread a cpu even under TCG: for races */
	int icount;    /* -1: none; else the shift of QEMU's -icount, one thread, one instruction is 2^shift ns */
	bool emulate;  /* never KVM */
	bool terminal; /* a third serial line, for a shell: guest_terminal() is our end */
	const struct guest_file *files; /* ends with name NULL; or NULL */
	bool quiet;                     /* no progress on the terminal */
};

#define GUEST_OPTIONS                                                                                                  \
	{                                                                                                              \
		.icount = -1                                                                                           \
	}

/* What an agent answered: "= RC WORDS", and the lines before it without their "+ ". */
struct guest_answer {
	int64_t rc;
	char *words; /* behind RC, may be empty */
	uint32_t nr_lines;
	char **line;
};

/*
 * Boot a kernel ("linux-6.1", "mine@guest"), which must have been built. NULL with *diag, and nothing is left running:
 * errno is ENOENT not built, ENOEXEC no QEMU, ETIMEDOUT, EIO the guest died (a panic's message is in *diag), EPROTO.
 */
struct guest *guest_boot(const char *name, const struct guest_options *o, struct contig_diag *diag);

/*
 * The same for an agent that is there already, at the other end of a socket, which is the guest's from now on; also on errors. It
 * has so many seconds for its first words (0: as is usual).
 */
struct guest *guest_attach(const char *name, int fd, unsigned int seconds, struct contig_diag *diag);

/*
 * One command and its answer, which is the guest's until the next call. 0 whatever the agent's RC is; or -ETIMEDOUT, -EIO (the
 * guest died: panic and reason in *diag), -EPROTO. After an error the guest is gone, and every further call says so again.
 * guest_limit() changes the time that the next calls may take (60 s).
 */
int guest_call(struct guest *g, struct guest_answer **answer, struct contig_diag *diag, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void guest_limit(struct guest *g, unsigned int seconds);

/*
 * The same without waiting for the answer: the first negative RC is returned by the next guest_call(), with the command named in
 * *diag. That call was made nevertheless, and the guest lives: guest_alive().
 */
int guest_post(struct guest *g, struct contig_diag *diag, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* False after an error that it did not survive. */
bool guest_alive(const struct guest *g);

/* What hello said; NULL if it did not say that. */
const char *guest_says(const struct guest *g, const char *key);
uint64_t guest_number(const struct guest *g, const char *key);

/* Our end of the third serial line of options.terminal: the guest's /dev/ttyS2. Else -1. */
int guest_terminal(const struct guest *g);
/* How many seconds the boot took. */
double guest_booted(const struct guest *g);
/* Its cpus are the machine's own (KVM), not emulated. */
bool guest_is_kvm(const struct guest *g);

/* Power off, wait, kill what does not go. NULL is allowed. */
void guest_close(struct guest *g);

#endif
