// SPDX-License-Identifier: MIT
/* gbench.cc - Google Benchmark as a program: flags, context, running, and what the library at hand is. */
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "gbench_internal.h"

using namespace gbench_internal;

/* Internal, but exported since 1.5.4; weak, as a later library may not have it. */
extern const bool library_has_pfm __asm__("_ZN9benchmark8internal12PerfCounters10kSupportedE") __attribute__((weak));

namespace
{
std::string output_file, program_name;
thread_local char error_text[256];
} // namespace

std::atomic<size_t> gbench_internal::nr_failed;

int gbench_internal::refuse(int rc, const char *text) noexcept
{
	std::snprintf(error_text, sizeof(error_text), "%s", text);
	return rc;
}

const char *gbench_error(void)
{
	return error_text;
}

const char *gbench_flag(int argc, char *const *argv, const char *name)
{
	const char *found = nullptr;
	size_t len = std::strlen(name);

	for (int i = 1; i < argc; i++) {
		if (std::strncmp(argv[i], "--benchmark_", 12) || std::strncmp(argv[i] + 12, name, len))
			continue;
		const char *rest = argv[i] + 12 + len;
		if (*rest == '=')
			found = rest + 1;
		else if (!*rest)
			found = "";
	}
	if (found)
		return found;

	char variable[64] = "BENCHMARK_";
	for (size_t i = 0; i < len && 10 + i + 1 < sizeof(variable); i++)
		variable[10 + i] = name[i] >= 'a' && name[i] <= 'z' ? static_cast<char>(name[i] - 'a' + 'A') : name[i];
	return std::getenv(variable);
}

int gbench_initialize(int *argc, char **argv)
{
	return guard([&] {
		const char *out = gbench_flag(*argc, argv, "out");

		output_file = out ? out : "";
		/* the library keeps the pointer */
		program_name = *argc > 0 ? argv[0] : "";
		argv[0] = program_name.data();
		/* the library calls this, and then exit(0) even if the flag was wrong */
		bm::Initialize(argc, argv, [] { throw wants_to_exit(); });
		return 0;
	});
}

int gbench_add_context(const char *key, const char *value)
{
	if (!key || !value)
		return refuse(-EINVAL, "a context needs a key and a value");
	static const char *const own[] = { "date",
		                           "host_name",
		                           "executable",
		                           "num_cpus",
		                           "mhz_per_cpu",
		                           "caches",
		                           "load_avg",
		                           "aslr_enabled",
		                           "cpu_scaling_enabled",
		                           "library_version",
		                           "library_build_type",
		                           "json_schema_version" };

	return guard([&] {
		const auto *known = bm::internal::GetGlobalContext();
		bool taken = known && known->count(key);

		for (const char *name : own)
			taken |= !std::strcmp(name, key);
		if (taken)
			return refuse(-EEXIST, "the context has this key already");
		bm::AddCustomContext(key, value);
		return 0;
	});
}

/* The library ends the process if it cannot open the file, and says nothing if it cannot write it. */
static int check_output_before(void)
{
	FILE *f = output_file.empty() ? nullptr : std::fopen(output_file.c_str(), "a");

	if (!f && !output_file.empty())
		return refuse(-errno, (output_file + ": " + std::strerror(errno)).c_str());
	if (f)
		std::fclose(f);
	return 0;
}

static int check_output_after(void)
{
	struct stat st;

	if (output_file.empty() || stat(output_file.c_str(), &st))
		return 0;
	if (S_ISREG(st.st_mode) && !st.st_size)
		return refuse(-ENOSPC, (output_file + ": nothing could be written").c_str());
	return 0;
}

static void discard_output(void)
{
	struct stat st;

	if (!output_file.empty() && !stat(output_file.c_str(), &st) && S_ISREG(st.st_mode) && !st.st_size)
		std::remove(output_file.c_str());
}

namespace
{
class no_display : public bm::BenchmarkReporter
{
      public:
	no_display() : nowhere(nullptr)
	{
		SetOutputStream(&nowhere);
		SetErrorStream(&nowhere);
	}
	bool ReportContext(const Context &) override
	{
		return true;
	}
	void ReportRuns(const std::vector<Run> &) override
	{
	}

      private:
	std::ostream nowhere;
};

/*
 * Keeps all until the end, and then asks for the rest of the context. What is not a number has no place in JSON: the
 * library has it for a counter's coefficient of variation whose mean is 0.
 */
class late_json : public bm::JSONReporter
{
      public:
	explicit late_json(const gbench_how &h) : how(h)
	{
	}
	bool ReportContext(const Context &c) override
	{
		context = std::make_unique<Context>(c);
		return true;
	}
	void ReportRuns(const std::vector<Run> &r) override
	{
		runs.push_back(r);
		for (Run &run : runs.back()) {
			for (auto c = run.counters.begin(); c != run.counters.end();)
				c = std::isfinite(c->second.value) ? std::next(c) : run.counters.erase(c);
		}
	}
	void Finalize() override
	{
		how.measured(how.ctx);
		if (!context)
			return;
		bm::JSONReporter::ReportContext(*context);
		for (const auto &r : runs)
			bm::JSONReporter::ReportRuns(r);
		bm::JSONReporter::Finalize();
		cut_short = !GetOutputStream().flush();
	}

	bool cut_short = false;

      private:
	const gbench_how &how;
	std::unique_ptr<Context> context;
	std::vector<std::vector<Run>> runs;
};
} // namespace

int gbench_run(size_t *matched, size_t *failed)
{
	const gbench_how how = {};

	return gbench_run_as(&how, matched, failed);
}

int gbench_run_as(const struct gbench_how *how, size_t *matched, size_t *failed)
{
	nr_failed = 0;
	return guard([&] {
		if (int rc = check_output_before())
			return rc;
		no_display none;
		late_json late(*how);
		/* 1.7.1 would delete its only default reporter, and use it again in a second run */
		bm::BenchmarkReporter *display = how->quiet ? &none : bm::CreateDefaultDisplayReporter();
		/* without a file it ends the process over a reporter for one */
		bm::BenchmarkReporter *file = how->measured && !output_file.empty() ? &late : nullptr;
		size_t nr = bm::RunSpecifiedBenchmarks(display, file);

		if (matched)
			*matched = nr;
		if (failed)
			*failed = nr_failed;
		if (!nr) {
			discard_output();
			return refuse(-ENODATA, ("--benchmark_filter=" + bm::GetBenchmarkFilter()).c_str());
		}
		if (late.cut_short)
			return refuse(-ENOSPC, (output_file + ": could not be written to its end").c_str());
		return check_output_after();
	});
}

void gbench_shutdown(void)
{
	guard([] {
		auto *&context = bm::internal::GetGlobalContext();

		/* 1.7.1 deletes it and leaves the pointer */
		bm::Shutdown();
		context = nullptr;
		return 0;
	});
}

bool gbench_library_is_debug(void)
{
	bool debug = false;

	guard([&] {
		std::ostringstream said;
		bm::BenchmarkReporter::PrintBasicContext(&said, bm::BenchmarkReporter::Context());
		debug = said.str().find("built as DEBUG") != std::string::npos;
		return 0;
	});
	return debug;
}

bool gbench_library_has_libpfm(void)
{
	return &library_has_pfm ? library_has_pfm : dlsym(RTLD_DEFAULT, "pfm_initialize") != nullptr;
}
