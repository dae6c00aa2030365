#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash disable=SC2154 # part of checks.sh
# nodes-4.sh - cpus 0 and 1 on node 0, then one on each: cpu 2 on node 1, 3 on node 2, 4 on node 3.

placed 'four nodes' '1 1 1 1' '8192 16384 24576 32768' replay 4
check 'four nodes: no two threads on one cpu' no_cpu_shared
placed 'turned round with --map' '1 1 1 1' '32768 8192 16384 24576' replay 4 --map 0=1,1=2,2=3,3=0
