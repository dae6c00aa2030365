# SPDX-License-Identifier: MIT
# values.awk - every number of a results folder under one name: lines of NAME, VALUE and where it stands.
#
#	awk -v run=RUN -f common.awk -f values.awk summary.csv failures.csv [ablation.csv] >>values.tsv
#
#	RUN/OCCUPANCY/SIZE/BACKEND:COLUMN			summary.csv; in a sweep over orders, RUN/OCCUPANCY/SIZE/M13/BACKEND
#	RUN/OCCUPANCY/SIZE/BACKEND:failures/PHASE/REASON	failures.csv; migrated_before/... the pages migrated till then
#	RUN/OCCUPANCY/SIZE/WAY/RELEASE/KNOBS:COLUMN		ablation.csv; WAY is total, walk, forward or backward
#
# Of several workloads the first is taken. A row that is there twice, another schema, failures.csv that does not explain
# what summary.csv says: status 2.

function value(name, column_name, text) {
	if (text == "") return
	if ((name, column_name) in seen) die(FILENAME ": the row " name " is there twice")
	seen[name, column_name]
	printf "%s:%s\t%s\t%s line %d, column %s\n", name, column_name, text, FILENAME, FNR, column_name
}

function get(name) {
	if (!(name in column)) die(FILENAME ": no column " name)
	return field[column[name]]
}

function row_name(    swept) {
	swept = "max_order" in column && field[column["max_order"]] != "" ? "/M" field[column["max_order"]] : ""
	return run "/" get("occupancy_percent") "/" get("size") swept "/" get("backend")
}

FNR == 1 {
	if (!/^# {"schema":"contigbench-run\/2"/) die(FILENAME ": not a table of contigbench-run/2")
	kind = FILENAME
	sub(/.*\//, "", kind)
	next
}
FNR == 2 {
	split("", column)
	columns = split_csv($0)
	for (i = 1; i <= columns; i++) column[name_of[i] = field[i]] = i
	next
}
{
	if (split_csv($0) != columns) die(FILENAME " line " FNR ": " columns " columns are expected")
	if (workload == "") workload = get("workload")
	if (get("workload") != workload) next
}
kind == "summary.csv" {
	row = row_name()
	for (i = 1; i <= columns; i++) value(row, name_of[i], field[i])
	failed[row] = get("requests") - get("successes")
	if (get("baseline") == 0 && !(get("backend") in kernels)) {
		kernels[get("backend")]
		nr_kernels++
	}
}
kind == "failures.csv" {
	row = row_name()
	if (!(row in failed)) die(FILENAME " line " FNR ": summary.csv has no row " row)
	value(row, "failures/" get("phase") "/" get("reason"), get("failures"))
	value(row, "migrated_before/" get("phase") "/" get("reason"), get("migrated_pages_before_failure"))
	explained[row] += get("failures")
}
kind == "ablation.csv" {
	row = run "/" get("occupancy_percent") "/" get("size") "/" get("way")
	if (get("way") != "total") row = row "/" get("release") "/" get("knobs")
	for (i = 1; i <= columns; i++) value(row, name_of[i], field[i])
}

END {
	if (died) exit 2
	if (workload == "") die("no rows of the run " run)
	print run ":kernel_backends\t" nr_kernels + 0 "\t" run "/summary.csv, backends that are no baseline"
	for (row in failed) if (explained[row] + 0 != failed[row])
		die("failures.csv explains " explained[row] + 0 " of " failed[row] " failures of " row)
}
