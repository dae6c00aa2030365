/* SPDX-License-Identifier: MIT */
/* module.h - the sources of the kernel module, allocators/linux/: found, named by a digest, and copied to be made. */
#ifndef GUEST_MODULE_H
#define GUEST_MODULE_H

#include "../../allocators/contig.h"

/* SHA-256 of names and bytes of all that the module is made of. 0 or -errno: -ENOENT they are not there. */
int module_digest(char hex[65]);
/* Into folder/module/, and headers that it shares with others into folder/, as they lie in the tree. 0 or -errno and *diag. */
int module_copy(const char *folder, struct contig_diag *diag);

#endif
