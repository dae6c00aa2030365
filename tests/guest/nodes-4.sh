#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash disable=SC2034,SC2154 # part of checks.sh
# nodes-4.sh - cpus 0 and 1 on node 0, then one on each: cpu 2 on node 1, 3 on node 2, 4 on node 3.

placed 'four nodes' '1 1 1 1' '8192 16384 24576 32768' replay 4
check 'four nodes: no two threads on one cpu' no_cpu_shared
placed 'turned round with --map' '1 1 1 1' '32768 8192 16384 24576' replay 4 --map 0=1,1=2,2=3,3=0
check 'two trace nodes on one with --map: refused' answers 2 --oversubscribe wall 4 --map 0=1,1=2,2=3,3=1
check 'two trace nodes, four threads on two cpus: refused' answers 2 --threads wall 2 --map 0=3,1=2

threads=2
placed 'two trace nodes, --map and --threads 2' '0 0 1 1' '0 0 24576 16384' replay 2 --map 0=3,1=2 --threads 2
placed 'taskset leaves nodes 1 and 3' '0 1 0 1' '0 16384 0 24576' on_cpus 2,4 replay 2 --threads 2
threads=4
check 'four nodes, a cgroup with three: refused' answers 2 --oversubscribe inside 0-4 0,2-3 wall 4
check 'cpus of one node, memory of another: refused' answers 3 'both memory and a cpu' inside 3 1 wall 2
