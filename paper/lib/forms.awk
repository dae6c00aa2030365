# SPDX-License-Identifier: MIT
# forms.awk - values.tsv, and the forms in which a value is printed. Expects common.awk; `where` names who asks.
#
#	RUN/OCCUPANCY/SIZE/BACKEND:FORM with a form of the table below, or a column of values.tsv as it is.

BEGIN {
	FS = "\t"
	# form = function, then columns
	# names, which may look like numbers
	split("revision workload kernel kernel_list cost_table reference knobs release", names, " ")
	for (i in names) form[names[i]] = "text " names[i]
	form["success"] = "interval success_percent success_low success_high"
	form["percent"] = "tenths success_percent"
	form["difference"] = "signed_interval difference_points difference_low difference_high"
	form["verdict"] = "verdict difference_points difference_low difference_high"
	form["gain"] = "signed_interval gain_points gain_low gain_high"
	form["gain_verdict"] = "verdict gain_points gain_low gain_high"
	form["cost"] = "signed_interval cost_pages_per_request cost_low cost_high"
	form["migrated"] = "whole migrated_pages_per_success"
	form["p50"] = "ms modelled_p50_ns"
	form["p99"] = "ms modelled_p99_ns"
	form["max"] = "ms modelled_max_ns"
	form["failed_p50"] = "us modelled_failed_p50_ns"
	form["failed_p99"] = "us modelled_failed_p99_ns"
	form["undo"] = "tenths retyped_undo_blocks"
	form["grab"] = "tenths retyped_grab_blocks"
	form["claimed"] = "tenths retyped_fallback_blocks"
	form["merged"] = "tenths retyped_merge_blocks"
	form["mixed"] = "tenths mixed_blocks"
	form["unmovable_blocks"] = "tenths unmovable_blocks"
	form["unusable"] = "thousandths unusable_index"
	form["failed"] = "failed requests successes"
	form["failed_percent"] = "share failed_allocations trace_allocations"
	form["million"] = "million events"
	form["duration"] = "tenths duration_s"
	form["peak"] = "whole peak_mib"
	form["zone"] = "whole zone_mib"
	form["pageblock"] = "bytes pageblock_kib"
	form["max_run"] = "bytes max_run_kib"
	form["reached"] = "tenths reached_percent"
	form["sha"] = "short sha256"
	form["ratio_lowest_3"] = "thousandths ratio_lowest"
	form["ratio_highest_3"] = "thousandths ratio_highest"
	form["worst"] = "thousandths worst_failed_percent"
	form["vain"] = "tenths vain_per_failure"
	form["digest_short"] = "short digest"
}

function load_value() {
	if (NF != 3) die(FILENAME " line " FNR ": three fields are expected")
	values[$1] = from_tsv($2)
	sources[$1] = from_tsv($3)
}

# A value by its whole name. A kind of failure that a row does not have is 0 of them.
function look_up(name,    row) {
	if (name in values) {
		source = sources[name]
		return values[name]
	}
	row = name
	if (sub(/:failures\/.*/, "", row) && (row ":requests") in values) {
		source = "none in failures.csv of " row
		return 0
	}
	die("there is no result " name ", which " where " asks for")
}

# the number that stands for a name in a condition
function number_of(name) { return look_up(name) + 0 }

function minus(text) { return substr(text, 1, 1) == "-" ? "$-$" substr(text, 2) : text }

function fixed(value, digits, sign,    text) {
	text = sprintf("%." digits "f", value)
	if (text + 0 == 0) sub(/^-/, "", text)
	return (sign && text + 0 > 0 ? "$+$" : "") minus(text)
}

# thousands apart
function whole(value,    text, out) {
	text = sprintf("%.0f", value)
	while (length(text) > 3 && text !~ /^-...$/) {
		out = "\\," substr(text, length(text) - 2) out
		text = substr(text, 1, length(text) - 3)
	}
	return minus(text) out
}

function interval(v, sign) { return fixed(v[1], 1, sign) " [" fixed(v[2], 1, 0) ", " fixed(v[3], 1, 0) "]" }

function verdict(v) {
	# numbers, not texts: these are compared
	v[2] += 0
	v[3] += 0
	if (v[2] > 0) return "gains " fixed(v[1], 1, 0) " points [" fixed(v[2], 1, 0) ", " fixed(v[3], 1, 0) "]"
	if (v[3] < 0) return "loses " fixed(-v[1], 1, 0) " points [" fixed(-v[3], 1, 0) ", " fixed(-v[2], 1, 0) "]"
	return "shows no difference (" interval(v, 1) " points)"
}

function bytes_of(kib) {
	kib += 0
	if (kib >= 1048576) return sprintf("%.4g\\,GiB", kib / 1048576)
	return kib >= 1024 ? sprintf("%.4g\\,MiB", kib / 1024) : sprintf("%.4g\\,KiB", kib)
}

function printed_form(asked,    row, name, words, n, i, v, how) {
	row = name = asked
	sub(/:[^:]*$/, "", row)
	sub(/^.*:/, "", name)
	if (!(name in form)) {
		v[1] = look_up(asked)
		if (v[1] ~ /^-?[0-9]+$/) return whole(v[1])
		return v[1] ~ /^-?[0-9]*\.[0-9]+$/ ? fixed(v[1], 1, 0) : tex(v[1])
	}
	n = split(form[name], words, " ")
	for (i = 2; i <= n; i++) v[i - 1] = look_up(row ":" words[i])
	how = words[1]
	if (how == "text") return tex(v[1])
	if (how == "interval") return interval(v, 0)
	if (how == "signed_interval") return interval(v, 1)
	if (how == "verdict") return verdict(v)
	if (how == "tenths") return fixed(v[1], 1, 0)
	if (how == "thousandths") return fixed(v[1], 3, 0)
	if (how == "whole") return whole(v[1])
	if (how == "ms") return fixed(v[1] / 1e6, 2, 0)
	if (how == "us") return fixed(v[1] / 1e3, 1, 0)
	if (how == "failed") return whole(v[1] - v[2])
	if (how == "share") return fixed(100 * v[1] / v[2], 3, 0)
	if (how == "million") return fixed(v[1] / 1e6, 2, 0)
	if (how == "bytes") return bytes_of(v[1])
	if (how == "short") return substr(v[1], 1, 12)
	die("forms.awk: no way to print " how)
}
