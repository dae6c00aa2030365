# SPDX-License-Identifier: MIT
# tables.awk - paper/tables as LaTeX: one \deftable{NAME}{...} each.
#
#	awk -f common.awk -f forms.awk -f tables.awk values.tsv paper/tables >tables.tex
#
#	table NAME COLUMNS	begins one; COLUMNS as \begin{tabular} takes them
#	head TEXT		a line of it, as it is
#	cell NAME		a column of each row: a name of values.tsv with a form; @ stands for the row
#	row @ [TEXT]		a row: what @ is, and TEXT before the cells
#	rule			a line between rows
#
#	ablation NAME GROUP	a table of its own: the walk of RUN/OCCUPANCY/SIZE, those steps whose interval of gain or
#				cost does not hold 0
#
# A cell whose row has no such value (a latency where nothing succeeded, the reference's difference to itself) is a
# dash, if the name less the form is there; if it is not, that ends with status 2 and is named.

function end_table() {
	if (table != "") print "\\bottomrule\n\\end{tabular}}"
	table = ""
	cells = 0
}

function cell_of(name,    row, f, columns) {
	row = f = name
	sub(/:[^:]*$/, "", row)
	sub(/^.*:/, "", f)
	split(form[f], columns, " ")
	if (f in form && !((row ":" columns[2]) in values) && (row ":requests") in values) return "--"
	return printed_form(name)
}

# steps of a walk come in the order of ablation.csv
function ablation_table(name, group,    i, knobs, release) {
	printf "\\deftable{%s}{\\begin{tabular}{@{}l>{\\raggedright\\arraybackslash}p{31mm}ll@{}}\n\\toprule\n", name
	print "release & rule & gain, points & cost, pages \\\\\n\\midrule"
	for (i = 1; i <= nr_steps; i++) {
		if (index(steps[i], group "/walk/") != 1 || !differs(steps[i], "gain") && !differs(steps[i], "cost")) continue
		knobs = tex(look_up(steps[i] ":knobs"))
		gsub(/ and /, "} \\code{", knobs)
		gsub(/=/, "=\\allowbreak{}", knobs)
		release = tex(look_up(steps[i] ":release"))
		sub(/^linux-/, "", release)
		printf "%s & \\code{%s} & %s & %s \\\\\n", release, knobs, \
			printed_form(steps[i] ":gain"), printed_form(steps[i] ":cost")
	}
	print "\\midrule\ntotal & & " printed_form(group "/total:gain") " & " printed_form(group "/total:cost") \
		" \\\\\n\\bottomrule\n\\end{tabular}}"
}

function differs(step, what) { return values[step ":" what "_low"] + 0 > 0 || values[step ":" what "_high"] + 0 < 0 }

FILENAME == ARGV[1] {
	load_value()
	if ($1 ~ /\/walk\/[^\/]+\/[^\/]+:gain_points$/) { # not what is left over
		steps[++nr_steps] = $1
		sub(/:gain_points$/, "", steps[nr_steps])
	}
	next
}
/^#/ || /^[ \t]*$/ { next }
{
	where = FILENAME " line " FNR
	match($0, /^[a-z]+/)
	word = substr($0, 1, RLENGTH)
	rest = substr($0, RLENGTH + 1)
	sub(/^[ \t]+/, "", rest)
}
word == "table" {
	end_table()
	match(rest, /^[^ \t]+/)
	table = substr(rest, 1, RLENGTH)
	printf "\\deftable{%s}{\\begin{tabular}{%s}\n\\toprule\n", table, substr(rest, RLENGTH + 2)
	next
}
word == "ablation" {
	end_table()
	split(rest, words, /[ \t]+/)
	ablation_table(words[1], words[2])
	next
}
table == "" { die(where ": no table has begun") }
word == "head" { print rest; next }
word == "rule" { print "\\midrule"; next }
word == "cell" { cell[++cells] = rest; next }
word == "row" {
	match(rest, /^[^ \t]+/)
	at = substr(rest, 1, RLENGTH)
	text = substr(rest, RLENGTH + 1)
	sub(/^[ \t]+/, "", text)
	out = text
	for (c = 1; c <= cells; c++) {
		name = cell[c]
		i = index(name, "@")
		if (i) name = substr(name, 1, i - 1) at substr(name, i + 1)
		out = out (out == "" ? "" : " & ") cell_of(name)
	}
	print out " \\\\"
	next
}
{ die(where ": no such word: " word) }

END {
	if (died) exit 2
	end_table()
}
