/* SPDX-License-Identifier: MIT */
/* machine_virtual.h - is this a virtual machine or a container, and whose? */
#ifndef MEASURE_MACHINE_VIRTUAL_H
#define MEASURE_MACHINE_VIRTUAL_H

#include <stddef.h>

/* "KVM, by cpuid", "none found", "unknown" */
void machine_hypervisor(char *out, size_t size);
/* "docker, by /.dockerenv", "none found" */
void machine_container(char *out, size_t size);

#endif
