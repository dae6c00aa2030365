# SPDX-License-Identifier: MIT
# latency.gp - how many requests took longer than that: a panel an occupancy (of the wall clock: an operation), a line a
# backend, with marks at the median and the 99th percentile.
call "plots/style.gp" ARG1 ARG2 "latency"

# a ns, in the unit that suits the longest
fastest = 1e300; slowest = 0; least = 1
range(ns, s) = (fastest = (ns < fastest ? ns : fastest), slowest = (ns > slowest ? ns : slowest), \
	least = (s > 0 && s < least ? s : least), 0)
set table $unused
plot table using (range(column("latency_ns"), column("share_above"))):(0) with points
unset table
power(v) = 10 ** floor(log10(v))
x(p, l) = in(p, l) && strcol("mark") eq "" ? column("latency_ns") : NaN
marked(p, l) = in(p, l) && strcol("mark") ne "" ? column("latency_ns") : NaN
share = "share_above"

set logscale x
set logscale y
set xrange [power(fastest):power(slowest) * 10]
set yrange [power(least):1]
unit(e) = e < 3 ? sprintf("%.0f ns", 10.0 ** e) : e < 6 ? sprintf("%.0f µs", 10.0 ** (e - 3)) : e < 9 ? \
	sprintf("%.0f ms", 10.0 ** (e - 6)) : sprintf("%.0f s", 10.0 ** (e - 9))
set xtics offset 0,0.4
set ytics offset 0.5,0
set mxtics 10
set grid xtics ytics ls 20

panel = rows > 3 ? 30.0 : 36.0
third_note = requests_of(clock eq "wall" ? ", failed ones among them" : " that succeeded")
foot = 15.0 + note_room(third_note)
height = legend + rows * panel + foot
y_name = "share that took longer"
second_note = (clock eq "wall" ? "All repetitions together." : sprintf("Of %d seed%s.", seeds, seeds == 1 ? "" : "s")). \
	" Marks: median and, of 100 and more, 99th percentile."
eval sheet(height)
set output target
set multiplot
cell = (width - 2.0) / beside
do for [p = 1:panels] {
	row = (p - 1) / beside
	place = (p - 1) % beside
	last = p + beside > panels
	set lmargin at screen across(place * cell + 12)
	set rmargin at screen across((place + 1) * cell - 2)
	set tmargin at screen from_top(legend + row * panel + 3.5)
	set bmargin at screen from_top(legend + (row + 1) * panel - (row + 1 == rows ? 0 : 2))
	set label 1 panel_title[p] at graph 0, graph 1 offset character 0.3, 0.6 left noenhanced
	if (place == 0) { eval draw_y_name } else { unset label 2 }
	set ytics ()
	do for [e = -6:0] { set ytics add (tick_percent(sprintf("%g", 100 * 10.0 ** e)) 10.0 ** e) }
	set xtics ()
	do for [e = 0:10] { set xtics add (last ? unit(e) : "" 10.0 ** e) }
	set xlabel (last ? "latency" : "") offset 0, 0.7
	if (p == 1) { eval draw_legend } else { if (p == 2) { eval hide_legend } }
	if (p == panels) { eval draw_notes }
	plot for [l = 1:lines] table using (x(p, l)):share with steps ls style_of(l) notitle, \
		for [l = 1:lines] table using (marked(p, l)):share with points ls style_of(l) ps 0.8 notitle
}
unset multiplot
set output
