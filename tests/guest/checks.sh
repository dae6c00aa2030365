#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash source=tests/guest/look.sh
# checks.sh NODES - the wall clock on true nodes: threads, memory and refusals, by the kernel's own numbers.
. /guest/look.sh

nodes=$1
group=/sys/fs/cgroup/checks
nr=0
failed=0

# One line, and what it printed if it failed; so does this
check() { # NAME COMMAND...
	local name=$1
	shift
	nr=$((nr + 1))
	if "$@" >/tmp/why 2>&1; then
		echo "ok      $name"
	else
		failed=$((failed + 1))
		echo "FAILED  $name"
		sed 's/^/        /' /tmp/why
		false
	fi
}

# Zones differ in size, so that no two nodes can be taken for each other.
# shellcheck disable=SC2034 # wall() picks one
zones_2='--zone 0+16384@0 --zone 16384+24576@1'
# shellcheck disable=SC2034 # more than node 0 of two has
zones_2big='--zone 0+196608@0 --zone 196608+24576@1'
# shellcheck disable=SC2034
zones_4='--zone 0+8192@0 --zone 8192+16384@1 --zone 24576+24576@2 --zone 49152+32768@3'

# The commands below end the shell that calls them, so that its process is the one to look at.
wall() { # NODES-OF-THE-TRACE OPTION...
	eval "zones=\$zones_$1"
	trace=/tmp/${1%big}.ctr
	shift
	rm -rf /tmp/results
	# shellcheck disable=SC2086,SC2154 # words
	exec contigbench run "$trace" --clock wall -b linux-6.1 --seeds 1 --sizes 1b $zones -o /tmp/results "$@"
}

# Once, in trace time, with real memory
replay() { # NODES-OF-THE-TRACE OPTION...
	wall "$@" --backing memory --pace trace --benchmark_repetitions=1
}

# In a cgroup of its own
inside() { # CPUS NODES COMMAND...
	mkdir -p "$group"
	echo "$1" >"$group/cpuset.cpus"
	echo "$2" >"$group/cpuset.mems"
	echo 0 >"$group/cgroup.procs"
	shift 2
	"$@"
}

on_cpus() { # LIST COMMAND...
	taskset -p -c "$1" "$(exec sh -c 'echo $PPID')" >/dev/null
	shift
	"$@"
}

# ---- what a check is made of ----

answers() { # STATUS WORDS COMMAND...
	local status=$1 words=$2
	shift 2
	("$@") >/tmp/out 2>&1
	answered $? "$status" "$words"
}

# What COMMAND does while it replays. THREADS and PAGES are words, a number for each node.
placed() { # NAME THREADS PAGES COMMAND...
	local name=$1 on=$2 pages=$3
	shift 3
	check "$name: it runs" catch "$@" || return
	# shellcheck disable=SC2086 # words
	{
		check "$name: threads are on the cpus of their nodes" threads_are $on
		check "$name: pages are on their nodes (numa_maps)" pages_are $pages
		check "$name: the nodes gave that memory (zoneinfo)" nodes_gave $pages
	}
	# shellcheck disable=SC2086
	check "$name: it ends well" finish && check "$name: it says the same" says_so $pages
}

echo +cpuset >/sys/fs/cgroup/cgroup.subtree_control
make_traces
check "the kernel has $nodes nodes" test "$(find "$sys/node/" -name 'node[0-9]*' | wc -l)" -eq "$nodes"
for program in test_placement test_backing; do
	check "$program" timeout 60 "$program"
done
# shellcheck source=tests/guest/nodes-2.sh
. "/guest/nodes-$nodes.sh"
echo "[==========] $nr checks run."
echo "guest end $failed"
