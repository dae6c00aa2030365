// SPDX-License-Identifier: MIT
/*
 * kvm.c - whether KVM works here. That there is a /dev/kvm says little: in a virtual machine a guest may stand still after the
 * boot ROM. So the first guest is tried under it for some seconds (boot.c), and the answer is kept until the machine boots.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../kernels/cache.h"
#include "inside.h"

/* What is new at each boot of this machine. */
static bool boot_id(char id[64])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	bool ok = f && fscanf(f, "%63s", id) == 1;

	if (f)
		fclose(f);
	return ok;
}

enum kvm kvm_known(void)
{
	char path[CACHE_PATH], id[64], known[64], answer[8];
	enum kvm kvm = KVM_UNKNOWN;
	struct contig_diag diag;

	if (access("/dev/kvm", R_OK | W_OK))
		return KVM_NO;
	if (!boot_id(id) || cache_path(path, &diag, "kvm"))
		return KVM_UNKNOWN;
	FILE *f = fopen(path, "re");

	if (f && fscanf(f, "%63s %7s", known, answer) == 2 && !strcmp(id, known))
		kvm = strcmp(answer, "yes") ? KVM_NO : KVM_YES;
	if (f)
		fclose(f);
	return kvm;
}

void kvm_remember(bool works)
{
	char path[CACHE_PATH], partial[CACHE_PATH + 32], id[64];
	struct contig_diag diag;

	if (!boot_id(id) || cache_path(path, &diag, "kvm"))
		return;
	snprintf(partial, sizeof(partial), "%s.%d", path, (int)getpid());
	FILE *f = fopen(partial, "we");

	if (!f)
		return;
	bool ok = fprintf(f, "%s %s\n", id, works ? "yes" : "no") > 0;

	if (fclose(f) || !ok || rename(partial, path))
		unlink(partial);
}
