# SPDX-License-Identifier: MIT
# numbers.awk - what \result{NAME:FORM} in the text prints.
#
#	awk -f common.awk -f forms.awk -f numbers.awk values.tsv FILE.tex... >numbers.tex
#
# A name of values.tsv that the text asks for and that is not there ends with status 2, and is named with its line. So
# does a number in the text with a decimal point or a percent sign: it looks measured, and no result stands behind it.

# what may hold such numbers: names, releases, the level of all intervals
function lint(line) {
	gsub(/\\(result|code|cite|commit|claim|ref|label|url|begin){[^{}]*}/, "", line)
	gsub(/v[0-9]+\.[0-9]+|[0-9]+\.[0-9]+\.y|p{[0-9]+mm}/, "", line)
	gsub(/95\\pc|{[0-9.]+(pt|mm|em)}/, "", line)
	if (match(line, /[0-9]+\.[0-9]+|[0-9]+(\\,)?\\(pc|%)/))
		die(FILENAME " line " FNR ": no result stands behind the number " substr(line, RSTART, RLENGTH))
}

{ sub(/\r$/, "") }
FILENAME == ARGV[1] { load_value(); next }
/^[ \t]*%/ { next }
FILENAME !~ /macros\.tex$/ { lint($0) }
{
	line = $0
	while (match(line, /\\result{[^{}]*}/)) {
		asked = substr(line, RSTART + 8, RLENGTH - 9)
		line = substr(line, RSTART + RLENGTH)
		if (asked in printed) continue
		printed[asked] = 1
		where = FILENAME " line " FNR
		printf "\\defresult{%s}{%s}%% %s\n", asked, printed_form(asked), source
	}
}

END { if (died) exit 2 }
