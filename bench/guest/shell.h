/* SPDX-License-Identifier: MIT */
/* shell.h - a shell in a guest, on the user's terminal. */
#ifndef GUEST_SHELL_H
#define GUEST_SHELL_H

#include "guest.h"

/* Until it ends; the guest was booted with options.terminal. Its exit status, or -errno and *diag. */
int shell_run(struct guest *g, struct contig_diag *diag);

#endif
