// SPDX-License-Identifier: MIT
/* Functions that no kernel exports, or not every one: a kprobe that is put down and taken away again tells where they are. */
#include <linux/kprobes.h>

#include "contigbench.h"

static void *address[CB_NR_SYMBOLS];

static const char *const names[CB_NR_SYMBOLS] = {
	[CB_drain_all_pages] = "drain_all_pages",
	[CB_lru_add_drain_all] = "lru_add_drain_all",
	[CB_start_isolate_page_range] = "start_isolate_page_range",
	[CB_undo_isolate_page_range] = "undo_isolate_page_range",
	[CB_cma_for_each_area] = "cma_for_each_area",
	[CB_cma_get_name] = "cma_get_name",
	[CB_cma_get_base] = "cma_get_base",
	[CB_cma_get_size] = "cma_get_size",
	[CB_cma_alloc] = "cma_alloc",
	[CB_cma_release] = "cma_release",
};

static void *find(const char *name)
{
	struct kprobe probe = { .symbol_name = name };
	void *entry;

	if (register_kprobe(&probe))
		return NULL;
	entry = probe.addr;
	unregister_kprobe(&probe);
#ifdef CONFIG_X86_KERNEL_IBT
	/* with IBT the probe sits behind the ENDBR, which is where an indirect call has to go */
	if (*(const u32 *)(entry - 4) == 0xfa1e0ff3)
		entry -= 4;
#endif
	return entry;
}

void cb_symbols_init(void)
{
	unsigned int i;

	for (i = 0; i < CB_NR_SYMBOLS; i++)
		address[i] = find(names[i]);
}

void *cb_symbol(enum cb_symbol s)
{
	return address[s];
}
