// SPDX-License-Identifier: MIT
#include "filler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PART 4096u /* pages looked up at a time */

/* Documentation/admin-guide/mm/pagemap.rst */
#define PRESENT  (UINT64_C(1) << 63)
#define PFN_MASK ((UINT64_C(1) << 55) - 1)
#define KPF(bit) (UINT64_C(1) << (bit))
#define LRU      KPF(5)
#define SLAB     KPF(7)
#define BUDDY    KPF(10)
#define MAPPED   KPF(11)
#define ANON     KPF(12)
#define HEAD     KPF(15)
#define TAIL     KPF(16)
#define HUGE     KPF(17)
#define HWPOISON KPF(19)
#define NOPAGE   KPF(20)
#define OFFLINE  KPF(23)
#define PGTABLE  KPF(26)
#define RESERVED KPF(32)

int filler_open(struct filler *f, uint64_t bytes, struct contig_diag *diag)
{
	*f = (struct filler){ .bytes = bytes, .page = (uint32_t)sysconf(_SC_PAGESIZE), .pagemap = -1 };
	f->at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (f->at == MAP_FAILED) {
		f->at = NULL;
		return contig_diag_set(diag, -errno, "no %llu MiB of address space: %s",
		                       (unsigned long long)bytes >> 20, strerror(errno));
	}
	/* single pages; not an error where there are no others */
	madvise(f->at, bytes, MADV_NOHUGEPAGE);
	f->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	return f->pagemap < 0 ? contig_diag_set(diag, -errno, "/proc/self/pagemap: %s", strerror(errno)) : 0;
}

void filler_close(struct filler *f)
{
	if (f->at)
		munmap(f->at, f->bytes);
	if (f->pagemap >= 0)
		close(f->pagemap);
	*f = (struct filler){ .pagemap = -1 };
}

int filler_touch(struct filler *f, const volatile bool *stop, struct contig_diag *diag)
{
	for (uint64_t at = 0; at < f->bytes; at += f->page) {
		if (*stop)
			return contig_diag_set(diag, -EINTR, "interrupted");
		f->at[at] = 1;
	}
	return 0;
}

int filler_keep(struct filler *f, uint64_t start, uint64_t end, bool (*keep)(void *ctx, uint64_t pfn), void *ctx,
                uint32_t *kept, struct contig_diag *diag)
{
	uint64_t entry[PART], pages = f->bytes / f->page;
	bool any = false;

	*kept = 0;
	for (uint64_t i = 0; i < pages; i += PART) {
		size_t nr = pages - i < PART ? (size_t)(pages - i) : PART;

		if (pread(f->pagemap, entry, nr * 8, (off_t)(((uintptr_t)f->at / f->page + i) * 8)) !=
		    (ssize_t)(nr * 8))
			return contig_diag_set(diag, -EIO, "/proc/self/pagemap can not be read");
		for (size_t k = 0; k < nr; k++) {
			uint64_t pfn = entry[k] & PRESENT ? entry[k] & PFN_MASK : 0;
			bool wanted = pfn >= start && pfn < end && keep(ctx, pfn);

			any |= pfn != 0;
			*kept += wanted;
			if (!wanted && entry[k] & PRESENT)
				madvise(f->at + (i + k) * f->page, f->page, MADV_DONTNEED);
		}
	}
	return any ? 0 : contig_diag_set(diag, -EPERM, "/proc/self/pagemap does not say where pages are");
}

static uint8_t kind_of(uint64_t flags, uint32_t *odd)
{
	if (flags & NOPAGE)
		return PAGE_ABSENT;
	if (flags & BUDDY)
		return PAGE_FREE;
	if (flags & (SLAB | HUGE | HWPOISON | OFFLINE | PGTABLE | RESERVED))
		return PAGE_KERNEL;
	if (flags & (LRU | ANON | MAPPED))
		return flags & TAIL ? PAGE_NONE : flags & HEAD ? PAGE_LRU_COMPOUND : PAGE_LRU;
	*odd += !flags;
	return PAGE_KERNEL;
}

int page_kinds(uint64_t start, uint64_t end, uint8_t *out, uint32_t *odd, struct contig_diag *diag)
{
	uint64_t flags[PART];
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);

	*odd = 0;
	if (fd < 0)
		return contig_diag_set(diag, -errno, "/proc/kpageflags: %s", strerror(errno));
	for (uint64_t pfn = start; pfn < end; pfn += PART) {
		size_t nr = end - pfn < PART ? (size_t)(end - pfn) : PART;

		if (pread(fd, flags, nr * 8, (off_t)(pfn * 8)) != (ssize_t)(nr * 8)) {
			close(fd);
			return contig_diag_set(diag, -EIO, "/proc/kpageflags can not be read at pfn %llu",
			                       (unsigned long long)pfn);
		}
		for (size_t k = 0; k < nr; k++)
			out[pfn - start + k] = kind_of(flags[k], odd);
	}
	close(fd);
	return 0;
}
