# SPDX-License-Identifier: MIT
# numbers.awk - what \result{NAME:FORM} in the text prints.
#
#	awk -f common.awk -f forms.awk -f numbers.awk values.tsv FILE.tex... >numbers.tex
#
# A name of values.tsv that the text asks for and that is not there ends with status 2, and is named with its line.

{ sub(/\r$/, "") }
FILENAME == ARGV[1] { load_value(); next }
/^[ \t]*%/ { next }
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
