// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../workloads/trace/sha256.h"
#include "image.h"

/* Documentation/arch/x86/boot.rst: the header of real mode */
#define SIGNATURE    0x202u /* "HdrS" */
#define PROTOCOL     0x206u
#define VERSION_AT   0x20eu /* the version's text is 0x200 behind this */
#define XLOADFLAGS   0x236u /* protocol 2.12 */
#define XLF_64       1u
#define HEADER_BYTES (1u << 16)

static unsigned int le16(const unsigned char *b, size_t at)
{
	return (unsigned int)b[at] | (unsigned int)b[at + 1] << 8;
}

/* What somebody may take for a bzImage. */
static const char *what_else(const unsigned char *b, size_t n)
{
	static const struct {
		const char *begin;
		size_t len;
		const char *what;
	} known[] = {
		{ "\177ELF", 4, "an ELF file (vmlinux?)" },
		{ "\037\213", 2, "compressed by gzip" },
		{ "MZ", 2, "an EFI program without the header of x86" },
		{ "!<arch>", 7, "a package or a library" },
		{ "\xd0\x0d\xfe\xed", 4, "a device tree" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (n >= known[i].len && !memcmp(b, known[i].begin, known[i].len))
			return known[i].what;
	}
	return n ? "something else" : "empty";
}

int image_release(const char *path, char *release, size_t size, struct contig_diag *diag)
{
	static unsigned char b[HEADER_BYTES + 1];
	FILE *f = fopen(path, "re");
	struct stat st;

	if (!f || fstat(fileno(f), &st) || !S_ISREG(st.st_mode)) {
		int err = f ? (S_ISDIR(st.st_mode) ? EISDIR : EINVAL) : errno;

		if (f)
			fclose(f);
		return contig_diag_set(diag, -err, "the kernel image %s can not be read: %s", path, strerror(err));
	}
	size_t n = fread(b, 1, HEADER_BYTES, f);

	fclose(f);
	if (n < 0x400 || memcmp(b + SIGNATURE, "HdrS", 4) || le16(b, PROTOCOL) < 0x200)
		return contig_diag_set(
			diag, -ENOEXEC,
			"%s is no bzImage, but %s: QEMU boots arch/x86/boot/bzImage of a build, or /boot/vmlinuz-*",
			path, what_else(b, n));
	if (le16(b, PROTOCOL) < 0x20c || !(le16(b, XLOADFLAGS) & XLF_64))
		return contig_diag_set(diag, -ENOEXEC, "%s is a kernel for 32 bits: guests are x86-64", path);
	b[n] = '\0';
	size_t at = le16(b, VERSION_AT) + 0x200u, len = at > 0x200 && at < n ? strcspn((char *)b + at, " \n") : 0;

	if (!len || len >= size)
		return contig_diag_set(diag, -ENOEXEC, "%s does not say which release it is: is it whole?", path);
	memcpy(release, b + at, len);
	release[len] = '\0';
	return 0;
}

/* The text behind a mark in the file, up to the next of `end` or NUL. */
static bool text_behind(const char *bytes, size_t nr, const char *mark, size_t mark_len, const char *end, char *out,
                        size_t size)
{
	const char *found = memmem(bytes, nr, mark, mark_len);
	size_t len = found ? strcspn(found + mark_len, end) : 0;

	if (!len || len >= size)
		return false;
	memcpy(out, found + mark_len, len);
	out[len] = '\0';
	return true;
}

int image_module(const char *path, char *release, char *compiler, size_t size, struct contig_diag *diag)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	char *bytes = NULL;
	size_t n = 0;

	if (f && !fstat(fileno(f), &st) && st.st_size > 0 && (bytes = malloc((size_t)st.st_size + 1)))
		n = fread(bytes, 1, (size_t)st.st_size, f);
	if (f)
		fclose(f);
	if (bytes)
		bytes[n] = '\0';
	/* a string of .modinfo, each with a NUL in front; and one of .comment, where gcc and clang sign */
	static const char vermagic[] = "\0vermagic=";
	bool found = bytes && text_behind(bytes, n, vermagic, sizeof(vermagic) - 1, " ", release, size);

	if (found && compiler && !text_behind(bytes, n, "\0GCC: ", 6, "", compiler, size) &&
	    !text_behind(bytes, n, "clang version ", 14, "", compiler, size))
		*compiler = '\0';
	free(bytes);
	return found ? 0 : contig_diag_set(diag, -ENOEXEC, "%s has no vermagic: it is no kernel module", path);
}

int image_sha256(const char *path, char hex[65])
{
	FILE *f = fopen(path, "re");

	if (!f)
		return -errno;
	int err = sha256_stream(f, hex);

	fclose(f);
	return err > 0 ? -err : err;
}
