// SPDX-License-Identifier: MIT
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <kbuffer.h>

#include "drain.h"

#define ROUND_MS   20
#define POOL_STEP  256u           /* sub-buffers got at once */
#define POOL_BYTES (512ull << 20) /* of sub-buffers waiting; then the kernel's buffers have to hold them */
#define NICE       (-10)          /* of the thread: it must get a cpu before a buffer is full */

/* A sub-buffer read from the kernel. */
struct sub {
	struct sub *next;
	uint32_t cpu;
	uint8_t *data;
};

struct subs {
	struct sub *head, **tail;
};

/* Memory for some of them, kept until the end. */
struct pool {
	struct pool *next;
	uint8_t *data;
	struct sub subs[POOL_STEP];
};

/* What the caller's thread knows of one cpu. */
struct cpu {
	struct subs subs; /* the first one is loaded */
	struct kbuffer *kb;
	void *event; /* the next one, or NULL */
	unsigned long long ns;
};

struct drain {
	struct tracing *tracing;
	struct tracefs_cpu **raw; /* NULL: cpu was never there */
	uint32_t nr_cpus;
	size_t sub_bytes;
	uint64_t busy_subs; /* read at once, from which on the thread does not sleep */
	pthread_t thread;
	pid_t tid;
	int news_fd, stop_fd;

	/* shared, under the lock */
	pthread_mutex_t lock;
	pthread_cond_t started;
	struct subs fresh, unused;
	struct pool *pools;
	uint64_t pool_bytes;
	uint64_t complete;
	bool ended;
	atomic_bool abandoned; /* the caller takes no more */

	/* the caller's */
	struct cpu *cpu;
	uint32_t *heap; /* cpus that have an event, the earliest first */
	uint32_t heap_nr;
	uint64_t taken_complete;
};

uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void subs_init(struct subs *s)
{
	s->head = NULL;
	s->tail = &s->head;
}

static void subs_add(struct subs *s, struct sub *sub)
{
	sub->next = NULL;
	*s->tail = sub;
	s->tail = &sub->next;
}

static struct sub *subs_pop(struct subs *s)
{
	struct sub *sub = s->head;

	if (sub) {
		s->head = sub->next;
		if (!s->head)
			s->tail = &s->head;
	}
	return sub;
}

static void subs_append(struct subs *to, struct subs *from)
{
	if (!from->head)
		return;
	*to->tail = from->head;
	to->tail = from->tail;
	subs_init(from);
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* More unused sub-buffers, touched now rather than while the kernel waits for them. */
static bool pool_grow(struct drain *d)
{
	size_t bytes = POOL_STEP * d->sub_bytes;

	if (d->pool_bytes + bytes > POOL_BYTES)
		return false;
	struct pool *pool = calloc(1, sizeof(*pool));
	void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (!pool || data == MAP_FAILED) {
		free(pool);
		return false;
	}
	pool->data = data;
	pool->next = d->pools;
	d->pools = pool;
	d->pool_bytes += bytes;
	for (size_t i = 0; i < POOL_STEP; i++) {
		pool->subs[i].data = pool->data + i * d->sub_bytes;
		subs_add(&d->unused, &pool->subs[i]);
	}
	return true;
}

static struct sub *pool_get(struct drain *d)
{
	struct sub *sub;

	pthread_mutex_lock(&d->lock);
	sub = subs_pop(&d->unused);
	if (!sub && pool_grow(d))
		sub = subs_pop(&d->unused);
	pthread_mutex_unlock(&d->lock);
	return sub;
}

/* Read every cpu empty. Returns sub-buffers read; false in *all if memory ran out first. */
static uint64_t read_round(struct drain *d, struct subs *out, bool *all)
{
	uint64_t nr = 0;
	struct sub *sub = NULL;

	*all = true;
	for (uint32_t cpu = 0; cpu < d->nr_cpus; cpu++) {
		if (!d->raw[cpu])
			continue;
		for (;;) {
			if (!sub)
				sub = pool_get(d);
			if (!sub) {
				*all = false;
				return nr;
			}
			int n = tracefs_cpu_read(d->raw[cpu], sub->data, true);
			if (n <= 0)
				break;
			sub->cpu = cpu;
			subs_add(out, sub);
			sub = NULL;
			nr++;
		}
	}
	if (sub) {
		pthread_mutex_lock(&d->lock);
		subs_add(&d->unused, sub);
		pthread_mutex_unlock(&d->lock);
	}
	return nr;
}

static void publish(struct drain *d, struct subs *subs, uint64_t complete, bool ended)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&d->lock);
	subs_append(&d->fresh, subs);
	if (complete > d->complete)
		d->complete = complete;
	d->ended = ended;
	pthread_mutex_unlock(&d->lock);
	/* the counter can not overflow: the reader resets it */
	if (write(d->news_fd, &one, sizeof(one)) < 0)
		return;
}

static void *drain_thread(void *arg)
{
	struct drain *d = arg;
	struct subs subs;
	uint64_t before = 0, last_start = 0;
	bool stop = false, all;

	subs_init(&subs);
	pthread_mutex_lock(&d->lock);
	d->tid = gettid();
	pthread_cond_signal(&d->started);
	pthread_mutex_unlock(&d->lock);
	setpriority(PRIO_PROCESS, (id_t)d->tid, NICE); /* if it is not allowed, it goes without */
	for (;;) {
		struct pollfd p = { .fd = d->stop_fd, .events = POLLIN };
		bool stopping = stop;
		uint64_t start = monotonic_ns();
		uint64_t nr = read_round(d, &subs, &all);

		/* with something left unread, nothing new is certain */
		if (all) {
			before = last_start;
			last_start = start;
		}
		if (d->abandoned || (stopping && all && !nr))
			break;
		publish(d, &subs, before, false);
		if (!stop)
			stop = poll(&p, 1, nr >= d->busy_subs && all ? 0 : ROUND_MS) > 0;
		else if (!all)
			poll(NULL, 0, ROUND_MS);
	}
	publish(d, &subs, UINT64_MAX, true);
	return NULL;
}

/* ---- the caller's side ----------------------------------------------------------------------- */

static bool earlier(const struct drain *d, uint32_t a, uint32_t b)
{
	return d->cpu[a].ns < d->cpu[b].ns;
}

static void sift_down(struct drain *d, uint32_t i)
{
	for (;;) {
		uint32_t least = i;

		for (uint32_t child = 2 * i + 1; child <= 2 * i + 2 && child < d->heap_nr; child++) {
			if (earlier(d, d->heap[child], d->heap[least]))
				least = child;
		}
		if (least == i)
			return;
		uint32_t swap = d->heap[i];
		d->heap[i] = d->heap[least];
		d->heap[least] = swap;
		i = least;
	}
}

/* Make cpu->event the next event of the cpu, going to its next sub-buffer where necessary. */
static void settle(struct drain *d, struct cpu *cpu)
{
	while (!cpu->event && cpu->subs.head) {
		struct sub *done = subs_pop(&cpu->subs);

		pthread_mutex_lock(&d->lock);
		subs_add(&d->unused, done);
		pthread_mutex_unlock(&d->lock);
		if (cpu->subs.head && !kbuffer_load_subbuffer(cpu->kb, cpu->subs.head->data))
			cpu->event = kbuffer_read_event(cpu->kb, &cpu->ns);
	}
}

bool drain_take(struct drain *d)
{
	struct subs fresh;
	struct sub *sub;
	uint64_t count;
	bool ended;

	subs_init(&fresh);
	if (read(d->news_fd, &count, sizeof(count)) < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	pthread_mutex_lock(&d->lock);
	subs_append(&fresh, &d->fresh);
	d->taken_complete = d->complete;
	ended = d->ended;
	pthread_mutex_unlock(&d->lock);

	while ((sub = subs_pop(&fresh))) {
		struct cpu *cpu = &d->cpu[sub->cpu];
		bool first = !cpu->subs.head;

		subs_add(&cpu->subs, sub);
		if (first) {
			if (!kbuffer_load_subbuffer(cpu->kb, sub->data))
				cpu->event = kbuffer_read_event(cpu->kb, &cpu->ns);
			settle(d, cpu);
		}
	}
	d->heap_nr = 0;
	for (uint32_t i = 0; i < d->nr_cpus; i++) {
		if (d->cpu[i].event)
			d->heap[d->heap_nr++] = i;
	}
	for (uint32_t i = d->heap_nr / 2; i-- > 0;)
		sift_down(d, i);
	return !ended;
}

uint64_t drain_complete(const struct drain *d)
{
	return d->taken_complete;
}

bool drain_next(struct drain *d, uint64_t until, struct page_event *e)
{
	if (until > d->taken_complete)
		until = d->taken_complete;
	while (d->heap_nr) {
		uint32_t i = d->heap[0];
		struct cpu *cpu = &d->cpu[i];

		if (cpu->ns > until)
			return false;
		e->ns = cpu->ns;
		e->cpu = i;
		bool found = tracing_decode(&d->tracing->layout, cpu->event, e);
		cpu->event = kbuffer_next_event(cpu->kb, &cpu->ns);
		settle(d, cpu);
		if (!cpu->event)
			d->heap[0] = d->heap[--d->heap_nr];
		sift_down(d, 0);
		if (found)
			return true;
	}
	return false;
}

/* ---- open and close -------------------------------------------------------------------------- */

static int open_cpus(struct drain *d, struct contig_diag *diag)
{
	uint32_t opened = 0;

	for (uint32_t i = 0; i < d->nr_cpus; i++) {
		d->raw[i] = tracefs_cpu_open(d->tracing->instance, (int)i, true);
		if (!d->raw[i])
			continue; /* cpu numbers may have gaps */
		d->cpu[i].kb = kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST);
		if (!d->cpu[i].kb)
			return -ENOMEM;
		subs_init(&d->cpu[i].subs);
		d->sub_bytes = (size_t)tracefs_cpu_read_size(d->raw[i]);
		opened++;
	}
	if (opened && d->sub_bytes)
		return 0;
	snprintf(diag->text, sizeof(diag->text), "can not open any cpu's trace_pipe_raw: %s", strerror(errno));
	return errno ? -errno : -EIO;
}

static int start_thread(struct drain *d)
{
	int rc = pthread_create(&d->thread, NULL, drain_thread, d);

	if (rc)
		return -rc;
	pthread_mutex_lock(&d->lock);
	while (!d->tid)
		pthread_cond_wait(&d->started, &d->lock);
	pthread_mutex_unlock(&d->lock);
	return 0;
}

struct drain *drain_open(struct tracing *t, uint32_t buffer_mib, struct contig_diag *diag)
{
	struct drain *d = calloc(1, sizeof(*d));
	int rc = -ENOMEM;

	snprintf(diag->text, sizeof(diag->text), "no memory");
	if (!d)
		goto out;
	d->tracing = t;
	d->nr_cpus = t->nr_cpus;
	d->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->stop_fd = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->started, NULL);
	subs_init(&d->fresh);
	subs_init(&d->unused);
	d->raw = calloc(d->nr_cpus, sizeof(d->raw[0]));
	d->cpu = calloc(d->nr_cpus, sizeof(d->cpu[0]));
	d->heap = calloc(d->nr_cpus, sizeof(d->heap[0]));
	if (!d->raw || !d->cpu || !d->heap || d->news_fd < 0 || d->stop_fd < 0)
		goto out;
	rc = open_cpus(d, diag);
	if (rc)
		goto out;
	d->busy_subs = ((uint64_t)buffer_mib << 20) / d->sub_bytes / 4;
	rc = pool_grow(d) ? start_thread(d) : -ENOMEM;
	if (!rc)
		return d;
out:
	drain_close(d);
	errno = -rc;
	return NULL;
}

pid_t drain_tid(const struct drain *d)
{
	return d->tid;
}

int drain_fd(const struct drain *d)
{
	return d->news_fd;
}

void drain_stop(struct drain *d)
{
	const uint64_t one = 1;

	if (write(d->stop_fd, &one, sizeof(one)) < 0)
		abort(); /* an eventfd that was never written to takes one */
}

void drain_close(struct drain *d)
{
	if (!d)
		return;
	if (d->tid) {
		d->abandoned = true;
		drain_stop(d);
		pthread_join(d->thread, NULL);
	}
	for (uint32_t i = 0; d->raw && d->cpu && i < d->nr_cpus; i++) {
		if (d->raw[i])
			tracefs_cpu_close(d->raw[i]);
		kbuffer_free(d->cpu[i].kb);
	}
	for (struct pool *next, *pool = d->pools; pool; pool = next) {
		next = pool->next;
		munmap(pool->data, POOL_STEP * d->sub_bytes);
		free(pool);
	}
	close(d->news_fd);
	close(d->stop_fd);
	free(d->raw);
	free(d->cpu);
	free(d->heap);
	free(d);
}
