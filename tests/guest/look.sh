#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# look.sh - a process while it replays, as the kernel sees it: its threads, its pages, what each node has left.

sys=/sys/devices/system
threads=4      # that the programs looked at replay with
look=/tmp/look # what was seen last: threads, numa_maps, free pages of each node before and meanwhile

node_of() { # CPU
	basename "$(ls -d "$sys/cpu/cpu$1"/node*)" | tr -d node
}

# Free pages of each node, a line each: MemFree, and what lies on lists of cpus, which MemFree leaves out
free_pages() {
	awk '$1 == "Node" { k = $2 + 0 } /^ *(pages free|count:) / { n[k] += $NF } END { for (k = 0; k in n; k++) print n[k] }' \
		/proc/zoneinfo
}

threads_of() { # PID: "CPU NODE" of each thread that may run on one cpu only, the first thread aside
	for task in "/proc/$1/task"/*; do
		cpu=$(sed -n 's/^Cpus_allowed_list:[^0-9]*//p' "$task/status")
		case ${task##*/}:$cpu in
		"$1:"* | *[,-]* | *:) ;;
		*) echo "$cpu $(node_of "$cpu")" ;;
		esac
	done
}

# Stop it if $threads of its threads are pinned. The first look is a quick one, for it does not replay long.
stopped() {
	[ "$(grep -h '^Cpus_allowed_list' "/proc/$pid/task"/*/status 2>/dev/null | grep -vc '[,-]')" -ge "$threads" ] ||
		return
	kill -STOP "$pid"
	threads_of "$pid" >"$look/threads"
	[ "$(wc -l <"$look/threads")" -ge "$threads" ] && return
	kill -CONT "$pid"
	return 1
}

# Begin COMMAND and stop it as soon as its threads are pinned: by then its memory is where it belongs. What it prints goes
# to /tmp/out. A busy machine may be too late to see it: then once more.
catch() { # COMMAND...
	local status=0 tries=0
	while [ "$status" -eq 0 ] && [ "$tries" -lt 4 ]; do
		tries=$((tries + 1))
		rm -rf "$look"
		mkdir "$look"
		free_pages >"$look/free-before"
		"$@" >/tmp/out 2>&1 &
		pid=$!
		while [ -d "/proc/$pid" ]; do
			if stopped; then
				cp "/proc/$pid/numa_maps" "$look/numa_maps"
				free_pages >"$look/free"
				return
			fi
			usleep 20000
		done
		wait "$pid"
		status=$?
	done
	echo "it ended, with status $status, before $threads threads were pinned:"
	cat /tmp/out
	return 1
}

# Let it go on to its end, with this exit status
finish() { # [STATUS [WORDS]]
	kill -CONT "$pid"
	wait "$pid"
	answered $? "${1:-0}" "${2-}"
}

# Was that the exit status, and did it print these words?
answered() { # STATUS WANTED WORDS
	[ "$1" -eq "$2" ] && grep -q -e "$3" /tmp/out && return
	echo "exit status $1, should be $2${3:+ with \"$3\"}:"
	cat /tmp/out
	return 1
}

drop() {
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	true
}

# ---- what was seen, against what must be; each prints what is wrong ----

# Threads on each node
threads_are() { # COUNT...
	seen=$(awk -v nodes=$# '{ n[$2]++ } END { for (i = 0; i < nodes; i++) printf "%d ", n[i] }' "$look/threads")
	[ "$seen" = "$* " ] && return
	echo "threads on each node: $seen, should be $*:"
	cat "$look/threads"
	return 1
}

no_cpu_shared() {
	[ -s "$look/threads" ] && [ -z "$(sort "$look/threads" | uniq -d)" ] && return
	echo 'threads share cpus:'
	cat "$look/threads"
	return 1
}

# Big mappings, and what is bound: pages on each node. Besides there is the program itself.
pages_are() { # COUNT...
	awk -v wanted="$*" -v slack=4096 '
		{ policy = $2; node = -1; if (sub(/^bind[^:]*:/, "", policy)) node = policy }
		{ for (i = 3; i <= NF; i++)
			if (split($i, f, "=") == 2 && f[1] ~ /^N[0-9]+$/) {
				k = substr(f[1], 2) + 0
				pages[k] += f[2]
				if (node != -1 && k != node) { print f[2] " pages on node " k ": " $0; bad = 1 }
			}
		}
		END {
			n = split(wanted, want, " ")
			for (k = 0; k < n; k++)
				if (pages[k] < want[k + 1] || pages[k] > want[k + 1] + slack) {
					print "node " k ": " pages[k] + 0 " pages, should be " want[k + 1] " and a few"
					bad = 1
				}
			exit bad
		}' "$look/numa_maps"
}

# What each node has less of than before, by the node's own count
nodes_gave() { # PAGES...
	paste "$look/free-before" "$look/free" | awk -v wanted="$*" '
		BEGIN { split(wanted, want, " ") }
		{
			gave = $1 - $2
			if (gave < want[NR] - 1024 || gave > want[NR] + 6144) {
				print "node " NR - 1 " gave " gave " pages, should be " want[NR] " and a few"
				bad = 1
			}
		}
		END { exit bad }'
}

# What the program itself has printed: where its threads are, and as many pages as these together, by move_pages
says_so() { # PAGES...
	local sum
	sum=$(echo "$*" | awk '{ for (i = 1; i <= NF; i++) n += $i; print n }')
	sed -n 's/^trace cpu .* on cpu \([0-9]*\) (node \([0-9]*\))$/\1 \2/p' /tmp/out | sort -u >"$look/said"
	sort -u "$look/threads" | cmp -s - "$look/said" &&
		! grep -q '"moved":[1-9]' /tmp/results/wall.jsonl &&
		grep -q '^metadata: *[1-9][0-9]* pages on their node, 0 on another' /tmp/out &&
		grep -q "^backing: *$sum pages on their node, 0 on another, 0 untouched" /tmp/out && return
	cat /tmp/out
	return 1
}

# Control: the check above would say no
says_no() { # CHECK...
	! "$@" >/dev/null
}
