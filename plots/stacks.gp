# SPDX-License-Identifier: MIT
# stacks.gp - panels of stacked bars, one a backend, with its name above it: loaded by phases.gp and failures.gp, which set
#
#	from, to	columns of where a part of the bar begins and ends
#	scale		what they are divided by
#	x_name		what stands below
#	x_max		the longest bar there may be; 0: the longest there is
#	nothing		what is said where a backend has no bar
#	counted		1: how many requests a bar is of stands behind its name
#	common		1: all panels have the same x axis, which is named under the last ones
#
# The interval of the whole bar is in columns low and high.

# ---- parts: numbered, with names; and which backend has a bar where
parts = 0
count(n) = (parts = (n > parts ? int(n) : parts), 0)
set table $unused
plot table using (count(column("part"))):(0) with points
array part[parts]
array longest_bar[panels]
array has[panels * lines]
label_part(n, t, p, l, v, r) = (part[n] = t, longest_bar[p] = (v > longest_bar[p] ? v : longest_bar[p]), \
	has[(p - 1) * lines + l] = r, 0)
do for [p = 1:panels] { longest_bar[p] = 0.0; do for [l = 1:lines] { has[(p - 1) * lines + l] = 0 } }
plot table using (label_part(int(column("part")), text("part_label"), int(column("panel")), int(column("line")), \
	(strlen(strcol("high")) ? column("high") : column(to)) / scale, int(column("requests")))):(0) with points
unset table

# ---- looks: full or patterned, of different lightness where two are full
array fill[8]
array paint[8]
fill[1] = 3; paint[1] = 0x0072B2
fill[2] = 4; paint[2] = 0xD55E00
fill[3] = 3; paint[3] = 0x9AD3F5
fill[4] = 2; paint[4] = 0x000000
fill[5] = 3; paint[5] = 0xE69F00
fill[6] = 5; paint[6] = 0x007A59
fill[7] = 3; paint[7] = 0x404040
fill[8] = 0; paint[8] = 0x000000
bar_low = -0.42; bar_high = -0.02 # of a row that is 1 high, below its middle

# ---- legend of parts, in the place of that of lines
longest = 0
names = 0
array nth[parts]
do for [n = 1:parts] {
	known = strlen(sprintf("%s", part[n])) > 0
	wide_as = known ? strlen(part[n]) : 0
	longest = wide_as > longest ? wide_as : longest
	names = names + (known ? 1 : 0)
	nth[n] = known ? names : 0
}
entry = 9.0 + 1.2 * longest
legend_columns = int((width - 2) / entry)
legend_columns = legend_columns < 1 ? 1 : legend_columns > names ? names : legend_columns
legend_rows = (names + legend_columns - 1) / legend_columns
legend = 2.5 + 2.9 * legend_rows
legend_left = (width - legend_columns * entry) / 2 + 1
legend_left = legend_left < 1 ? 1 : legend_left
part_x(n) = legend_left + ((nth[n] - 1) / legend_rows) * entry
part_y(n) = 2.0 + 2.9 * ((nth[n] - 1) % legend_rows)

row_high = 6.0
panel = 6.0 + lines * row_high + (common ? 0 : 8.5)
foot = (common ? 14.5 : 5.5) + note_room(third_note)
height = legend + rows * panel + foot
eval sheet(height)
set output target
set multiplot
set yrange [-lines - 0.5:-0.4]
unset ytics
set border 1
set grid noytics xtics ls 20
set xtics offset 0,0.4
set style fill border
cell = (width - 2.0) / beside
do for [p = 1:panels] {
	row = (p - 1) / beside
	place = (p - 1) % beside
	last = p + beside > panels || !common
	set lmargin at screen across(place * cell + 3)
	set rmargin at screen across((place + 1) * cell - 2.5)
	set tmargin at screen from_top(legend + row * panel + 4.0)
	set bmargin at screen from_top(legend + (row + 1) * panel - (common ? 2 : 10.5))
	set label 1 panel_title[p] at graph 0, graph 1 offset 0, 0.5 left noenhanced
	set xrange [0:(x_max > 0 ? x_max : longest_bar[p] > 0 ? longest_bar[p] * 1.05 : 1)]
	set format x (last ? "%g" : "")
	set xlabel (last ? x_name : "") offset 0, 0.7
	do for [l = 1:lines] {
		if (there(l)) {
			set label 400 + l name(l).(has[(p - 1) * lines + l] > 0 ? (counted ? sprintf(" (%d)", has[(p - 1) * lines + l]) : "") : ": ".nothing) at graph 0, first -l + 0.22 left noenhanced front
		}
	}
	if (p == 1) {
		do for [n = 1:parts] {
			if (nth[n] > 0) {
				set object 100 + n rectangle from screen across(part_x(n)), screen from_top(part_y(n) + 1.0) \
					to screen across(part_x(n) + 4.5), screen from_top(part_y(n) - 1.0) \
					fillstyle pattern fill[n] border lc rgb "#000000" fillcolor rgb paint[n] lw 0.5 front
				set label 100 + n part[n] at screen across(part_x(n) + 5.5), screen from_top(part_y(n)) left noenhanced front
			}
		}
	}
	if (p == 2) { do for [n = 1:parts] { if (nth[n] > 0) { unset object 100 + n; unset label 100 + n } } }
	if (p == panels) { eval draw_notes }
	in_part(n) = column("panel") == p && column("part") == n
	whole = "low"
	plot for [n = 1:parts] table using (in_part(n) ? column(from) / scale : NaN):(-column("line")): \
			(column(from) / scale):(column(to) / scale):(-column("line") + bar_low):(-column("line") + bar_high) \
			with boxxyerror fillstyle pattern fill[n] border lc rgb "#000000" fillcolor rgb paint[n] lw 0.5 notitle, \
		table using (column("panel") == p && strlen(strcol("low")) ? column("low") / scale : NaN): \
			(-column("line") + (bar_low + bar_high) / 2):((column("high") - column("low")) / scale):(0) \
			with vectors heads size graph 0.008,90 nofilled lc rgb "#FFFFFF" lw 2.6 dt solid notitle, \
		table using (column("panel") == p && strlen(strcol("low")) ? column("low") / scale : NaN): \
			(-column("line") + (bar_low + bar_high) / 2):((column("high") - column("low")) / scale):(0) \
			with vectors heads size graph 0.008,90 nofilled lc rgb "#000000" lw 1.0 dt solid notitle
}
unset multiplot
set output
