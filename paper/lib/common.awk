# SPDX-License-Identifier: MIT
# common.awk - what the paper's awk programs share: giving up, CSV, and text that LaTeX prints as it is.

function die(text) { print "paper: " text >"/dev/stderr"; died = 1; exit 2 }

# a CSV line into field[]; quotes may hold commas, two of them are one
function split_csv(line,    n, rest, more) {
	n = 0
	do {
		n++
		if (match(line, /^"([^"]|"")*"/)) {
			rest = substr(line, 2, RLENGTH - 2)
			gsub(/""/, "\"", rest)
		} else {
			match(line, /^[^,]*/)
			rest = substr(line, 1, RLENGTH)
		}
		field[n] = rest
		line = substr(line, RLENGTH + 1)
		more = substr(line, 1, 1) == ","
		line = substr(line, 2)
	} while (more)
	return n
}

# What LaTeX would read as more than a letter. Bytes, not characters: of UTF-8, Latin-1's letters are kept, as the
# fonts have them; each other character becomes a question mark.
function tex(text,    i, c, out) {
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "\\") c = "\\textbackslash{}"
		else if (c == "~") c = "\\textasciitilde{}"
		else if (c == "^") c = "\\textasciicircum{}"
		else if (c == "\"") c = "\\textquotedbl{}"
		else if (c == "<") c = "\\textless{}"
		else if (c == ">") c = "\\textgreater{}"
		else if (c == "|") c = "\\textbar{}"
		else if (index("{}$&#_%", c)) c = "\\" c
		else if (c == "\303" && substr(text, i + 1, 1) ~ /[\200-\277]/) c = c substr(text, ++i, 1)
		else if (c >= "\200" && c <= "\277") c = ""
		else if (c >= "\300") c = "?"
		else if (c < " " || c == "\177") c = " "
		out = out c
	}
	return out
}

# what jq's @tsv wrote, as it was; a line's end in it is a blank
function from_tsv(text,    i, c, out) {
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "\\") {
			c = substr(text, ++i, 1)
			if (c != "\\") c = " "
		}
		out = out c
	}
	return out
}

function listed(list, n,    i, out) {
	for (i = 1; i <= n; i++) out = out (i == 1 ? "" : i == n ? " and " : ", ") list[i]
	return out
}
