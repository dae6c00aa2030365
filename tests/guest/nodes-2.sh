#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash source=tests/guest/checks.sh
# nodes-2.sh - cpus 0 and 3 on node 0, 1 and 2 on node 1.

placed 'two nodes' '2 2' '16384 24576' replay 2
check 'two nodes: no two threads on one cpu' no_cpu_shared
placed 'turned round with --map' '2 2' '24576 16384' replay 2 --map 0=1,1=0

check 'taskset to node 1: refused' refused --oversubscribe on_cpus 1,2 wall 2
placed 'taskset to node 1, --oversubscribe' '0 4' '0 40960' on_cpus 1,2 replay 2 --oversubscribe
check 'cgroup of one cpu and node: refused' refused --oversubscribe inside 3 0 wall 2
placed 'cgroup of one cpu and node, --oversubscribe' '4 0' '40960 0' inside 3 0 replay 2 --oversubscribe
check 'four nodes on two: refused' refused --oversubscribe wall 4
