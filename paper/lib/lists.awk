# SPDX-License-Identifier: MIT
# lists.awk - tables about the paper itself: its runs, where its figures and tables come from, and the knobs.
#
#	awk -v list=runs -f common.awk -f lists.awk paper/runs
#	awk -v list=artefacts -f common.awk -f lists.awk paper/figures paper/tables
#	awk -v list=knobs -f common.awk -f lists.awk		lines of KNOB, MEANING, VALUE, WHERE, as jq's @tsv writes them

# typewriter that may be broken behind these
function code(text) {
	text = tex(text)
	gsub(/[,=+.\/-]/, "&\\allowbreak{}", text)
	gsub(/\\_/, "\\_\\allowbreak{}", text)
	gsub(/-\\allowbreak{}-\\allowbreak{}/, "-{}-", text)
	gsub(/ -\\allowbreak{}/, " -", text)
	sub(/^-\\allowbreak{}/, "-", text)
	return "\\texttt{" text "}"
}

function row(a, b, c) { print a " & " b (c != "" ? " & " c : "") " \\\\" }

BEGIN {
	if (list == "knobs") FS = "\t"
	printf "\\deftable{%s}{", list
	if (list == "runs") print "\\begin{tabular}{@{}lp{150mm}@{}}\n\\toprule\nrun & options \\\\\n\\midrule"
	if (list == "artefacts")
		print "\\begin{tabular}{@{}llp{118mm}@{}}\n\\toprule\n& from run & by \\\\\n\\midrule"
}
/^#/ || /^[ \t]*$/ { next }

list == "runs" {
	if (!/^[ \t]/) {
		if (name != "") row("\\texttt{" tex(name) "}", code(options))
		name = $1
		$1 = options = ""
	}
	sub(/^[ \t]+/, "")
	options = options (options == "" ? "" : " ") $0
}
list == "artefacts" && FILENAME == ARGV[1] {
	name = $1
	run = $2
	$1 = $2 = ""
	sub(/^ +/, "")
	row("Figure~\\ref{fig:" name "}", "\\texttt{" tex(run) "}", \
		code("contigbench plot " $0 " --from RUN --format tex"))
}
list == "artefacts" && FILENAME == ARGV[2] && $1 == "table" { name = $2; split("", told) }
list == "artefacts" && FILENAME == ARGV[2] && ($1 == "cell" || $1 == "row" || $1 == "ablation") {
	run = $1 == "ablation" ? $3 : $2
	if ($1 == "ablation") name = $2
	if (run !~ /^[a-z]+\//) next
	sub(/\/.*/, "", run)
	if ((name, run) in told) next
	told[name, run]
	row("Table~\\ref{tab:" name "}", "\\texttt{" tex(run) "}", $1 == "ablation" ? "\\texttt{ablation.csv}" : "\\texttt{summary.csv}")
}
list == "knobs" {
	if ($1 != knob) {
		if (knob != "") print "\\par\\smallskip"
		printf "\\textbf{%s}: %s\\par\n", code($1), tex(from_tsv($2))
		knob = $1
	}
	printf "\\hangindent=2em\\hspace*{1em}%s\\quad %s\\par\n", code($3), tex(from_tsv($4))
}

END {
	if (list == "runs" && name != "") row("\\texttt{" tex(name) "}", code(options))
	print list == "knobs" ? "}" : "\\bottomrule\n\\end{tabular}}"
}
