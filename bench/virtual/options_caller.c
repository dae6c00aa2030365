// SPDX-License-Identifier: MIT
/* options_caller.c - who makes the requests of a replay, and of what: --caller and its options. */
#include <string.h>

#include "options_caller.h"

/* "64M": bytes, or KiB, MiB, GiB */
static int bytes(const char *flag, const char *text, uint64_t *out)
{
	static const char units[] = "KMG";
	size_t n = strlen(text);
	const char *unit = n ? strchr(units, text[n - 1]) : NULL;
	unsigned int shift = unit ? 10 * (unsigned int)(unit - units + 1) : 0;
	char number_text[24];

	snprintf(number_text, sizeof(number_text), "%.*s", (int)(unit ? n - 1 : n), text);
	if (n > 20 || !cli_u64(number_text, 1, UINT64_MAX >> (shift + 1), out))
		return cli_error(CLI_USAGE, "--%s %s: a size, for example 64M or 1G, please", flag, text);
	*out <<= shift;
	return CLI_OK;
}

int run_options_caller(struct run_options *o, const char *arg)
{
	enum run_caller who = caller_of_name(arg);

	if (who == RUN_CALLER_NR)
		return cli_error(
			CLI_USAGE,
			"--caller %s: nobody of that name; plain, cma, virtio-mem, gigantic or offline, please", arg);
	o->caller.who = (uint8_t)who;
	return CLI_OK;
}

int run_options_cma(struct run_options *o, const char *arg)
{
	o->cma_given = true;
	return bytes("cma", arg, &o->caller.cma_bytes);
}

int run_options_cma_align(struct run_options *o, const char *arg)
{
	uint64_t order;

	if (!cli_u64(arg, 0, CALLER_MAX_ALIGN, &order))
		return cli_error(CLI_USAGE, "--cma-align %s: log2 of pages, at most %u, please", arg, CALLER_MAX_ALIGN);
	o->align_given = true;
	o->caller.cma_align = (uint8_t)order;
	return CLI_OK;
}

int run_options_memory_block(struct run_options *o, const char *arg)
{
	o->block_given = true;
	return bytes("memory-block", arg, &o->caller.block_bytes);
}

int run_options_check_caller(const struct run_options *o)
{
	enum run_caller who = o->caller.who;
	const char *name = caller_name(who);

	if (o->cma_given && who != RUN_CMA && who != RUN_GIGANTIC)
		return cli_error(CLI_USAGE, "--cma means nothing to --caller %s: it is for cma and gigantic", name);
	if (o->align_given && who != RUN_CMA)
		return cli_error(CLI_USAGE, "--cma-align means nothing to --caller %s: it is for cma", name);
	if (o->block_given && who != RUN_VIRTIO_MEM && who != RUN_OFFLINE)
		return cli_error(CLI_USAGE,
		                 "--memory-block means nothing to --caller %s: it is for virtio-mem and offline", name);
	if (o->nr_sizes && who == RUN_OFFLINE)
		return cli_error(CLI_USAGE,
		                 "--sizes means nothing to --caller offline: memory blocks go offline, one at a "
		                 "time (--memory-block)");
	for (uint32_t i = 0; i < o->nr_sizes; i++) {
		if (o->sizes[i].memory_blocks && who != RUN_VIRTIO_MEM)
			return cli_error(CLI_USAGE, "--sizes %um: memory blocks are for --caller virtio-mem",
			                 o->sizes[i].count);
	}
	return CLI_OK;
}
