#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash disable=SC2034,SC2154 # part of checks.sh
# nodes-2.sh - cpus 0 and 3 on node 0, 1 and 2 on node 1.

placed 'two nodes' '2 2' '16384 24576' replay 2
check 'two nodes: no two threads on one cpu' no_cpu_shared
placed 'turned round with --map' '2 2' '24576 16384' replay 2 --map 0=1,1=0

# what taskset and cgroups leave
check 'taskset to node 1: refused' answers 2 --oversubscribe on_cpus 1,2 wall 2
placed 'taskset to node 1, --oversubscribe' '0 4' '0 40960' on_cpus 1,2 replay 2 --oversubscribe
check 'taskset to node 1, --oversubscribe: every result says so' grep -q 'OVERSUBSCRIBED: 2 trace nodes on 1 node, 4 threads on 2 cpus' /tmp/results/table.txt
check 'taskset to node 1: node 0 has no cpu for --map' answers 2 'taskset' on_cpus 1,2 wall 2 --map 0=0,1=1
check 'a cgroup of one cpu and node: refused' answers 2 --oversubscribe inside 3 0 wall 2
placed 'a cgroup of one cpu and node, --oversubscribe' '4 0' '40960 0' inside 3 0 replay 2 --oversubscribe
check 'four nodes on two: refused' answers 2 --oversubscribe wall 4
placed 'four nodes on two, --oversubscribe' '2 2' '32768 49152' replay 4 --oversubscribe
check 'more memory than node 0 has: refused' answers 3 'node 0' replay 2big

# what the program verifies can be wrong: another moves its memory and a thread while it replays
disturb() {
	echo 1 >"$group/cpuset.mems"
	while grep -q 'N0=[0-9]\{4\}' "/proc/$pid/numa_maps"; do
		usleep 50000
	done
	task=$(dirname "$(grep -l '^Cpus_allowed_list:[^0-9]*2$' "/proc/$pid/task"/*/status)")
	taskset -p -c 3 "${task##*/}" >/dev/null
}
check 'moved away meanwhile: it runs' catch inside 0-3 0-1 replay 2 &&
	check 'moved away meanwhile: memory and a thread' disturb &&
	check 'moved away meanwhile: it has seen the memory' finish 3 '^backing: .* 16384 on another' &&
	check 'moved away meanwhile: it has seen the thread' grep -q '"cpu":2,"moved":[1-9]' /tmp/results/wall.jsonl

# these checks can say no: not bound, with the memory of node 1 alone
if check 'control: it runs' catch inside 0-3 1 replay 2 --oversubscribe --bind no; then
	check 'control: threads are not where they are not' says_no threads_are 2 2
	check 'control: pages are not' says_no pages_are 16384 24576
	check 'control: nodes did not give what they did not' says_no nodes_gave 16384 24576
	check 'control: two threads on one cpu' says_no no_cpu_shared
	drop
fi
