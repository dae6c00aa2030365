// SPDX-License-Identifier: MIT
/* revision.c - the only file that is compiled again when the revision changes; the Makefile writes revision.h. */
#include "cli.h"
#include "revision.h"

const char *cli_revision(void)
{
	return CONTIGBENCH_REVISION;
}

const char *cli_revision_date(void)
{
	return CONTIGBENCH_DATE;
}
