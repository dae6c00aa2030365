# series.jq - means over the seeds of the last sample of series.jsonl, as lines of values.tsv.
#
#	jq -n -r --arg run RUN -f series.jq series.jsonl >>values.tsv

def row: "\(.occupancy_percent)/\(.size)" + (if .max_order then "/M\(.max_order)" else "" end) + "/\(.backend)";

reduce (inputs | select(.end)) as $last ({};
	($last | row) as $row | .[$row].seeds += 1 | .[$row].unmovable += $last.blocks.Unmovable) |
to_entries[] |
["\($run)/\(.key):unmovable_blocks", (.value.unmovable / .value.seeds | tostring), "\($run)/series.jsonl, the last samples"] | @tsv
