// SPDX-License-Identifier: MIT
/* options_geometry.c - what memory is like: page size, orders, zones, nodes. */
#include <string.h>

#include "options_geometry.h"
#include "options_inside.h"

int run_options_order(const char *flag, const char *text, int *out)
{
	uint64_t v;
	int status = options_number(flag, text, 0, 63, &v);

	if (status == CLI_OK)
		*out = (int)v;
	return status;
}

int run_options_zone(struct run_options *o, const char *spec)
{
	static const char *const types[ZONE_TYPE_NR] = {
		[ZONE_DMA32] = "dma32",
		[ZONE_NORMAL] = "normal",
		[ZONE_MOVABLE] = "movable",
	};
	char text[96], *pages, *node, *type;
	uint64_t start_v, pages_v, node_v = 0;
	int t = ZONE_NORMAL;

	snprintf(text, sizeof(text), "%s", spec);
	pages = strchr(text, '+');
	node = pages ? strchr(pages, '@') : NULL;
	type = node ? strchr(node, ':') : NULL;
	if (pages)
		*pages++ = '\0';
	if (node)
		*node++ = '\0';
	if (type) {
		*type++ = '\0';
		for (t = 0; t < ZONE_TYPE_NR && strcmp(type, types[t]); t++)
			;
	}
	if (!pages || !cli_u64(text, 0, PFN_NONE, &start_v) || !cli_u64(pages, 0, PFN_NONE, &pages_v) ||
	    (node && !cli_u64(node, 0, UINT8_MAX, &node_v)) || t == ZONE_TYPE_NR)
		return cli_error(CLI_USAGE,
		                 "--zone %s: say START+PAGES[@NODE[:dma32|normal|movable]], "
		                 "for example 0+262144@0:normal",
		                 spec);
	if (o->nr_zones == CONTIG_MAX_ZONES)
		return options_too_many("zones", CONTIG_MAX_ZONES);
	o->zones[o->nr_zones++] = (struct contig_zone){
		.start = (pfn_t)start_v, .pages = (uint32_t)pages_v, .node = (uint8_t)node_v, .type = (uint8_t)t
	};
	return CLI_OK;
}
