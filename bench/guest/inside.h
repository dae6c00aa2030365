/* SPDX-License-Identifier: MIT */
/*
 * inside.h - what the parts of a guest's host side know of each other.
 *
 *	boot.c        guest_boot() and guest_close(): tries, time limits, KVM or not
 *	qemu.c        QEMU's command line, its process, what the machine must have
 *	kvm.c         whether KVM works on this machine
 *	initramfs.c   what is inside, written with cpio.c
 *	console.c     panics and last words
 *	wire.c        guest_call() and its relatives
 *	transfer.c    files out, over the wire
 */
#ifndef GUEST_INSIDE_H
#define GUEST_INSIDE_H

#include <stddef.h>

#include "../../allocators/linux/wire.h"
#include "guest.h"
#include "../process/spawn.h"

#define GUEST_NAME 64
/* Seconds for an answer, if nobody says otherwise. */
#define GUEST_LIMIT 60u

/*
 * Bytes of commands that may be on their way. What a guest has not read waits in its tty, which throws away what is more than
 * some 64 KiB (drivers/tty/tty_buffer.c); one command is sent whatever its length.
 */
#define GUEST_WINDOW  8192u
#define GUEST_PENDING 512u

/* An answer of more than this is no answer. */
#define GUEST_ANSWER_BYTES (64u << 20)

struct guest_pending {
	uint32_t bytes;
	bool call;
	char head[96]; /* how the command begins, for messages */
};

struct guest {
	char name[GUEST_NAME];
	int fd; /* to the agent; -1 once the guest is gone */
	unsigned int seconds;

	struct spawn qemu;
	bool has_qemu;
	bool kvm, quiet;
	int console;   /* a file without a name that QEMU writes the console to, or -1 */
	int terminal;  /* our end of its third serial line, or -1 */
	double booted; /* seconds that took */

	char in[1 << 16]; /* what came and is no whole line yet */
	size_t nr_in;
	char out[WIRE_LINE + 1]; /* what is to be sent */
	size_t nr_out, sent;

	struct guest_pending pending[GUEST_PENDING]; /* a ring: commands that are not answered */
	uint32_t first_pending, nr_pending, pending_bytes;

	struct guest_answer answer; /* of the last call */
	char *text;                 /* that its lines and words are in */
	size_t nr_text, max_text;
	uint32_t max_lines;
	size_t *line_at;
	bool answered;
	void (*on_line)(void *ctx, const char *line); /* lines go there instead */
	void *ctx;

	int64_t posted_rc; /* of the first posted command that failed, or 0 */
	char posted[256];

	char **says; /* KEY VALUE of hello */
	uint32_t nr_says;

	int error; /* why it is gone, or 0 */
	struct contig_diag why;
};

/* ---- greet.c -------------------------------------------------------------------------------------- */

/* With fd, which is the guest's from now on. */
struct guest *guest_new(const char *name, int fd, struct contig_diag *diag);
/* Wait for the agent's first words, then ask it hello. 0, or the guest is gone: -ETIMEDOUT, -EIO, -EPROTO, -ENOEXEC (no module). */
int guest_greet(struct guest *g, unsigned int seconds, struct contig_diag *diag);
/* Memory and descriptors, no manners. */
void guest_free(struct guest *g);

/* ---- wire.c --------------------------------------------------------------------------------------- */

/* Take the first line that came, or the WIRE_LINE bytes that are none; false: there is no whole one yet. */
bool guest_line(struct guest *g, char line[WIRE_LINE]);
/* Send and receive what goes, waiting for so long at most. 0, or the guest is gone. */
int guest_move(struct guest *g, int milliseconds);
/* As guest_call(), but its lines are given away as they come. */
int guest_lines(struct guest *g, void (*on_line)(void *ctx, const char *line), void *ctx, struct guest_answer **answer,
                struct contig_diag *diag, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* As guest_call(), but its answer is waited for with guest_pump(), until g->answered. */
int guest_begin(struct guest *g, struct contig_diag *diag, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Take what has come, wait for no more than so long. False: the guest is gone. */
bool guest_pump(struct guest *g, int milliseconds);
/* ---- console.c ------------------------------------------------------------------------------------ */

/*
 * It is gone, or must go: kill it, keep its console, and say why in g->why, with what QEMU and the console had to say. `err` is
 * negative and becomes g->error; the sentence says what was noticed. Returns err, with *diag set.
 */
int guest_lost(struct guest *g, int err, struct contig_diag *diag, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The panic, oops or bug of a console's text, and where: "Kernel panic - not syncing: ... (RIP: ...)". False: none. */
bool console_died(const char *text, char *out, size_t size);
/* The last line with something in it, without its time. */
void console_last_line(const char *text, char *out, size_t size);

/* ---- qemu.c --------------------------------------------------------------------------------------- */

struct qemu {
	const char *kernel, *append;
	int initrd; /* a file without a name */
	bool kvm, threads;
	int icount;
	bool terminal;
};

/* 0, or -errno and *diag: memory, QEMU, a kernel image that can not be one. */
int qemu_check(const char *name, const char *kernel, struct contig_diag *diag);
/* A guest whose QEMU runs, and nothing more is known. NULL with errno and *diag. */
struct guest *qemu_start(const char *name, const struct qemu *q, struct contig_diag *diag);

/* ---- kvm.c ---------------------------------------------------------------------------------------- */

enum kvm {
	KVM_NO,
	KVM_YES,
	KVM_UNKNOWN
};
enum kvm kvm_known(void);
void kvm_remember(bool works);

/* ---- initramfs.c ---------------------------------------------------------------------------------- */

/* A file without a name, or -errno and *diag. */
int initramfs_make(const char *module, const struct guest_options *o, struct contig_diag *diag);

/* ---- transfer.c ----------------------------------------------------------------------------------- */

/* A file of the guest's, relative to /root there, to one here: it appears when it is complete. 0, or -errno and *diag. */
int transfer_get(struct guest *g, const char *from, const char *to, struct contig_diag *diag);
/* A word as the guest's shell is to be given it. Its length; nothing is written behind `size`. */
size_t transfer_quote(char *out, size_t size, const char *word);

#endif
