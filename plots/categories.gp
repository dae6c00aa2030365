# SPDX-License-Identifier: MIT
# categories.gp - panels of lines over categories with intervals: loaded by success-by-size.gp and its like, which set
#
#	y, low, high	columns of the value and its interval
#	x_name, y_name	what stands beside the axes
#	logarithmic	the y axis: 1 or 0 (then from 0 to 100 %)

# ---- the categories: evenly spaced, with names; lines stand a little apart, so that intervals do not hide each other
categories = 0
count(c) = (categories = (c > categories ? c : categories), 0)
set table $unused
plot table using (count(column("category"))):(0) with points
array category[categories]
array seen[categories]
label_category(c, t) = (category[c] = t, seen[c] = 1, 0)
plot table using (label_category(column("category"), text("category_label"))):(0) with points
unset table
apart(l) = (l - (lines + 1) / 2.0) * (lines > 8 ? 0.06 : 0.09)
x(p, l) = in(p, l) ? column("category") + apart(l) : NaN
# an empty bound is none: the value itself
bound(c) = strlen(strcol(c)) ? column(c) : column(y)

set xrange [0.5:categories + 0.5]
set xtics offset 0,0.4
if (logarithmic) {
	set logscale y
	set yrange [0.5:*]
	set ytics offset 0.5,0
	# a lower bound of 0 has no place on this axis
	lower(c) = bound(c) > 0.5 ? bound(c) : 0.5
} else {
	set yrange [0:100]
	set ytics 25 offset 0.5,0
	lower(c) = bound(c)
}

# ---- panels
panel = rows > 3 ? 30.0 : 36.0
foot = 15.0 + note_room(third_note)
height = legend + rows * panel + foot
second_note = intervals("Bars", "", seeds, "seed")
eval sheet(height)
set output target
set multiplot
cell = (width - 2.0) / beside
do for [p = 1:panels] {
	row = (p - 1) / beside
	place = (p - 1) % beside
	last = p + beside > panels
	set lmargin at screen across(place * cell + 11)
	set rmargin at screen across((place + 1) * cell - 0.5)
	set tmargin at screen from_top(legend + row * panel + 3.5)
	set bmargin at screen from_top(legend + (row + 1) * panel - (row + 1 == rows ? 0 : 2))
	set label 1 panel_title[p] at graph 0, graph 1 offset character 0.3, 0.6 left noenhanced
	if (place == 0) { eval draw_y_name } else { unset label 2 }
	set xtics ()
	do for [k = 1:categories] { set xtics add (last && seen[k] == 1 ? category[k] : "" k) }
	set xlabel (last ? x_name : "") offset 0, 0.7
	if (p == 1) { eval draw_legend } else { if (p == 2) { eval hide_legend } }
	if (p == panels) { eval draw_notes }
	# error bars as arrows with flat heads: gnuplot's own leave a gap around the mark, in which short ones vanish
	plot for [l = 1:lines] table using (x(p, l)):(lower(low)):(0):(bound(high) - lower(low)) \
		with vectors heads size graph 0.008,90 nofilled ls style_of(l) lw 0.8 dt solid notitle, \
		for [l = 1:lines] table using (x(p, l)):y with linespoints ls style_of(l) notitle
}
unset multiplot
set output
