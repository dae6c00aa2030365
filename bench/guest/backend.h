/* SPDX-License-Identifier: MIT */
/*
 * backend.h - "NAME@guest": a real kernel as a backend with a lab (allocators/contig.h, "a machine of its own"), for scenarios,
 * recorded cases and experiments. It is booted when the first of them asks for its arena, serves one after the other, and goes
 * with the process. One that died is booted once more for the next.
 */
#ifndef GUEST_BACKEND_H
#define GUEST_BACKEND_H

#include "guest.h"

/* How a guest comes to life; NULL with *diag and errno, as guest_boot(). */
typedef struct guest *(*backend_boot)(const char *name, struct contig_diag *diag);

/*
 * Make "NAME@guest" known, if it is not yet. `boot` is NULL for guest_boot(). 0; -EINVAL for a name that is none or has knobs
 * behind it, -ENOENT for a kernel that was not built, or as contig_backend_add(), with *diag.
 */
int backend_guest_add(const char *spec, backend_boot boot, struct contig_diag *diag);

/* Is it a real kernel, known or not? */
bool backend_is_guest(const char *spec);

/* The guest behind an open backend: NULL before its arena was asked for, or when it is dead. Say backend_guest_changed()
 * after anything that changed pages. */
struct guest *backend_guest(struct contig *c);
void backend_guest_changed(struct contig *c);

/* Power off all guests of this process. At exit that is done anyway. */
void backend_guests_close(void);

#endif
