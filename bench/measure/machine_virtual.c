// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "files.h"
#include "machine_virtual.h"

#define SIZE_OF(a) (sizeof(a) / sizeof(*(a)))

struct hint {
	const char *sign;
	const char *name;
};

/* ---- hypervisor ------------------------------------------------------------------------------ */

#if defined(__x86_64__)
/* leaf 0x40000000 is reserved for hypervisors, which sign it with twelve letters */
static const struct hint signatures[] = {
	{ "KVMKVMKVM", "KVM" },      { "TCGTCGTCGTCG", "QEMU without KVM" }, { "VMwareVMware", "VMware" },
	{ "XenVMMXenVMM", "Xen" },   { "Microsoft Hv", "Hyper-V" },          { "VBoxVBoxVBox", "VirtualBox" },
	{ "bhyve bhyve ", "bhyve" },
};

/* Does the cpu say that it is a virtual one? */
static bool by_cpuid(char *out, size_t size)
{
	unsigned int eax, ebx, ecx, edx;
	char sign[13] = "";

	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & 1u << 31))
		return false;
	__cpuid(0x40000000, eax, ebx, ecx, edx);
	memcpy(sign, &ebx, 4);
	memcpy(sign + 4, &ecx, 4);
	memcpy(sign + 8, &edx, 4);
	snprintf(out, size, "a hypervisor of unknown name, by cpuid");
	for (size_t i = 0; i < SIZE_OF(signatures); i++)
		if (!strcmp(sign, signatures[i].sign))
			snprintf(out, size, "%s, by cpuid", signatures[i].name);
	return true;
}

static const char *const no_hint = "none found";
#else
static bool by_cpuid(char *out, size_t size)
{
	(void)out;
	(void)size;
	return false;
}

/* other cpus do not say: only the firmware may */
static const char *const no_hint = "unknown";
#endif

/* makers and products that are virtual machines only */
static const char *const products[] = { "QEMU",    "KVM",      "VMware",         "VirtualBox",      "Xen",
	                                "bhyve",   "Bochs",    "Google Compute", "Virtual Machine", "OpenStack",
	                                "innotek", "Parallels" };

static bool is_virtual_product(const char *text)
{
	for (size_t i = 0; i < SIZE_OF(products); i++)
		if (strstr(text, products[i]))
			return true;
	return false;
}

void machine_hypervisor(char *out, size_t size)
{
	char vendor[64], product[64], xen[32];
	bool known = file_line(vendor, sizeof(vendor), "/sys/class/dmi/id/sys_vendor", NULL);

	known |= file_line(product, sizeof(product), "/sys/class/dmi/id/product_name", NULL);
	if (by_cpuid(out, size)) {
		size_t used = strlen(out);

		if (known)
			snprintf(out + used, size - used, "; machine: %s, %s", vendor, product);
	} else if (file_line(xen, sizeof(xen), "/sys/hypervisor/type", NULL)) {
		snprintf(out, size, "%s, by /sys/hypervisor", xen);
	} else if (is_virtual_product(vendor) || is_virtual_product(product)) {
		snprintf(out, size, "%s, %s, by DMI", vendor, product);
	} else if (!access("/proc/device-tree/hypervisor", F_OK)) {
		snprintf(out, size, "a hypervisor of unknown name, by the device tree");
	} else {
		snprintf(out, size, "%s", no_hint);
	}
}

/* ---- container ------------------------------------------------------------------------------- */

static const struct hint marks[] = {
	{ "/.dockerenv", "docker" },
	{ "/run/.containerenv", "podman" },
};

void machine_container(char *out, size_t size)
{
	const char *variable = getenv("container");
	char line[256];

	for (size_t i = 0; i < SIZE_OF(marks); i++)
		if (!access(marks[i].sign, F_OK)) {
			snprintf(out, size, "%s, by %s", marks[i].name, marks[i].sign);
			return;
		}
	if (variable && *variable)
		snprintf(out, size, "%s, by the variable container", variable);
	else if (file_line(line, sizeof(line), "/run/systemd/container", NULL))
		snprintf(out, size, "%s, by /run/systemd/container", line);
	else
		snprintf(out, size, "none found");
}
