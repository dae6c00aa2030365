// SPDX-License-Identifier: MIT
#include <string.h>

#include "../allocators/contig.h"
#include "backends.h"
#include "cli.h"
#include "guest/backend.h"

int backends_add(struct backend_list *l, char *list)
{
	struct contig_diag diag;
	char *name;

	while ((name = strsep(&list, ","))) {
		if (!*name)
			return cli_error(
				CLI_USAGE,
				"-b names no backend between two commas: `contigbench list backends` shows them");
		int rc = backend_is_guest(name) ? backend_guest_add(name, NULL, &diag) : 0;

		if (rc || contig_spec_check(name, &diag))
			return cli_error(CLI_USAGE, "%s", diag.text);
		for (uint32_t i = 0; i < l->nr; i++) {
			if (!strcmp(l->name[i], name))
				return cli_error(CLI_USAGE, "backend '%s' is given twice", name);
		}
		if (l->nr == MAX_BACKENDS)
			return cli_error(CLI_USAGE, "-b names more than %d backends", MAX_BACKENDS);
		l->name[l->nr++] = name;
	}
	return CLI_OK;
}
