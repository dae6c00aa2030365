/* SPDX-License-Identifier: MIT */
/* process.h - is a process still the one that it was? Pids are used again, a pid and a start time are not. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/* Field 22 of /proc/PID/stat; 0: there is no such process. */
uint64_t process_start_time(pid_t pid);

#endif
