# scenarios.jq - `contigbench scenario --json` as lines of values.tsv.

def line(name; value): ["scenarios\(name)", (value | tostring), "contigbench scenario"] | @tsv;
def verdicts: .scenarios[].results[].verdict;

line(":count"; .scenarios | length), line(":differ"; .differ),
line(":answers"; [verdicts | select(. != "none")] | length), line(":unsure"; [verdicts | select(. == "ok?")] | length)
