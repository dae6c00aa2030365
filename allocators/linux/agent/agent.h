/* SPDX-License-Identifier: MIT */
/*
 * agent.h - the static program inside a guest: process 1, and the guest's side of wire.h.
 *
 *	init.c      what a kernel needs before anything can be asked: mounts, settings, the module, cpu and node
 *	serial.c    the line to the host: a thread reads ahead, so that nothing sent ahead is lost
 *	commands.c  the table of commands, arguments, answers
 *	device.c    /dev/contigbench (module/abi.h)
 *	owners.c    the host's owner numbers
 *	mappings.c  user pages: which address, which pfn, who moved
 *	hugetlb.c   pool pages and pages in use
 *
 * and the commands themselves: about.c, pages.c, requests.c, offline.c, look.c, populate.c, natural.c, race.c, shell.c.
 *
 * The main thread runs on cpu 1 and takes its own memory from node 0: on the arena's node, which has no cpu, nothing happens
 * but what was asked for. Functions answer 0 (or what they say) or a negative errno.
 */
#ifndef AGENT_H
#define AGENT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../module/abi.h"
#include "../wire.h"

#define AGENT_CPU   1 /* where requests run, if there is one */
#define AGENT_NODE  1 /* the arena's node, if there is one */
#define AGENT_NODES 2 /* nodes that user pages can be put on */

#define PAGE_BYTES 4096u
#define THP_ORDER  9u

/* ---- commands ----------------------------------------------------------------------------- */

#define COMMAND_ARGS 8

/* A command's arguments by position: numbers where its form has numbers; absent ones are 0 and NULL. */
struct call {
	unsigned int nr;
	uint64_t number[COMMAND_ARGS];
	char *word[COMMAND_ARGS];
};

/*
 * form: a letter an argument: n number, p pfn, b 0 or 1, l one letter, w word, * the rest of the line; those behind '?' may be
 * left out. usage: the arguments as in wire.h, for who gets them wrong. run answers the RC of "= RC".
 */
struct command {
	const char *name;
	const char *form;
	const char *usage;
	int64_t (*run)(const struct call *c);
	bool without_module; /* works if the module is not there */
};

/* Tables of commands, each ended by a name NULL; commands.c knows all of them. */
extern const struct command about_commands[], look_commands[], offline_commands[], pages_commands[],
	populate_commands[], race_commands[], request_commands[], shell_commands[];

/* Execute one line and answer it. */
void command_line(char *line);
/* A "+" line. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What is to stand behind "= RC" of the command that runs; the last one counts. Returns rc. */
int64_t answer(int64_t rc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- the line to the host ------------------------------------------------------------------ */

/* Open and set up; a message for the console and -errno if that fails. */
int serial_open(const char *path);
void serial_write(const char *text, size_t len);
void serial_flush(void);
/* The next line without its end, or NULL when the line is gone; at most WIRE_LINE bytes, what is longer is cut into an error. */
char *serial_line(void);

/* ---- the kernel ---------------------------------------------------------------------------- */

/* Everything of "init". What the module said if it could not be loaded, else NULL. */
const char *init_guest(void);
/* Give a child back what is usual: every cpu, every node. */
void init_child(void);
void pin_to_cpu(int cpu);
/* The whole of a small file, with a NUL; -errno. */
int read_file(const char *path, char *text, size_t size);
int write_file(const char *path, const char *text);

extern struct contigbench_hello kernel;    /* zeroed without a module */
extern struct contigbench_zone arena_zone; /* as it was at the beginning */
int device_open(void);
/* ioctl() of /dev/contigbench, 0 or -errno. */
int device(unsigned long request, void *arg);
/* The zone with most pages of a node. */
int device_zone(uint32_t node, struct contigbench_zone *zone);
int device_drain(void); /* LRU caches, then per-cpu lists */
/* One pass over [start, start + nr); a callback that answers anything but 0 ends it with that. */
int device_look(uint64_t start, uint64_t nr, int (*run)(const struct contigbench_run *r, void *arg), void *arg);
/* Free pages of the zone of a node by its counter, without a walk. */
int64_t node_free(uint32_t node);
uint64_t now_ns(void);

/* ---- what is held for the host -------------------------------------------------------------- */

#define OWNERS (1u << 18)

/* Something that an owner number stands for. */
struct owned {
	uint64_t owner;
	uint64_t pfn;  /* where it was last seen */
	uint32_t slot; /* of its mapping */
	uint8_t order;
	uint8_t node;
	char kind; /* K S N (module's), X (user page), T, C, Q */
};

struct owned *owner_find(uint64_t owner);
/* NULL: there is one of that number, or there are too many. */
struct owned *owner_add(uint64_t owner);
void owner_drop(struct owned *o);
/* All of them, in no order; dropping the one that is looked at is allowed. */
struct owned *owner_next(const struct owned *o);

/* ---- user pages ------------------------------------------------------------------------------ */

struct mapping {
	uint32_t slot;
	uint64_t pfn;
};

int mappings_open(void);
/* Fault in an anonymous page of order 0 or THP_ORDER, bound to a node, on behalf of owner (0: of nobody that wants to know). */
int map_page(unsigned int order, uint32_t node, uint64_t owner, struct mapping *m);
void unmap_page(unsigned int order, uint32_t node, uint32_t slot);
void unmap_all(void);
/* Where it is now: pfn, or -ENOENT. */
int64_t mapped_at(unsigned int order, uint32_t node, uint32_t slot);
/* Tell of every mapping that lies elsewhere than at the last call, and remember. How many those are. */
uint32_t mappings_moved(void (*moved)(uint64_t owner, uint64_t from, uint64_t to));
int64_t pagemap_pfn(const void *address);
/* Write to it; -ENOMEM instead of SIGBUS. */
int touch(void *address);
/* Something else may have used memory: how much there is has to be asked again. */
void mappings_forget_free(void);

/* The pool grows by one page of the node, which lands in *pfn. */
int hugetlb_grow(uint32_t node, uint64_t *pfn);
/* Exactly the free pool page at pfn goes back to the buddy. */
int hugetlb_shrink(uint32_t node, uint64_t pfn);
/* A pool page in use: of a pool that grows by one. */
int hugetlb_map(uint32_t node, uint32_t *slot, uint64_t *pfn);
int hugetlb_unmap(uint32_t node, uint32_t slot);
int64_t hugetlb_at(uint32_t slot);
void hugetlb_reset(void);
/* Pages in use that lie elsewhere than when last seen, and pool pages that a request replaced by new ones. */
typedef void hugetlb_told(uint64_t owner, uint64_t from, uint64_t to);
void hugetlb_moved(hugetlb_told *moved, hugetlb_told *replaced);

/* "+ moved" and "+ replaced" lines of whoever lies elsewhere now. */
void say_who_moved(void);
/* By enum contigbench_stage. */
extern const char *const stage_names[];
/* "= RC STAGE MIGRATED FAILED REPLACED NS" */
int64_t answer_request(const struct contigbench_request *r);
/* Memory blocks that "offline" took come back. */
void online_again(void);
/* Everything of "reset". */
int reset_all(void);
extern uint32_t nr_frozen; /* by "freeze": their mappings must stay */

#endif
