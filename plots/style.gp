# SPDX-License-Identifier: MIT
# style.gp - the look that all figures share, and what they read their data with. Loaded by each of them:
#
#	gnuplot -d -c plots/FIGURE.gp FORMAT WIDTH
#
# FORMAT is pdf, svg, png or tex (cairolatex); WIDTH is single (85 mm, a column of a paper) or double (176 mm). Reads
# FIGURE.dat and nothing else (docs/figures.md); writes FIGURE.pdf, .svg, .png, or FIGURE-latex.tex and
# FIGURE-latex.pdf, with -double behind FIGURE if it is that wide. `contigbench plot` calls it.
#
# Names of users come from the data alone and are never part of a command. They are shown by `set label` or as titles,
# never by `with labels`, which reads backslashes once more.

format = ARG1
wide = ARG2 eq "double"
figure = ARG3
tex = format eq "tex"
width = wide ? 176.0 : 85.0 # mm, as all measures

set encoding utf8
set datafile separator tab
set datafile commentschars "#"
set datafile missing NaN
table = figure.".dat"

# ---- text: LaTeX wants another percent sign and other names
percent = tex ? "\\,\\%" : " %"
# names of ticks are formats
tick_percent(number) = number.(tex ? "\\,\\%%" : " %%")
text(column) = strcol(tex ? column."_tex" : column)

# ---- the data's parts: panels and lines are numbered from 1 on, and not each need be there
panels = 0; lines = 0; seeds = 0; clock = ""; costs = ""; workload = ""
see(p, l, n, c, t, w, v, s, o) = (costs = t, plain_workload = v, size = s, occupancy = o, panels = (p > panels ? int(p) : panels), lines = (l > lines ? int(l) : lines), seeds = int(n), clock = c, workload = w, 0)
set table $unused
set xrange [-1:1]
set yrange [-1:1]
plot table using (see(column("panel"), column("line"), column("seeds"), strcol("clock"), text("costs"), text("workload"), strcol("workload"), \
	strcol("size"), strcol("occupancy_percent"))):(0) with points
array panel_title[panels]
array backend[lines]
array plain[lines] # as long as it looks, whatever LaTeX makes of it
array baseline[lines]
array present[lines]
note(p, l, t, b, s, base) = (panel_title[p] = t, backend[l] = b, plain[l] = s, baseline[l] = base, present[l] = 1, 0)
plot table using (note(column("panel"), column("line"), text("panel_title"), text("backend"), strcol("backend"), \
	column("baseline"))):(0) with points
unset table
# a backend that has nothing to show has no line, and no name in the data
there(l) = present[l] == 1
name(l) = there(l) ? backend[l].(baseline[l] == 1 ? " (baseline)" : "") : ""
in(p, l) = column("panel") == p && column("line") == l

# ---- looks of lines: Okabe and Ito's colours; marks and dashes tell them apart in grey; the last for a baseline
array colour[12]
colour[1] = "#000000"; colour[2] = "#D55E00"; colour[3] = "#0072B2"; colour[4] = "#009E73"
colour[5] = "#CC79A7"; colour[6] = "#E69F00"; colour[7] = "#56B4E9"; colour[8] = "#7F7F7F"
set style line 1 lc rgb "#000000" lw 1.2 pt 7  ps 0.40 dt solid
set style line 2 lc rgb "#D55E00" lw 1.2 pt 9  ps 0.50 dt (12,4)
set style line 3 lc rgb "#0072B2" lw 1.2 pt 5  ps 0.38 dt (4,3)
set style line 4 lc rgb "#009E73" lw 1.2 pt 13 ps 0.50 dt (12,3,2,3)
set style line 5 lc rgb "#CC79A7" lw 1.2 pt 11 ps 0.50 dt (8,3,2,3,2,3)
set style line 6 lc rgb "#E69F00" lw 1.2 pt 6  ps 0.42 dt (16,6)
set style line 7 lc rgb "#56B4E9" lw 1.2 pt 8  ps 0.50 dt (2,3)
set style line 8 lc rgb "#000000" lw 1.0 pt 4  ps 0.42 dt (6,2,2,2)
set style line 9 lc rgb "#D55E00" lw 1.0 pt 12 ps 0.50 dt (2,2)
set style line 10 lc rgb "#0072B2" lw 1.0 pt 10 ps 0.50 dt (14,3,4,3)
set style line 11 lc rgb "#009E73" lw 1.0 pt 1  ps 0.45 dt (5,5)
set style line 12 lc rgb "#7F7F7F" lw 1.0 pt 2  ps 0.45 dt (2,4)
looks = 11
# the n-th that is no baseline has the n-th look, whatever else is drawn
style_of(l) = baseline[l] == 1 ? 12 : (l - 1) % looks + 1
set style line 20 lt 1 lc rgb "#D8D8D8" lw 0.5 dt solid # grid
set style line 21 lt 1 lc rgb "#000000" lw 0.7 dt solid # axes and what is said about them
set border 3 lw 0.7
set tics nomirror scale 0.5
set grid ytics ls 20
set key off

# ---- the sheet: all measures in mm
across(mm) = mm / width
from_top(mm) = 1 - mm / height
file = figure.(wide ? "-double" : "")
# panels stand one above the other in a column, side by side on a wide sheet
beside = !wide ? 1 : panels == 4 ? 2 : panels < 3 ? panels : 3
rows = (panels + beside - 1) / beside
# the command that opens a sheet as high as that: one size of text and line on paper, whatever the terminal counts in
sheet(height) = \
	format eq "pdf" ? sprintf("set terminal pdfcairo noenhanced size %f cm, %f cm font 'Helvetica,7' fontscale 0.75 linewidth 1.5", \
		width / 10, height / 10) : \
	format eq "tex" ? sprintf("set terminal cairolatex pdf size %f cm, %f cm font ',7' fontscale 0.75 linewidth 1.5", \
		width / 10, height / 10) : \
	format eq "svg" ? sprintf("set terminal svg noenhanced size %f, %f font 'Helvetica,7' linewidth 0.8", \
		width / 25.4 * 72, height / 25.4 * 72) : \
	sprintf("set terminal pngcairo noenhanced size %d, %d font 'Helvetica,7' fontscale 300 / 96.0 linewidth 300 / 96.0 pointscale 300 / 96.0", \
		width / 25.4 * 300, height / 25.4 * 300)
target = tex ? file."-latex.tex" : file.".".format

# ---- the legend: names in as many columns as the longest one allows, column by column
longest = 0
names = 0
array nth[lines] # of those that are there
do for [l = 1:lines] {
	wide_as = there(l) ? strlen(plain[l]) + (baseline[l] == 1 ? 11 : 0) : 0
	longest = wide_as > longest ? wide_as : longest
	names = names + (there(l) ? 1 : 0)
	nth[l] = names
}
entry = 13.0 + 1.2 * longest
legend_columns = int((width - 2) / entry)
legend_columns = legend_columns < 1 ? 1 : legend_columns > names ? names : legend_columns
legend_rows = (names + legend_columns - 1) / legend_columns
legend = 2.0 + 2.9 * legend_rows
legend_left = (width - legend_columns * entry) / 2 + 2
legend_left = legend_left < 1 ? 1 : legend_left
legend_x(l) = legend_left + ((nth[l] - 1) / legend_rows) * entry
legend_y(l) = from_top(2.0 + 2.9 * ((nth[l] - 1) % legend_rows))
# set for the first panel, unset behind it; a stroke with a mark each (marks 0: a filled box would do better)
draw_legend = "do for [l = 1:lines] { if (there(l)) { \
	set arrow 100 + l from screen across(legend_x(l)), screen legend_y(l) rto screen across(7), screen 0 nohead ls style_of(l) front; \
	set label 100 + l '' at screen across(legend_x(l) + 3.5), screen legend_y(l) point ls style_of(l) front; \
	set label 200 + l name(l) at screen across(legend_x(l) + 8.5), screen legend_y(l) left noenhanced front } }"
hide_legend = "do for [l = 1:lines] { if (there(l)) { unset arrow 100 + l; unset label 100 + l; unset label 200 + l } }"

# ---- what is said below the drawing: first_note, second_note and, if there is one, third_note; in front of them what
# would make the first one too long
long_name = !wide && strlen(plain_workload) + (clock eq "wall" ? 0 : strlen(costs) + 8) > 36
third_note = ""
note_room(third) = (long_name ? 2.7 : 0.0) + (third eq "" ? 0.0 : 2.7)
note_y(n) = (2.0 + 2.7 * ((third_note eq "" ? 2 : 3) - n)) / height
draw_notes = "if (long_name) { set label 1000 long_note at screen across(1.5), screen note_y(0) left noenhanced font ',6' }; \
	set label 1001 first_note at screen across(1.5), screen note_y(1) left noenhanced font ',6'; \
	set label 1002 second_note at screen across(1.5), screen note_y(2) left noenhanced font ',6'; \
	set label 1003 third_note at screen across(1.5), screen note_y(3) left noenhanced font ',6'"

# ---- the name of the y axis, at the edge of a sheet's column `place`, whatever the width of the ticks' names
draw_y_name = "set label 2 y_name at screen across(place * cell + 2.2), graph 0.5 center rotate by 90 noenhanced"

# ---- words
# "Bars: 95 % interval of the whole, bootstrap over 10 seeds."; of one there is none
intervals(what, of, n, unit) = n > 1 ? sprintf("%s: 95%s interval%s, bootstrap over %d %ss.", what, percent, of, n, unit) : \
	sprintf("Of one %s: no intervals.", unit)
clock_words = clock eq "wall" ? "wall clock; measured" : "virtual time; modelled, costs ".costs
# "1b" is one pageblock
plural(n, what) = n." ".what.(n eq "1" ? "" : "s")
size_words(s) = s[strlen(s):] eq "b" ? plural(s[1:strlen(s) - 1], "pageblock") : \
	s[strlen(s):] eq "p" ? plural(s[1:strlen(s) - 1], "page") : s[strlen(s):] eq "m" ? plural(s[1:strlen(s) - 1], "memory block") : s
# of figures that show one size at one occupancy
requests_of(which) = sprintf("Requests of %s%s.", size_words(size), which)
of_size = requests_of("")
scope = sprintf("Requests of %s, peak use %s%s of memory.", size_words(size), occupancy, percent)
long_note = "Workload: ".workload."."
first_note = sprintf("Clock: %s.", clock_words).(long_name ? "" : " ".long_note)
