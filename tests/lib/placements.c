// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "placements.h"

void on_machine(const char *description, bool here)
{
	assert_false(setenv("HWLOC_SYNTHETIC", description, 1));
	assert_false(setenv("HWLOC_THISSYSTEM", here ? "1" : "0", 1));
}

int on_this_machine(void **state)
{
	(void)state;
	unsetenv("HWLOC_SYNTHETIC");
	unsetenv("HWLOC_THISSYSTEM");
	return 0;
}

struct placement_wish wish_of(const uint8_t *cpu_node, uint32_t nr_cpus, uint32_t nr_nodes, const char *map)
{
	return (struct placement_wish){
		.cpu_node = cpu_node, .nr_cpus = nr_cpus, .nr_nodes = nr_nodes, .map = map, .bind = true
	};
}

struct placement open_placement(const struct placement_wish *wish)
{
	struct contig_diag diag = { "" };
	struct placement p;

	if (placement_open(&p, wish, &diag))
		fail_msg("%s", diag.text);
	return p;
}

char *printed(const struct placement *p)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	placement_print(p, f);
	fclose(f);
	return text;
}

int tell(int rc, const struct contig_diag *diag)
{
	if (rc)
		printf("%d: %s\n", rc, diag->text);
	return rc != 0;
}

struct placement placed_here;

int place_here(void **state)
{
	static const uint8_t node_0[1];
	struct placement_wish wish = wish_of(node_0, 1, 1, NULL);
	struct placement_found found;
	struct contig_diag diag;

	(void)state;
	if (placement_open(&placed_here, &wish, &diag))
		return -1;
	if (placement_verify(&placed_here, &found, sizeof(found), 0, &found, &diag)) {
		print_message("binding is not tested: %s\n", diag.text);
		placed_here.bind = false;
	}
	return 0;
}

int unplace_here(void **state)
{
	(void)state;
	placement_close(&placed_here);
	return 0;
}
