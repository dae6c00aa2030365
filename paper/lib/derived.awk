# SPDX-License-Identifier: MIT
# derived.awk - values over all runs, from values.tsv, as further lines of it.
#
#	all:worst_failed_percent		the largest share of the trace's allocations that failed in a row
#	all:unequal_rows			rows in which more than one in a thousand failed; RUN/.../BACKEND:unequal is 1 there
#	all/BACKEND:straddles			requests of BACKEND, in all rows, that failed because a free run straddled
#	RUN/.../BACKEND:vain_per_failure	pages migrated in vain for each failed request
#	RUN/OCCUPANCY/SIZE/walk:steps		steps of a walk; of these steps_shown, whose interval of gain or cost does not
#						hold 0, steps_unsure and steps_still, without any effect in any seed

function rest_of(name, column) { return substr(name, 1, length(name) - length(column) - 1) }

function zero(step, bound) { return value[step ":gain_" bound] == 0 && value[step ":cost_" bound] == 0 }

function count_steps(    i, walk, step) {
	for (i = 1; i <= nr_steps; i++) {
		step = walk = steps[i]
		sub(/\/walk\/.*/, "/walk", walk)
		if (!(walk in all_steps)) walks[++nr_walks] = walk
		all_steps[walk]++
		if (value[step ":gain_low"] > 0 || value[step ":gain_high"] < 0 || \
		    value[step ":cost_low"] > 0 || value[step ":cost_high"] < 0) shown[walk]++
		else if (zero(step, "low") && zero(step, "high")) still[walk]++
	}
	for (i = 1; i <= nr_walks; i++) {
		walk = walks[i]
		count(walk ":steps", all_steps[walk])
		count(walk ":steps_shown", shown[walk])
		count(walk ":steps_still", still[walk])
		count(walk ":steps_unsure", all_steps[walk] - shown[walk] - still[walk])
	}
}

function count(name, n) { printf "%s\t%d\tablation.csv of that run\n", name, n }

BEGIN { FS = "\t" }
{ value[$1] = $2 }
$1 ~ /\/walk\/[^\/]+\/[^\/]+:gain_points$/ { steps[++nr_steps] = rest_of($1, "gain_points") }
$1 ~ /:requests$/ { rows[++nr_rows] = rest_of($1, "requests") }

END {
	count_steps()
	for (i = 1; i <= nr_rows; i++) {
		row = rows[i]
		backend = row
		sub(/.*\//, "", backend)
		if (!(backend in straddles)) names[++nr_names] = backend
		straddles[backend] += value[row ":failures/test/straddles"]
		if (value[row ":trace_allocations"] > 0)
			share = 100 * value[row ":failed_allocations"] / value[row ":trace_allocations"]
		if (share > worst) worst = share
		if (share > 0.1) {
			printf "%s:unequal\t1\tfailed_allocations by trace_allocations of that row\n", row
			unequal++
		}
		failed = value[row ":requests"] - value[row ":successes"]
		if (failed > 0)
			printf "%s:vain_per_failure\t%.3f\tmigrated_pages_in_vain by failures of that row\n", \
				row, value[row ":migrated_pages_in_vain"] / failed
	}
	printf "all:worst_failed_percent\t%.4f\tsummary.csv of all runs, failed_allocations by trace_allocations\n", worst
	printf "all:unequal_rows\t%d\tsummary.csv of all runs, failed_allocations by trace_allocations\n", unequal
	for (i = 1; i <= nr_names; i++)
		printf "all/%s:straddles\t%d\tfailures.csv of all runs\n", names[i], straddles[names[i]]
}
