// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "cpio.h"

static int put(struct cpio *c, const void *data, size_t len)
{
	static const char zeros[4];
	size_t pad = (4 - (c->at + len) % 4) % 4;

	errno = 0;
	if (fwrite(data, 1, len, c->f) != len || fwrite(zeros, 1, pad, c->f) != pad)
		return errno ? -errno : -EIO;
	c->at += len + pad;
	return 0;
}

static int head(struct cpio *c, const char *name, unsigned int mode, uint32_t size, unsigned int major,
                unsigned int minor)
{
	char entry[110 + 4096 + 1];
	size_t len = strlen(name) + 1;

	if (len > 4096)
		return -ENAMETOOLONG;
	/* magic ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check */
	snprintf(entry, sizeof(entry),
	         "070701%08" PRIX32 "%08X%08X%08X%08X%08X%08" PRIX32 "%08X%08X%08X%08X%08zX%08X%s", ++c->ino, mode, 0u,
	         0u, 1u, 0u, size, 0u, 0u, major, minor, len, 0u, name);
	return put(c, entry, 110 + len);
}

int cpio_folder(struct cpio *c, const char *name)
{
	return head(c, name, S_IFDIR | 0755, 0, 0, 0);
}

int cpio_link(struct cpio *c, const char *name, const char *to)
{
	size_t len = strlen(to);
	int err = head(c, name, S_IFLNK | 0777, (uint32_t)len, 0, 0);

	return err ? err : put(c, to, len);
}

int cpio_device(struct cpio *c, const char *name, unsigned int major, unsigned int minor)
{
	return head(c, name, S_IFCHR | 0600, 0, major, minor);
}

/* As many bytes as were announced, whatever becomes of the file meanwhile. */
static int copy(struct cpio *c, FILE *from, uint64_t size)
{
	char block[1 << 16];

	while (size) {
		size_t want = size < sizeof(block) ? (size_t)size : sizeof(block);

		errno = 0;
		if (fread(block, 1, want, from) != want)
			return errno ? -errno : -EIO;
		size -= want;
		/* only the last one is padded */
		int err = put(c, block, want);

		if (err)
			return err;
	}
	return 0;
}

int cpio_file(struct cpio *c, const char *name, unsigned int mode, const char *path)
{
	FILE *from = fopen(path, "re");
	struct stat st;
	int err = from && !fstat(fileno(from), &st) ? 0 : -errno;

	if (!err && !S_ISREG(st.st_mode))
		err = -EISDIR;
	if (!err && (uint64_t)st.st_size > UINT32_MAX)
		err = -EFBIG;
	if (!err)
		err = head(c, name, S_IFREG | mode, (uint32_t)st.st_size, 0, 0);
	if (!err)
		err = copy(c, from, (uint64_t)st.st_size);
	if (from)
		fclose(from);
	return err;
}

int cpio_text(struct cpio *c, const char *name, unsigned int mode, const char *text)
{
	size_t len = strlen(text);
	int err = len > UINT32_MAX ? -EFBIG : head(c, name, S_IFREG | mode, (uint32_t)len, 0, 0);

	return err ? err : put(c, text, len);
}

int cpio_end(struct cpio *c)
{
	int err = head(c, "TRAILER!!!", 0, 0, 0, 0);

	if (!err && fflush(c->f))
		err = -errno;
	return err;
}
