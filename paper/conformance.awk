# SPDX-License-Identifier: MIT
# conformance.awk - macros of paper/alignment.tex from `contigbench conformance DIR --json`.
#
#	awk -v build=REVISION -f conformance.awk numbers.tex conformance.json >>...
#
# The first file is what results.awk has written: its "% backend" lines tell which backends the paper shows.

function define(key, text) { printf "\\defresult{%s}{%s}\n", key, text }
function die(text) { print "paper: " text >"/dev/stderr"; died = 1; exit 2 }

function listed(list, n,    i, out) {
	for (i = 1; i <= n; i++) out = out (i == 1 ? "" : i == n ? " and " : ", ") list[i]
	return out
}

FNR == 1 { file++ }
file == 1 {
	if ($1 == "%" && $2 == "backend") shown[++nr_shown] = $3
	next
}
{
	key = $1
	value = $2
	gsub(/[":]/, "", key)
	gsub(/[",]/, "", value)
}
key == "schema" && value != 1 { die("conformance --json: schema " value " is not known here") }
key == "disagreements" { disagreements = value }
key == "kernel" { kernels[++nr_kernels] = value }
key == "backend" { recorded[value] }
value == "{" { part = key }
key == "agree" { agree[part] += value }
key == "of" { of[part] += value }
key == "cases" && value + 0 > cases { cases = value + 0 }
key == "not_modelled" && value + 0 > not_modelled { not_modelled = value + 0 }
key == "random_requests" && value + 0 > random_requests { random_requests = value + 0 }
key == "random_pages_migrated_model" { model = value }
key == "random_pages_migrated_kernel" && value + 0 > 0 {
	ratio = model / value
	if (!nr_ratios || ratio < lowest) lowest = ratio
	if (!nr_ratios++ || ratio > highest) highest = ratio
}

END {
	if (died) exit 2
	if (disagreements == "" || !nr_kernels) die("conformance --json names no kernels")
	define("conformrevision", build)
	define("kernels", listed(kernels, nr_kernels))
	define("disagreements", disagreements)
	define("cases", cases)
	define("notmodelled", not_modelled + 0)
	define("randomrequests", random_requests + 0)
	for (part in of) define("agree/" part, agree[part] " of " of[part])
	define("ratios", nr_ratios ? sprintf("%.3f to %.3f", lowest, highest) : "--")
	for (i = 1; i <= nr_shown; i++) if (!(shown[i] in recorded)) {
		name = shown[i]
		gsub(/_/, "\\_", name)
		without[++nr_without] = name
	}
	define("unrecorded", nr_without ? listed(without, nr_without) : "none")
}
