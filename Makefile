# SPDX-License-Identifier: MIT
# `make help` lists what can be made. Everything made lands below $(BUILD).

BUILD	?= build
PREFIX	?= /usr/local
CC	?= gcc
CXX	?= g++
OPT	?= -O3 -g
SANITIZE ?=
# of a changed tree with a digest of the changes: two of them are not the same program
VERSION	:= $(shell git describe --always --dirty=-dirty.`git diff HEAD 2>/dev/null | cksum | cut -d' ' -f1` 2>/dev/null || \
	echo unknown)
DATE	:= $(shell LC_ALL=C git log -1 --date=format:'%B %-d, %Y' --format=%cd 2>/dev/null || LC_ALL=C date +'%B %-d, %Y')
# revision.h is rewritten only when the revision has changed, so that what names it is compiled again exactly then
$(shell mkdir -p $(BUILD) && printf '\043define CONTIGBENCH_%s "%s"\n' REVISION "$(VERSION)" DATE "$(DATE)" \
	>$(BUILD)/revision.h.new && { cmp -s $(BUILD)/revision.h.new $(BUILD)/revision.h && rm $(BUILD)/revision.h.new || \
	mv $(BUILD)/revision.h.new $(BUILD)/revision.h; })

PKGS	:= libtracefs libtraceevent libzstd zlib jansson benchmark hwloc sqlite3
WARN	:= -Wall -Wextra -Wshadow -Wconversion -Wvla -Wundef
CPPFLAGS += -D_GNU_SOURCE -I$(BUILD) $(shell pkg-config --cflags $(PKGS))
FLAGS	:= $(OPT) $(WARN) -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer)
CFLAGS	+= -std=gnu11 -Wstrict-prototypes -Wmissing-prototypes $(FLAGS)
CXXFLAGS += -std=c++17 $(FLAGS)
LDLIBS	+= $(shell pkg-config --libs $(PKGS)) -lm -ldl
# what a plugin may call (allocators/plugin.h), and nothing else
LDFLAGS	+= -Wl,--export-dynamic-symbol='contig_*'

# A room is a folder; its sources are all that lie in it.
LIB	:= $(wildcard allocators/*.c allocators/model/*.c allocators/backends/*.c allocators/users/*.c)
WORK	:= $(wildcard workloads/*.c workloads/*/*.c)
BENCH	:= $(filter-out bench/main.c,$(wildcard bench/*.c bench/*/*.c)) $(wildcard bench/*/*.cc) \
	allocators/linux/agent/nature.c
AGENT	:= $(wildcard allocators/linux/agent/*.c)
PURE	:= $(patsubst %,allocators/linux/agent/%.c,dump fill line runs)
TESTS	:= $(wildcard tests/test_*.c)
obj	= $(patsubst %,$(BUILD)/%.o,$(1))

all: $(BUILD)/contigbench $(BUILD)/contigbench-agent ## build the program (default)

$(BUILD)/contigbench: $(call obj,bench/main.c $(BENCH) $(WORK)) $(BUILD)/libcontig.a
	$(CXX) $(FLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/libcontig.a: $(call obj,$(LIB))
	rm -f $@ && $(AR) rcs $@ $^

# what runs inside guests: static, and never with sanitizers
$(BUILD)/contigbench-agent: $(AGENT) $(wildcard allocators/linux/*.h allocators/linux/*/*.h)
	$(CC) -D_GNU_SOURCE -std=gnu11 $(OPT) $(WARN) -static -pthread -o $@ $(AGENT)

$(BUILD)/tests/%: $(BUILD)/tests/%.c.o $(call obj,$(wildcard tests/lib/*.c tests/oracle/*.c) $(BENCH) $(WORK) $(PURE)) $(BUILD)/libcontig.a
	$(CXX) $(FLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

$(BUILD)/%.c.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/%.cc.o: %.cc
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/bench/help/completion.c.o: bench/help/completion.bash
$(BUILD)/bench/kernels/recipe.c.o: bench/kernels/fetch-kernel

check: all $(TESTS:%.c=$(BUILD)/%) ## build and run the unit tests
	@set -e; for t in $(TESTS:%.c=$(BUILD)/%); do $$t; done

soak: $(BUILD)/tests/test_oracle ## model against oracle with fresh seeds until a failure
	$< soak

scenario: all ## what each generation must answer, against what the model answers
	$(BUILD)/contigbench scenario

conformance: all ## recorded kernel answers against the model
	$(BUILD)/contigbench conformance tests/conformance
	$(BUILD)/contigbench hidden --recorded tests/conformance

# kernels to ask, by release; the answers are put into place by hand, when what changed has been looked at
KERNELS	?= 5.10 6.1 6.12 7.2
comma	:= ,
empty	:=
conformance-refresh: all ## record the answers anew, in guests: KERNELS="6.1 7.2"; below $(BUILD)/conformance
	$(BUILD)/contigbench guest build $(KERNELS:%=linux-%)
	$(BUILD)/contigbench conformance tests/conformance --record $(BUILD)/conformance \
		-b $(subst $(empty) $(empty),$(comma),$(strip $(KERNELS:%=linux-%@guest))) || [ $$? = 1 ]

# FIDELITY=DIR is a folder that `contigbench fidelity` wrote; without it kernels in guests are asked anew, a quarter of an hour.
# Answers that disagree (exit status 1) are what the document is to say
fidelity: all ## docs/fidelity.md anew: recorded answers, the rules they decide, kernels in guests (FIDELITY=DIR: as recorded)
	$(BUILD)/contigbench conformance tests/conformance --markdown --knobs >docs/fidelity.md.tmp
	echo >>docs/fidelity.md.tmp
	$(BUILD)/contigbench hidden --recorded tests/conformance --markdown >>docs/fidelity.md.tmp
	echo >>docs/fidelity.md.tmp
	$(BUILD)/contigbench fidelity --markdown $(if $(FIDELITY),--replay $(FIDELITY)) >>docs/fidelity.md.tmp || [ $$? -eq 1 ]
	mv docs/fidelity.md.tmp docs/fidelity.md

perf: all ## measure the figures of `contigbench perf --help` against their limits
	$(BUILD)/contigbench perf

regress: all $(BUILD)/tests/test_baseline ## has it got worse than what was accepted? Counts decide, times inform
	BUILD=$(BUILD) CC='$(CC)' OPT='$(OPT)' scripts/regress

regress-accept: all $(BUILD)/tests/test_baseline ## take over the counts of this tree: commit them with the reason
	BUILD=$(BUILD) CC='$(CC)' OPT='$(OPT)' scripts/regress accept

profile: ## where the time of a run goes: $(BUILD)/profile/flame.svg; needs linux-perf
	BUILD=$(BUILD)/profile scripts/profile

paper: all ## paper/contigbench.pdf below $(BUILD): its runs, figures and text, from nothing; needs LaTeX
	BUILD=$(BUILD) scripts/paper

format: ## rewrite the sources with clang-format
	clang-format -i $(shell git ls-files '*.c' '*.h' '*.cc')

man: $(BUILD)/contigbench.1 $(BUILD)/contigbench-formats.5 ## the manual pages, below $(BUILD); needs lowdown
completion: $(BUILD)/contigbench.bash ## completion for bash, below $(BUILD)

# made from the tables of bench/help, which --help prints, too
$(BUILD)/contigbench.1: $(BUILD)/contigbench
	$< help --manual >$@.tmp && mv $@.tmp $@

$(BUILD)/contigbench.bash: $(BUILD)/contigbench
	$< help --completion bash >$@.tmp && mv $@.tmp $@

$(BUILD)/contigbench-formats.5: docs/formats.md scripts/manual-formats
	scripts/manual-formats $< '$(DATE)' >$@.tmp && mv $@.tmp $@

# what a plugin is built with: headers, and where they are
PUBLIC	:= allocators/contig.h allocators/plugin.h allocators/policy.h
define PC
prefix=$(PREFIX)
includedir=$${prefix}/include
plugin_version=$(shell sed -n 's/^.define CONTIG_PLUGIN_VERSION \([0-9]*\)u/\1/p' allocators/plugin.h)

Name: contigbench
Description: headers for plugins of contigbench
Version: $(VERSION)
Cflags: -I$${includedir}
endef
export PC

install-headers: ## install what plugins are built with below $(PREFIX)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/include/contigbench $(PUBLIC)
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	echo "$$PC" >$(DESTDIR)$(PREFIX)/lib/pkgconfig/contigbench.pc

# what `contigbench guest build` makes the kernel module from; a build in place leaves other things there
MODULE	:= $(filter-out %/features.h %.o %.ko %.mod %.mod.c %.order %.symvers,$(wildcard allocators/linux/module/*))

install: all man completion install-headers ## install all that a user needs below $(PREFIX)
	install -D -m 755 $(BUILD)/contigbench $(DESTDIR)$(PREFIX)/bin/contigbench
	install -D -m 644 $(BUILD)/contigbench.1 $(DESTDIR)$(PREFIX)/share/man/man1/contigbench.1
	install -D -m 644 $(BUILD)/contigbench-formats.5 $(DESTDIR)$(PREFIX)/share/man/man5/contigbench-formats.5
	install -D -m 644 $(BUILD)/contigbench.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/contigbench
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/contigbench/corpus workloads/corpus/*.ctr
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/contigbench/scenarios workloads/scenarios/*.scn
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/contigbench/costs workloads/costs/*.cost
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/contigbench/plots plots/*.gp
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/contigbench/tests/conformance tests/conformance/cases.txt
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/share/contigbench/guest $(BUILD)/contigbench-agent
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/contigbench/allocators/linux allocators/linux/*.h
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/contigbench/allocators/linux/module $(MODULE)

clean: ## remove everything made
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

.PHONY: all check soak scenario conformance conformance-refresh fidelity perf regress regress-accept profile paper format man completion \
	install install-headers clean help
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
