# SPDX-License-Identifier: MIT
# claims.awk - what the text says must hold in the results.
#
#	awk [-v draft=1] -f common.awk -f forms.awk -f claims.awk values.tsv paper/claims FILE.tex... >claims.tex
#
# A line of paper/claims is a claim's name and the conditions under which \claim{NAME}{sentence} may stand in the text:
# TERM OP TERM, joined by `and`; a term is names of values.tsv and numbers with + and - between them, each with NUMBER *
# in front if need be; a line that begins with a blank goes on. A claim that does not hold, that the text makes and paper/claims does not have, or the
# other way round: status 2, and it is named. In a draft, claims that do not hold are marked in the text instead.

function term_value(list, from, to,    i, sum, sign) {
	sign = 1
	for (i = from; i <= to; i++) {
		if (list[i] == "+" || list[i] == "-") sign = list[i] == "+" ? 1 : -1
		else if (list[i + 1] == "*" && i < to) sign *= list[i++]
		else {
			sum += sign * (list[i] ~ /^-?[0-9]+(\.[0-9]+)?$/ ? list[i] : number_of(list[i]))
			sign = 1
		}
	}
	return sum
}

# "" if it holds, else what is so instead
function checked(condition,    list, n, i, a, b, ok) {
	gsub(/  +/, " ", condition)
	gsub(/^ | $/, "", condition)
	n = split(condition, list, " ")
	for (i = 1; i <= n && list[i] !~ /^(<|>|<=|>=|=)$/; i++);
	if (i == 1 || i >= n) die("paper/claims: claim " name ": no condition: " condition)
	a = term_value(list, 1, i - 1)
	b = term_value(list, i + 1, n)
	ok = list[i] == "<" ? a < b : list[i] == ">" ? a > b : list[i] == "<=" ? a <= b : list[i] == ">=" ? a >= b : a == b
	return ok ? "" : condition ", and it is " a (n - i > 1 || list[n] !~ /^[-0-9.]+$/ ? " against " b : "")
}

function check(    list, n, i, wrong, says) {
	if (name == "") return
	n = split(conditions, list, / and /)
	for (i = 1; i <= n; i++) if ((says = checked(list[i])) != "") wrong = wrong (wrong ? "; " : "") says
	holds[name] = wrong == ""
	made_in[name] = where
	if (wrong != "") {
		print "paper: the claim " name " does not hold: " wrong >"/dev/stderr"
		false_claims++
	}
}

FILENAME == ARGV[1] { load_value(); next }
FILENAME == ARGV[2] {
	if (/^#/ || !NF) next
	if (/^[ \t]/) {
		gsub(/\t/, " ")
		conditions = conditions " " $0
		next
	}
	check()
	match($0, /^[^ \t]+/)
	name = substr($0, 1, RLENGTH)
	conditions = substr($0, RLENGTH + 1)
	gsub(/\t/, " ", conditions)
	if (name in made_in) die("paper/claims line " FNR ": the claim " name " is there twice")
	where = "paper/claims line " FNR
	next
}
FNR == 1 {
	check()
	name = ""
}
/^[ \t]*%/ { next }
{
	line = $0
	while (match(line, /\\claim{[^{}]*}/)) {
		one = substr(line, RSTART + 7, RLENGTH - 8)
		line = substr(line, RSTART + RLENGTH)
		if (!(one in holds)) die("there is no claim " one " in paper/claims, which " FILENAME " line " FNR " makes")
		made[one]
	}
}

END {
	if (died) exit 2
	check()
	for (one in holds) if (!(one in made)) die("the text does not make the claim " one " of " made_in[one])
	if (false_claims && !draft) exit 2
	if (draft) print "\\drafttrue"
	for (one in holds) printf "\\defclaim{%s}{%s}\n", one, holds[one] ? "holds" : "fails"
}
