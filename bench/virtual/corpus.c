// SPDX-License-Identifier: MIT
/* corpus.c - finding the traces that ship with the project. */
#include "../shipped.h"
#include "plan.h"

void workload_each(bool (*one)(void *ctx, const char *path), void *ctx)
{
	shipped_each("corpus", ".ctr", one, ctx);
}

char *workload_find(const char *name)
{
	return shipped_find("corpus", ".ctr", name);
}
