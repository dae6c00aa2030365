# SPDX-License-Identifier: MIT
# ablation.gp - a waterfall from one release to another: a step a knob, success rate and pages migrated.
call "plots/style.gp" ARG1 ARG2 "ablation"

array label[lines]
array kind[lines]
array low_end[panels]
array high_end[panels]
do for [p = 1:panels] { low_end[p] = 1e300; high_end[p] = -1e300 }
bounded = 0
fact(l, t, k, r) = (label[l] = (r eq "" ? t : r.": ".t), kind[l] = k, 0)
reach(p, v) = (low_end[p] = (v < low_end[p] ? v : low_end[p]), high_end[p] = (v > high_end[p] ? v : high_end[p]), 0)
set table $unused
plot table using (fact(int(column("line")), text("label"), strcol("kind"), strcol("release"))):(0) with points
plot table using (strcol("kind") eq "step" ? reach(int(column("panel")), column("from")) : 0, \
	reach(int(column("panel")), column("to")), \
	strlen(strcol("low")) ? (reach(int(column("panel")), column("low")), reach(int(column("panel")), column("high")), \
	bounded = 1, 0) : 0):(0) with points
unset table

third_note = scope
second_note = "Points: whole backends. ".intervals("Whiskers", " of the step", bounded ? seeds : 1, "seed")
legend = 0.0
row_high = 5.0
panel = 6.0 + lines * row_high + 8.5
foot = 6.3 + note_room(third_note)
height = legend + rows * panel + foot
eval sheet(height)
set output target
set multiplot
set yrange [-lines - 0.5:-0.4]
unset ytics
set border 1
set grid noytics xtics ls 20
set xtics offset 0,0.4 autofreq
bar_low = -0.42; bar_high = -0.02
cell = (width - 2.0) / beside
# up and down differ in more than colour: full and hatched
do for [p = 1:panels] {
	row = (p - 1) / beside
	place = (p - 1) % beside
	set lmargin at screen across(place * cell + 3)
	set rmargin at screen across((place + 1) * cell - 2.5)
	set tmargin at screen from_top(legend + row * panel + 4.0)
	set bmargin at screen from_top(legend + (row + 1) * panel - 10.5)
	span = high_end[p] - low_end[p]
	span = span > 0 ? span : 1.0
	set xrange [low_end[p] - span * 0.06:high_end[p] + span * 0.06]
	set xlabel panel_title[p] offset 0, 0.7 noenhanced
	do for [l = 1:lines] { set label 400 + l label[l] at graph 0, first -l + 0.24 left noenhanced front }
	if (p == panels) { eval draw_notes }
	is(k) = column("panel") == p && strcol("kind") eq k
	plot table using (is("step") && column("to") >= column("from") ? column("from") : NaN):(-column("line")): \
			"from":"to":(-column("line") + bar_low):(-column("line") + bar_high) \
			with boxxyerror fillstyle solid 1 border lc rgb "#000000" fillcolor rgb 0x0072B2 lw 0.5 notitle, \
		table using (is("step") && column("to") < column("from") ? column("to") : NaN):(-column("line")): \
			"to":"from":(-column("line") + bar_low):(-column("line") + bar_high) \
			with boxxyerror fillstyle pattern 4 border lc rgb "#000000" fillcolor rgb 0xD55E00 lw 0.5 notitle, \
		table using (is("from") || is("step") ? column("to") : NaN):(-column("line") + bar_low):(0):(-1 + bar_high - bar_low) \
			with vectors nohead lc rgb "#000000" lw 0.5 dt (2,2) notitle, \
		table using (column("panel") == p && strlen(strcol("low")) ? column("low") : NaN): \
			(-column("line") + (bar_low + bar_high) / 2):(column("high") - column("low")):(0) \
			with vectors heads size graph 0.008,90 nofilled lc rgb "#FFFFFF" lw 2.6 dt solid notitle, \
		table using (column("panel") == p && strlen(strcol("low")) ? column("low") : NaN): \
			(-column("line") + (bar_low + bar_high) / 2):(column("high") - column("low")):(0) \
			with vectors heads size graph 0.008,90 nofilled lc rgb "#000000" lw 1.0 dt solid notitle, \
		table using (is("from") || is("to") ? column("to") : NaN):(-column("line") + (bar_low + bar_high) / 2) \
			with points pt 7 ps 0.6 lc rgb "#000000" notitle
}
unset multiplot
set output
