# SPDX-License-Identifier: MIT
# series.gp - panels of lines over time, with quartiles: loaded by fragmentation.gp and type-drift.gp, which set
#
#	y_name	what stands beside the axis
#	y_whole	1: only whole numbers make sense there
#
# Quartiles are drawn at every few samples, of each line at others, so that they do not hide each other.

samples = 0
bounded = 0
array lowest[panels]
array highest[panels]
do for [p = 1:panels] { lowest[p] = 1e300; highest[p] = -1e300 }
end = 0.0
reach(p, a, b) = (lowest[p] = (a < lowest[p] ? a : lowest[p]), highest[p] = (b > highest[p] ? b : highest[p]), 0)
see_sample(n, t, p, v, a, b) = (samples = (n > samples ? int(n) : samples), end = (t > end ? t : end), \
	bounded = bounded + strlen(a), reach(p, v, v), strlen(a) ? reach(p, real(a), real(b)) : 0, 0)
set table $unused
plot table using (see_sample(column("sample"), column("time_s"), int(column("panel")), column("median"), \
	strcol("low"), strcol("high"))):(0) with points
unset table
every_nth = samples < 10 ? 2 : lines < 4 ? 4 : lines
has_bar(l) = strlen(strcol("low")) && int(column("sample") + l) % every_nth == 0

panel = rows > 4 ? 26.0 : 32.0
third_note = scope
foot = 14.5 + note_room(third_note)
height = legend + rows * panel + foot
second_note = bounded ? sprintf("Lines: median over %d seeds. Bars: quartiles, drawn at every %d%s sample.", seeds, every_nth, \
	every_nth == 2 ? "nd" : "th") : \
	sprintf("Lines: median over %d seed%s.", seeds, seeds == 1 ? "" : "s")
eval sheet(height)
set output target
set multiplot
set xrange [0:end * 1.02]
set xtics offset 0,0.4
set ytics offset 0.5,0 autofreq
cell = (width - 2.0) / beside
do for [p = 1:panels] {
	row = (p - 1) / beside
	place = (p - 1) % beside
	last = p + beside > panels
	set lmargin at screen across(place * cell + 12)
	set rmargin at screen across((place + 1) * cell - 1)
	set tmargin at screen from_top(legend + row * panel + 3.5)
	set bmargin at screen from_top(legend + (row + 1) * panel - (row + 1 == rows ? 0 : 2))
	set label 1 panel_title[p] at graph 0, graph 1 offset character 0.3, 0.6 left noenhanced
	if (place == 0) { eval draw_y_name } else { unset label 2 }
	floor_of = lowest[p] < 0 ? lowest[p] : 0
	set yrange [floor_of:highest[p] > floor_of ? highest[p] + (highest[p] - floor_of) * 0.05 : floor_of + 1]
	if (highest[p] - floor_of < 6 && y_whole) { set ytics 1 } else { set ytics autofreq }
	set format x (last ? "%g" : "")
	set xlabel (last ? "time (s)" : "") offset 0, 0.7
	if (p == 1) { eval draw_legend }
	if (p == 2) { eval hide_legend }
	if (p == panels) { eval draw_notes }
	plot for [l = 1:lines] table using (in(p, l) && has_bar(l) ? column("time_s") : NaN):(column("low")):(0): \
		(column("high") - column("low")) with vectors heads size graph 0.006,90 nofilled ls style_of(l) lw 0.8 dt solid notitle, \
		for [l = 1:lines] table using (in(p, l) ? column("time_s") : NaN):"median" with linespoints ls style_of(l) \
		pointinterval every_nth notitle
}
unset multiplot
set output
