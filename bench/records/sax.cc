// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include "sax.h"

namespace
{
namespace rj = rapidjson;

/* What RapidJSON calls a stream. The library's own does not know lines, and takes an error of reading for the end. */
class stream
{
      public:
	typedef char Ch;

	explicit stream(FILE *from) : file(from), buffer(new char[SIZE + 1])
	{
		fill();
		/* a mark that some editors put in front of UTF-8 */
		if (last - at >= 3 && !std::memcmp(at, "\xef\xbb\xbf", 3))
			at += 3;
	}
	Ch Peek() const
	{
		return *at;
	}
	Ch Take()
	{
		Ch c = *at++;

		if (at == last)
			fill();
		return c;
	}
	size_t Tell() const
	{
		return size_t(at - buffer.get());
	}
	/* asked for by the interface, never called in this way of reading */
	Ch *PutBegin()
	{
		return nullptr;
	}
	void Put(Ch)
	{
	}
	void Flush()
	{
	}
	size_t PutEnd(Ch *)
	{
		return 0;
	}

	bool ended() const
	{
		return done && at + 1 >= last;
	}
	int error() const
	{
		return err;
	}
	uint64_t line() const
	{
		return lines_before + 1 + uint64_t(std::count(begin(), std::min(at, last), '\n'));
	}

      private:
	static constexpr size_t SIZE = 1 << 18;

	const char *begin() const
	{
		return buffer.get();
	}

	/* Behind the end of the file stands a NUL that is never taken away. */
	void fill()
	{
		if (last)
			lines_before += uint64_t(std::count(begin(), last, '\n'));
		at = buffer.get();
		size_t n = done ? 0 : std::fread(buffer.get(), 1, SIZE, file);

		if (n < SIZE && !done) {
			err = std::ferror(file) ? (errno ? errno : EIO) : 0;
			done = true;
			buffer[n++] = '\0';
		} else if (!n) {
			buffer[n++] = '\0';
		}
		last = buffer.get() + n;
	}

	FILE *file;
	std::unique_ptr<char[]> buffer;
	const char *at = nullptr, *last = nullptr;
	uint64_t lines_before = 0;
	int err = 0;
	bool done = false;
};

struct handler {
	sax_fn *one;
	void *ctx;
	unsigned int depth = 0;

	bool say(sax_kind kind, const char *text = "", size_t len = 0)
	{
		return one(ctx, kind, text, len);
	}
	bool open(sax_kind kind)
	{
		return ++depth <= SAX_DEPTH && say(kind);
	}
	bool close(sax_kind kind)
	{
		depth--;
		return say(kind);
	}
	bool Null()
	{
		return say(SAX_NULL);
	}
	bool Bool(bool b)
	{
		return say(b ? SAX_TRUE : SAX_FALSE);
	}
	bool RawNumber(const char *text, rj::SizeType len, bool)
	{
		return say(SAX_NUMBER, text, len);
	}
	bool String(const char *text, rj::SizeType len, bool)
	{
		return say(SAX_TEXT, text, len);
	}
	bool Key(const char *text, rj::SizeType len, bool)
	{
		return say(SAX_KEY, text, len);
	}
	bool StartObject()
	{
		return open(SAX_OBJECT);
	}
	bool EndObject(rj::SizeType)
	{
		return close(SAX_OBJECT_END);
	}
	bool StartArray()
	{
		return open(SAX_ARRAY);
	}
	bool EndArray(rj::SizeType)
	{
		return close(SAX_ARRAY_END);
	}
	/* numbers come as text but for those that JSON does not have */
	bool Double(double d)
	{
		return say(SAX_NUMBER,
		           std::isnan(d) ? "NaN"
		           : d < 0       ? "-Infinity"
		                         : "Infinity",
		           std::isnan(d) ? 3
		           : d < 0       ? 9
		                         : 8);
	}
	bool Int(int)
	{
		return false;
	}
	bool Uint(unsigned)
	{
		return false;
	}
	bool Int64(int64_t)
	{
		return false;
	}
	bool Uint64(uint64_t)
	{
		return false;
	}
};

int failed(const stream &s, const handler &h, rj::ParseErrorCode code, sax_where *where)
{
	where->line = s.line();
	if (s.error())
		return -s.error();
	if (h.depth > SAX_DEPTH)
		std::snprintf(where->what, sizeof(where->what), "nested more than %u deep", SAX_DEPTH);
	else if (code == rj::kParseErrorTermination)
		return -ECANCELED;
	else if (s.ended())
		std::snprintf(where->what, sizeof(where->what), "it ends in the middle: cut short");
	else
		std::snprintf(where->what, sizeof(where->what), "%s", rj::GetParseError_En(code));
	return -EBADMSG;
}
} // namespace

int sax_read(FILE *f, bool lines, sax_fn *one, void *ctx, sax_where *where)
{
	constexpr unsigned flags = rj::kParseNumbersAsStringsFlag | rj::kParseNanAndInfFlag | rj::kParseIterativeFlag |
	                           rj::kParseStopWhenDoneFlag;

	*where = { 1, "" };
	try {
		stream s(f);
		handler h{ one, ctx };
		rj::Reader reader;

		rj::SkipWhitespace(s);
		do {
			if (!reader.Parse<flags>(s, h))
				return failed(s, h, reader.GetParseErrorCode(), where);
			rj::SkipWhitespace(s);
		} while (lines && !s.ended());
		if (!s.ended())
			return failed(s, h, rj::kParseErrorDocumentRootNotSingular, where);
		where->line = s.line();
		return -s.error();
	} catch (const std::bad_alloc &) {
		return -ENOMEM;
	}
}

double sax_number(const char *text, size_t len)
{
	double d = std::numeric_limits<double>::quiet_NaN();

	/* takes "nan", "inf" and "infinity", too, as numbers come out of the reader */
	auto [end, error] = std::from_chars(text, text + len, d);

	/* what is too large or too small for a double keeps its meaning */
	return error == std::errc::result_out_of_range ? std::strtod(text, nullptr) : d;
}
