/* SPDX-License-Identifier: MIT */
/*
 * agent.h - an agent without a guest: a process that speaks allocators/linux/wire.h over a socket and answers as the model of
 * a release does, in a zone like the recorded one. So the host's side is tested without QEMU.
 */
#ifndef TESTS_AGENT_H
#define TESTS_AGENT_H

#include "../../bench/guest/backend.h"

/* What the next agent does wrong, once the command (counted from 1, hello being the first) of that number comes; 0: never. */
struct agent_lies {
	unsigned int dies_at;
	unsigned int sleeps_at;  /* longer than anybody waits */
	unsigned int garbled_at; /* answers what is no answer */
	unsigned int elsewhere;  /* this allocation lies one page further, it says */
	unsigned int blind;      /* this look leaves a page out */
};

extern struct agent_lies agent_lies; /* of the next agent alone: all 0 for the one after it */
extern unsigned int agent_starts;    /* so many have been */

/* A backend_boot: NAME is a release with recorded answers ("linux-6.1"), or any other ("mine"), which is linux-6.1. */
struct guest *agent_boot(const char *name, struct contig_diag *diag);

#endif
