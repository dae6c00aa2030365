# SPDX-License-Identifier: MIT
# results.awk - macros and the table of paper/alignment.tex from failures.csv and summary.csv of a results folder.
#
#	awk -v sizes="1b 8b" -v digest=DIGEST -v table=FILE -f results.awk failures.csv summary.csv >>numbers.tex
#
# Every \defresult{KEY}{TEXT} becomes what \result{KEY} in the text prints. Of several workloads the first is taken. A
# row that the table needs and summary.csv has not ends with status 2 and its name.

function die(text) { print "paper: " text >"/dev/stderr"; died = 1; exit 2 }

# what LaTeX would read as more than a letter
function tex(text,    i, c, out) {
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "\\") c = "\\textbackslash{}"
		else if (c == "~") c = "\\textasciitilde{}"
		else if (c == "^") c = "\\textasciicircum{}"
		else if (index("{}$&#_%", c)) c = "\\" c
		out = out c
	}
	return out
}

function define(key, text) { printf "\\defresult{%s}{%s}\n", key, text }

# the value behind the first "key": of the parameters, without its quotes
function parameter(key,    at, rest) {
	at = index(parameters, "\"" key "\":")
	if (!at) die(FILENAME ": no parameter " key)
	rest = substr(parameters, at + length(key) + 3)
	if (match(rest, /^"([^"\\]|\\.)*"/)) {
		rest = substr(rest, 2, RLENGTH - 2)
		gsub(/\\"/, "\"", rest)
		gsub(/\\\\/, "\\", rest)
		return rest
	}
	match(rest, /^(\[[^]]*\]|[^],}]*)/)
	return substr(rest, 1, RLENGTH)
}

# a CSV line into field[]; quotes may hold commas, two of them are one
function split_csv(line,    n, rest) {
	n = 0
	do {
		n++
		if (match(line, /^"([^"]|"")*"/)) {
			rest = substr(line, 2, RLENGTH - 2)
			gsub(/""/, "\"", rest)
		} else {
			match(line, /^[^,]*/)
			rest = substr(line, 1, RLENGTH)
		}
		field[n] = rest
		line = substr(line, RLENGTH + 1)
		more = substr(line, 1, 1) == ","
		line = substr(line, 2)
	} while (more)
	return n
}

function get(name) {
	if (!(name in column)) die(FILENAME ": no column " name)
	return field[column[name]]
}

function number(name) { return get(name) + 0 } # what get() returns compares as text

function tenths(value, sign,    text) {
	text = sprintf("%.1f", value)
	if (text == "-0.0") text = "0.0"
	if (substr(text, 1, 1) == "-") return "$-$" substr(text, 2)
	return (sign && text != "0.0" ? "$+$" : "") text
}

function interval(value, low, high, sign) { return tenths(value, sign) " [" tenths(low) ", " tenths(high) "]" }

function bytes(b) {
	if (b >= 1073741824) return sprintf("%.4g\\,GiB", b / 1073741824)
	if (b >= 1048576) return sprintf("%.4g\\,MiB", b / 1048576)
	return sprintf("%.4g\\,KiB", b / 1024)
}

function listed(list, n,    i, out) {
	for (i = 1; i <= n; i++) out = out (i == 1 ? "" : i == n ? " and " : ", ") list[i]
	return out
}

FNR == 1 {
	parameters = substr($0, 3)
	if (parameter("schema") != "contigbench-run/2") die(FILENAME ": schema " parameter("schema") " is not known here")
	if (!workload_known++) workload = parameter("name")
	file++
	next
}
FNR == 2 {
	split("", column)
	n = split_csv($0)
	for (i = 1; i <= n; i++) column[field[i]] = i
	next
}
{
	split_csv($0)
	if (get("workload") != workload) next
	backend = get("backend")
	if (backend ~ /[^A-Za-z0-9._+=-]/) die(FILENAME ": backend " backend " has a character that no backend has")
	key = backend "/" get("size") "/" get("occupancy_percent")
}
file == 1 {
	failures[key, get("phase") "/" get("reason")] = number("failures")
	kinds[get("phase") "/" get("reason")]
	explained[key] += number("failures")
	next
}
{
	if (key in success) die(FILENAME ": row " key " is there twice")
	if (!(backend in backend_seen)) backends[backend_seen[backend] = ++nr_backends] = backend
	if (!(get("size") in size_bytes)) {
		size_bytes[get("size")] = bytes(number("request_bytes"))
		size_names[++nr_sizes] = bytes(number("request_bytes"))
	}
	if (!(get("occupancy_percent") in occupancy_seen)) {
		occupancy_seen[get("occupancy_percent")]
		occupancies[++nr_occupancies] = get("occupancy_percent")
	}
	baseline[backend] = number("baseline")
	mark[key] = number("unequal_work") == 1 ? "$^{\\dagger}$" : ""
	unequal += number("unequal_work") == 1
	rows++

	requests = number("requests")
	if (explained[key] + 0 != requests - number("successes"))
		die("failures.csv explains " explained[key] + 0 " of " requests - number("successes") " failures of " key)
	if (rows == 1 || requests < least) least = requests
	if (rows == 1 || requests > most) most = requests
	if (number("trace_allocations") > 0) {
		share = 100 * number("failed_allocations") / number("trace_allocations")
		if (share > worst_share) worst_share = share
	}
	if (!baseline[backend]) {
		failed += requests - number("successes")
		unmovable += failures[key, "isolate/unmovable"]
	}

	success[key] = get("success_percent") == "" ? "--" : \
		interval(get("success_percent"), get("success_low"), get("success_high"), 0)
	define("success/" key, success[key] mark[key])
	define("requests/" key, requests)
	define("failed/" key, requests - number("successes"))
	for (kind in kinds) define("failures/" key "/" kind, failures[key, kind] + 0)
	if (get("difference_points") != "") {
		low = number("difference_low")
		high = number("difference_high")
		difference[key] = interval(get("difference_points"), low, high, 1)
		define("difference/" key, difference[key])
		define("zero/" key, low <= 0 && high >= 0 ? "holds 0" : "does not hold 0")
	}
	if (get("modelled_p50_ns") != "") {
		define("latency/" key, sprintf("%.2f", number("modelled_p50_ns") / 1e6))
		define("migrated/" key, sprintf("%.0f", number("migrated_pages_per_success")))
	}
	seeds = number("seeds")
}

END {
	if (died) exit 2
	if (file != 2 || !rows) die("summary.csv has no rows")

	define("revision", tex(parameter("revision")))
	define("digest", substr(digest, 1, 16))
	define("workload", tex(workload))
	define("events", sprintf("%.2f million", parameter("events") / 1e6))
	define("duration", sprintf("%.1f", parameter("duration_ns") / 1e9))
	define("peak", bytes(parameter("peak_pages") * 2 ^ parameter("page_shift")))
	split(parameter("kernel"), release, /[.-]/)
	define("tracekernel", tex(release[1] "." release[2]))
	define("pageblock", bytes(2 ^ (parameter("page_shift") + parameter("pageblock_order"))))
	define("maxrun", bytes(2 ^ (parameter("page_shift") + parameter("max_order"))))
	define("age", parameter("age"))
	define("interval", sprintf("%g", parameter("interval_ns") / 1e6))
	define("hold", sprintf("%g", parameter("hold_ns") / 1e6))
	define("resamples", parameter("resamples"))
	define("costtable", tex(parameter("cost_table")))
	define("seeds", seeds)
	define("rows", rows)
	define("cellrequests", least == most ? least : least " to " most)
	define("occupancies", listed(occupancies, nr_occupancies))
	define("sizes", listed(size_names, nr_sizes))
	define("reference", tex(backends[1]))
	define("unequal", unequal + 0)
	define("worstshare", sprintf("%.3f", worst_share))
	define("failedall", failed + 0)
	define("unmovableshare", failed ? sprintf("%.1f", 100 * unmovable / failed) : "--")
	# docs/formats.md, schema contigbench-run/2: success_low and _high are the bounds of this interval
	define("confidence", 95)
	for (size in size_bytes) define("bytes/" size, size_bytes[size])

	# for conformance.awk
	for (i = 1; i <= nr_backends; i++) printf "%% backend %s\n", backends[i]

	# ---- the table
	print "% made by scripts/paper from summary.csv" >table
	printf "\\begin{tabular}{@{}ll" >table
	for (o = 1; o <= nr_occupancies; o++) printf "%sll", o == 1 ? "" : "@{\\hspace{9pt}}" >table
	print "@{}}\n\\toprule" >table
	for (o = 1; o <= nr_occupancies; o++)
		printf " %s \\multicolumn{2}{c}{peak use %s\\,\\%%}", o == 1 ? "& &" : "&", occupancies[o] >table
	print " \\\\" >table
	for (o = 1; o <= nr_occupancies; o++) printf "\\cmidrule(l){%d-%d}", 2 * o + 1, 2 * o + 2 >table
	printf "\nrequest & backend" >table
	for (o = 1; o <= nr_occupancies; o++) printf " & success & difference" >table
	print " \\\\" >table
	nr = split(sizes, wanted, " ")
	for (s = 1; s <= nr; s++) {
		print "\\midrule" >table
		for (b = 1; b <= nr_backends; b++) {
			printf "%s & %s%s", b == 1 ? size_bytes[wanted[s]] : "", tex(backends[b]),
				baseline[backends[b]] ? " (baseline)" : "" >table
			for (o = 1; o <= nr_occupancies; o++) {
				key = backends[b] "/" wanted[s] "/" occupancies[o]
				if (!(key in success)) die("summary.csv has no row of " workload " for " backends[b] \
					", size " wanted[s] ", occupancy " occupancies[o] ", which the table needs")
				printf " & %s%s & %s", success[key], mark[key], \
					key in difference ? difference[key] : "--" >table
			}
			print " \\\\" >table
		}
	}
	print "\\bottomrule\n\\end{tabular}" >table
}
