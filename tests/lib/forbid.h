/* SPDX-License-Identifier: MIT */
/* forbid.h - take a right away from this process, as containers and old kernels do: for child processes of tests. */
#ifndef FORBID_H
#define FORBID_H

/* From here on the system call fails with `error`, for good, in children too. _exit(99) where that can not be had. */
void forbid_call(long number, int error);
/* ... only when its argument (0 is the first) is this. */
void forbid_call_with(long number, unsigned int argument, unsigned int value, int error);

#endif
