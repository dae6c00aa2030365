// SPDX-License-Identifier: MIT
/*
 * boot.c - a guest from its name to its first answer, and its end.
 *
 * Under KVM if that works: what nobody knows yet is tried for a few seconds. A guest that stands still while it boots is tried once
 * more, without KVM.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../cli.h"
#include "inside.h"
#include "../kernels/kernels.h"
#include "../process/now.h"

/* Two to three on a quiet machine, emulated; twenty have been seen where ten others compiled. The second try may take twice that. */
#define BOOT_SECONDS 60u
/* A guest that KVM carries boots in less than one. */
#define KVM_SECONDS 8u
/* Power off. */
#define QUIT_MS 3000

/* ---- what it is made of --------------------------------------------------------------------------- */

static int find_kernel(const char *name, char kernel[CACHE_PATH], char module[CACHE_PATH], struct contig_diag *diag)
{
	struct guest_kernel k;
	int err = guest_kernel_load(name, &k, diag);

	if (!err)
		err = cache_path(kernel, diag, "kernels/%s/vmlinuz", name);
	return err ? err : cache_path(module, diag, "kernels/%s/contigbench.ko", name);
}

static int check_options(const struct guest_options *o, struct contig_diag *diag)
{
	if (o->icount >= 0 && o->threads)
		return contig_diag_set(diag, -EINVAL, "instructions can only be counted with one thread for all cpus");
	if (o->icount > 10)
		return contig_diag_set(diag, -EINVAL, "an instruction of 2^%d ns: QEMU has 2^0 to 2^10", o->icount);
	if (o->append && strlen(o->append) > 1500)
		return contig_diag_set(diag, -EINVAL, "a kernel command line of more than 1500 characters");
	return 0;
}

/* ---- tries ---------------------------------------------------------------------------------------- */

struct boot_try {
	bool kvm;
	unsigned int seconds;
	bool once_more; /* a guest that stands still is nothing to report yet */
};

/* In their order, and how many. */
static unsigned int plan(const struct guest_options *o, struct boot_try tries[3])
{
	enum kvm kvm = o->emulate || o->icount >= 0 ? KVM_NO : kvm_known();
	unsigned int seconds = o->seconds ? o->seconds : BOOT_SECONDS, nr = 0;

	if (kvm != KVM_NO)
		tries[nr++] = (struct boot_try){ true, kvm == KVM_YES || seconds < KVM_SECONDS ? seconds : KVM_SECONDS,
			                         true };
	tries[nr++] = (struct boot_try){ false, seconds, true };
	tries[nr++] = (struct boot_try){ false, o->seconds ? seconds : 2 * seconds, false };
	return nr;
}

static struct guest *attempt(const char *name, const struct qemu *q, const struct boot_try *t, bool quiet,
                             struct contig_diag *diag)
{
	int64_t start = now_ms();
	struct guest *g = qemu_start(name, q, diag);

	if (!g)
		return NULL;
	g->quiet = quiet;
	int err = guest_greet(g, t->seconds, diag);

	if (!quiet)
		cli_progress(NULL, 0, 0);
	g->booted = (double)(now_ms() - start) / 1000;
	if (!err)
		return g;
	guest_free(g);
	errno = -err;
	return NULL;
}

static struct guest *boot(const char *name, const struct guest_options *o, struct qemu *q, struct contig_diag *diag)
{
	struct boot_try tries[3];
	unsigned int nr = plan(o, tries);
	struct guest *g = NULL;

	for (unsigned int i = 0; i < nr && !g; i++) {
		const struct boot_try *t = &tries[i];

		q->kvm = t->kvm;
		g = attempt(name, q, t, o->quiet, diag);
		/* what QEMU says about KVM it says at once, and dies; a panic is the kernel's own */
		bool kvm_failed = !g && (errno == ETIMEDOUT || (errno == EIO && !strstr(diag->text, "panic")));

		if (t->kvm && (g || kvm_failed))
			kvm_remember(g);
		if (!g && !(t->kvm ? kvm_failed : t->once_more && errno == ETIMEDOUT))
			break;
	}
	return g;
}

struct guest *guest_boot(const char *given, const struct guest_options *o, struct contig_diag *diag)
{
	char kernel[CACHE_PATH], module[CACHE_PATH], name[CONTIG_MAX_NAME + 1];
	struct contig_diag unasked;
	struct guest *g = NULL;
	struct qemu q = {
		.kernel = kernel,
		.append = o->append,
		.threads = o->threads,
		.icount = o->icount,
		.terminal = o->terminal,
	};

	diag = diag ? diag : &unasked;
	int err = check_options(o, diag);

	if (!err)
		err = guest_kernel_name(given, name, diag);
	if (!err)
		err = find_kernel(name, kernel, module, diag);
	if (!err)
		err = qemu_check(name, kernel, diag);
	if (!err)
		err = q.initrd = initramfs_make(module, o, diag);
	if (err >= 0) {
		g = boot(name, o, &q, diag);
		err = g ? 0 : -errno;
		close(q.initrd);
	}
	errno = -err;
	return g;
}

int guest_terminal(const struct guest *g)
{
	return g->terminal;
}

double guest_booted(const struct guest *g)
{
	return g->booted;
}

bool guest_is_kvm(const struct guest *g)
{
	return g->kvm;
}

void guest_close(struct guest *g)
{
	struct contig_diag unheard;

	if (!g)
		return;
	if (!g->error) {
		guest_limit(g, 2);
		if (!guest_post(g, &unheard, "quit") && g->has_qemu)
			spawn_wait(&g->qemu, QUIT_MS);
	}
	guest_free(g);
}
