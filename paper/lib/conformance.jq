# conformance.jq - `contigbench conformance DIR --json` as lines of values.tsv.

def line(name; value): ["conformance\(name)", (value | tostring), "contigbench conformance tests/conformance"] | @tsv;
def ratio: .random_pages_migrated_model / .random_pages_migrated_kernel;

if .schema != 1 then error("conformance --json: schema \(.schema) is not known here") else . end |
line(":disagreements"; .disagreements), line(":kernels"; .kernels | length),
line(":cases"; [.kernels[].cases] | max), line(":not_modelled"; [.kernels[].not_modelled] | add),
line(":random_requests"; [.kernels[].random_requests] | max),
(("rc", "stage", "types", "map", "migrated", "random_rc", "random_stage", "random_types", "random_map") as $part |
	line(":\($part)_agree"; [.kernels[][$part].agree] | add), line(":\($part)_of"; [.kernels[][$part].of] | add)),
line(":ratio_lowest"; [.kernels[] | ratio] | min), line(":ratio_highest"; [.kernels[] | ratio] | max),
line(":kernel_list"; [.kernels[].kernel] | (.[:-1] | join(", ")) + " and " + .[-1])
