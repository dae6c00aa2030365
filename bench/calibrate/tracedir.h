/* SPDX-License-Identifier: MIT */
/*
 * tracedir.h - tracefs of the kernel that is measured: the one this runs on, or a guest's through its agent. Texts in, texts out:
 * nothing here needs a program in the guest beyond a shell.
 */
#ifndef CALIBRATE_TRACEDIR_H
#define CALIBRATE_TRACEDIR_H

#include "../guest/guest.h"

struct tracedir {
	struct guest *guest; /* NULL: this kernel */
	char root[64];       /* where it is mounted */
	char instance[128];  /* of our own, under root */
};

/* This kernel's: 0, or -EPERM, -ENOENT with the next step in *diag. */
int tracedir_here(struct tracedir *t, struct contig_diag *diag);
/* A guest's; mounts it there if need be. */
int tracedir_in_guest(struct tracedir *t, struct guest *g, struct contig_diag *diag);

/* Files are named from root on. Appending is what kprobe_events wants. 0 or -errno with *diag. */
int tracedir_put(struct tracedir *t, const char *file, const char *text, bool append, struct contig_diag *diag);
/* What is in it, to be freed; NULL with *diag. */
char *tracedir_get(struct tracedir *t, const char *file, struct contig_diag *diag);
int tracedir_mkdir(struct tracedir *t, const char *dir, struct contig_diag *diag);
int tracedir_rmdir(struct tracedir *t, const char *dir, struct contig_diag *diag);

#endif
