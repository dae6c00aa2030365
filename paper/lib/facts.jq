# facts.jq - the parameters of a run (the first line of summary.csv) and of its zones, as lines of values.tsv.
#
#	head -n 1 summary.csv | cut -c 3- | jq -r --arg run RUN -f facts.jq >>values.tsv

def mib: . / 1048576;
def line(name; value): ["\($run)\(name)", (value | tostring), "\($run)/summary.csv, parameters"] | @tsv;

.workloads[0] as $w |
line(":revision"; .revision), line(":cost_table"; .cost_table), line(":age"; .age), line(":passes"; .passes // 1),
line(":interval_ms"; .interval_ns / 1e6), line(":hold_ms"; .hold_ns / 1e6), line(":seeds"; .seeds | length),
line(":resamples"; .bootstrap.resamples), line(":reference"; .backends[0]), line(":backends"; .backends | length),
line(":workload"; $w.name), line(":sha256"; $w.sha256), line(":events"; $w.events),
line(":duration_s"; $w.duration_ns / 1e9), line(":peak_mib"; $w.peak_pages * 4096 | mib),
line(":kernel"; $w.kernel | split("-")[0]),
($w.geometries | unique_by(.occupancy_percent)[] | ([.zones[] | capture("[0-9]+\\+(?<pages>[0-9]+)").pages | tonumber] | add) as $pages |
	line("/\(.occupancy_percent):occupancy"; .occupancy_percent),
	line("/\(.occupancy_percent):zone_mib"; $pages * pow(2; .page_shift) | mib),
	line("/\(.occupancy_percent):zone_blocks"; $pages / pow(2; .pageblock_order)),
	line("/\(.occupancy_percent):reached_percent"; .occupancy_reached_percent // .occupancy_percent)),
($w.geometries | map(.occupancy_percent) | unique | select(length == 1) | line(":occupancy"; .[0])),
($w.geometries[0] | line(":pageblock_kib"; pow(2; .page_shift + .pageblock_order) / 1024),
	line(":max_order"; .max_order), line(":max_run_kib"; pow(2; .page_shift + .max_order) / 1024))
