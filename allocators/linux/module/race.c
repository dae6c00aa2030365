// SPDX-License-Identifier: MIT
/*
 * Two requests at the same time: a thread a side, each bound to its cpu, that wait for each other in a loop, then spin as long as
 * its side was told to, and go. What comes of it is up to the kernel; it is one trial.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>

#include "contigbench.h"

#define MAX_SPINS (100u * 1000 * 1000)
#define MAX_LIVE  65536u

struct race {
	atomic_t there;
	atomic_t through; /* sides that are no load and have ended */
	struct side {
		struct race *race;
		struct contigbench_request *r;
		unsigned int slot;
		struct page **live; /* a load's allocations, a ring */
	} side[2];
};

static bool is_load(const struct contigbench_request *r)
{
	return r->op == CONTIGBENCH_OP_LOAD;
}

/* A load that does nothing for a while after each step has its pages only half of the time. */
static void rest(const struct contigbench_request *r)
{
	u32 i;

	for (i = 0; i < r->spins; i++)
		cpu_relax();
}

static void load_turn(struct side *s, u32 i)
{
	struct contigbench_request *r = s->r;
	struct page **at = &s->live[i % r->live];

	if (*at) {
		__free_pages(*at, r->order);
		*at = NULL;
		rest(r);
	}
	/* without reclaim: a load that sleeps in it is none */
	*at = alloc_pages_node(r->node, cb_gfp(r->type, CONTIGBENCH_NORECLAIM | CONTIGBENCH_COMPOUND), r->order);
	if (*at)
		r->allocs++;
	else
		r->misses++;
	rest(r);
}

static void load(struct side *s)
{
	u32 i;

	for (i = 0; atomic_read(&s->race->through) == 0; i++) {
		load_turn(s, i);
		cond_resched();
	}
}

static void meet(struct race *race)
{
	unsigned int turns = 0;

	atomic_inc(&race->there);
	while (atomic_read(&race->there) < 2) {
		cpu_relax();
		if (++turns % 4096 == 0)
			cond_resched();
	}
}

static int run_side(void *data)
{
	struct side *s = data;
	struct contigbench_request *r = s->r;
	u32 i;

	if (is_load(r)) {
		r->allocs = r->misses = 0;
		for (i = 0; i < r->live; i++)
			load_turn(s, i);
	}
	meet(s->race);
	if (is_load(r)) {
		r->begin = ktime_get_ns();
		load(s);
		r->ns = ktime_get_ns() - r->begin;
		r->rc = 0;
	} else {
		rest(r);
		if (r->op != CONTIGBENCH_OP_NONE)
			cb_request_run(r, s->slot);
		atomic_inc(&s->race->through);
	}
	return 0;
}

static int check_side(const struct contigbench_request *r)
{
	if (r->cpu >= nr_cpu_ids || !cpu_online(r->cpu) || r->spins > MAX_SPINS)
		return -EINVAL;
	if (r->op == CONTIGBENCH_OP_NONE)
		return 0;
	if (!is_load(r))
		return cb_request_check(r);
	if (r->node >= MAX_NUMNODES || !node_online(r->node) || r->order > CB_MAX_ORDER || !r->live ||
	    r->live > MAX_LIVE)
		return -EINVAL;
	return r->type == 'U' || r->type == 'M' || r->type == 'R' ? 0 : -EINVAL;
}

static bool overlap(const struct contigbench_request *a, const struct contigbench_request *b)
{
	return a->start < b->start + b->nr && b->start < a->start + a->nr;
}

static int check(const struct contigbench_race *r)
{
	const struct contigbench_request *a = &r->side[0], *b = &r->side[1];
	int err = check_side(a);

	if (!err)
		err = check_side(b);
	if (err)
		return err;
	if (a->cpu == b->cpu || (is_load(a) && is_load(b)))
		return -EINVAL;
	/* the same pages can not be given twice */
	return a->op == CONTIGBENCH_OP_GIVE && b->op == CONTIGBENCH_OP_GIVE && overlap(a, b) ? -EINVAL : 0;
}

static void drop(struct side *s)
{
	u32 i;

	for (i = 0; s->live && i < s->r->live; i++)
		if (s->live[i])
			__free_pages(s->live[i], s->r->order);
	kvfree(s->live);
}

static int start(struct race *race)
{
	struct task_struct *task[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct side *s = &race->side[i];

		task[i] = kthread_create_on_node(run_side, s, cpu_to_node(s->r->cpu), "contigbench/%u", s->r->cpu);
		if (IS_ERR(task[i])) {
			if (i) {
				kthread_stop(task[0]); /* never woken: its function does not run */
				put_task_struct(task[0]);
			}
			return PTR_ERR(task[i]);
		}
		get_task_struct(task[i]);
		kthread_bind(task[i], s->r->cpu);
	}
	for (i = 0; i < 2; i++)
		wake_up_process(task[i]);
	/* a side that has begun may not be stopped before it began: kthread_stop() of one not yet scheduled skips its function */
	while (atomic_read(&race->there) < 2)
		usleep_range(50, 100);
	for (i = 0; i < 2; i++) {
		kthread_stop(task[i]);
		put_task_struct(task[i]);
	}
	return 0;
}

int cb_race(struct contigbench_race *r)
{
	struct cb_stay stay[2];
	struct race race = { .there = ATOMIC_INIT(0), .through = ATOMIC_INIT(0) };
	int err = check(r);
	unsigned int i;

	if (err)
		return err;
	for (i = 0; i < 2; i++) {
		struct side *s = &race.side[i];

		*s = (struct side){ .race = &race, .r = &r->side[i], .slot = i };
		if (is_load(s->r)) {
			s->live = kvcalloc(s->r->live, sizeof(struct page *), GFP_KERNEL);
			if (!s->live)
				return -ENOMEM; /* there is only one load */
		}
	}
	cb_stay_begin(&r->side[0], &stay[0]);
	cb_stay_begin(&r->side[1], &stay[1]);
	err = start(&race);
	cb_stay_end(&stay[1]);
	cb_stay_end(&stay[0]);
	/* what one side gave the other may have got: first it is nobody's */
	for (i = 0; !err && i < 2; i++)
		if (r->side[i].op == CONTIGBENCH_OP_GIVE)
			cb_request_own(&r->side[i]);
	for (i = 0; !err && i < 2; i++)
		if (r->side[i].op != CONTIGBENCH_OP_GIVE)
			cb_request_own(&r->side[i]);
	for (i = 0; i < 2; i++)
		drop(&race.side[i]);
	return err;
}
