# SPDX-License-Identifier: MIT
# memory-map.gp - physical memory under one policy or two side by side: a square a pageblock, from the top left.
call "plots/style.gp" ARG1 ARG2 "memory-map"

right = 1.0; bottom = 1.0
reach(x, y) = (right = (x > right ? x : right), bottom = (y > bottom ? y : bottom), 0)
set table $unused
plot table using (reach(column("x") + column("width"), column("y") + column("height"))):(0) with points
unset table

# kinds in the order in which they stand in the way; each of another lightness, for those who print in grey
array paint[6]
array kind_name[6]
kind_name[1] = "free"; paint[1] = 0xFFFFFF
kind_name[2] = "movable"; paint[2] = 0xD3EAF9
kind_name[3] = "got by a request"; paint[3] = 0x009E73
kind_name[4] = "per-cpu list, other"; paint[4] = 0xC8C8C8
kind_name[5] = "reclaimable kernel"; paint[5] = 0xE69F00
kind_name[6] = "unmovable kernel"; paint[6] = 0x005A8E
# borders: of most pageblocks thin, of those that are not Movable strong
array type_name[3]
type_name[1] = "Movable pageblock"; type_name[2] = "Unmovable"; type_name[3] = "Reclaimable, other"
set style line 31 lc rgb "#A0A0A0" lw 0.4 dt solid
set style line 32 lc rgb "#000000" lw 1.2 dt solid
set style line 33 lc rgb "#000000" lw 1.2 dt (3,3)

third_note = scope
second_note = "At the end of the first seed. A part shows what stands most in the way in it."
key_entries = 9
key_entry = wide ? 34.0 : 27.5
per_row = int((width - 2) / key_entry)
legend = 2.5 + 3.0 * int((key_entries + per_row - 1) / per_row)
key_x(n) = 2.0 + ((n - 1) % per_row) * key_entry
key_y(n) = 2.0 + 3.0 * ((n - 1) / per_row)

beside = panels
side = ((width - 2.0) / beside - 2.0)
square = side / right # mm of a pageblock
high = square * bottom
# names that are wider than a map stand one above the other
crowded = panels > 1 && longest * 1.2 > side
names_room = crowded ? 8.5 : 4.5
panel = names_room + 0.5 + high
foot = 8.3 + note_room(third_note)
height = legend + panel + foot
eval sheet(height)
set output target
set multiplot
set xrange [0:right]
set yrange [bottom:0]
unset xtics
unset ytics
unset grid
set border 0
do for [p = 1:panels] {
	set lmargin at screen across(2.0 + (p - 1) * (side + 2.0))
	set rmargin at screen across(2.0 + (p - 1) * (side + 2.0) + side)
	set tmargin at screen from_top(legend + names_room)
	set bmargin at screen from_top(legend + names_room + high)
	if (crowded) {
		set label 1 (p == 1 ? "left: " : "right: ").name(p) at screen across(2.0), \
			screen from_top(legend + 1.5 + 3.2 * (p - 1)) left noenhanced
	} else {
		set label 1 name(p) at graph 0, graph 1 offset 0, 0.5 left noenhanced
	}
	if (p == 1) {
		do for [n = 1:key_entries] {
			if (n <= 6) {
				set object 100 + n rectangle from screen across(key_x(n)), screen from_top(key_y(n) + 1.0) \
					to screen across(key_x(n) + 3), screen from_top(key_y(n) - 1.0) \
					fillstyle solid 1 border lc rgb "#000000" fillcolor rgb paint[n] lw 0.5 front
				set label 100 + n kind_name[n] at screen across(key_x(n) + 4), screen from_top(key_y(n)) left noenhanced front
			} else {
				set object 100 + n rectangle from screen across(key_x(n)), screen from_top(key_y(n) + 1.0) \
					to screen across(key_x(n) + 3), screen from_top(key_y(n) - 1.0) \
					fillstyle empty border lc rgb (n == 7 ? "#A0A0A0" : "#000000") lw (n == 7 ? 0.4 : 1.2) front
				if (n == 9) { set object 100 + n dashtype (3,3) }
				set label 100 + n type_name[n - 6] at screen across(key_x(n) + 4), screen from_top(key_y(n)) left noenhanced front
			}
		}
	}
	if (p == 2) { do for [n = 1:key_entries] { unset object 100 + n; unset label 100 + n } }
	if (p == panels) { eval draw_notes }
	of(k) = column("panel") == p && strcol("what") eq "pages" && strcol("kind") eq sprintf("%d", k - 1)
	block(t) = column("panel") == p && strcol("what") eq "pageblock" && \
		(t == 1 ? strcol("kind") eq "M" : t == 2 ? strcol("kind") eq "U" : !(strcol("kind") eq "M" || strcol("kind") eq "U"))
	inset(t) = t == 1 ? 0.0 : 0.06
	# a little higher than they are, lest the paper shines through between them
	plot for [k = 2:6] table using (of(k) ? column("x") : NaN):"y":"x":(column("x") + column("width")):"y": \
			(column("y") + column("height") + 0.02) with boxxyerror fillstyle solid 1 noborder fillcolor rgb paint[k] notitle, \
		for [t = 1:3] table using (block(t) ? column("x") : NaN):"y":(column("x") + inset(t)):(column("x") + 1 - inset(t)): \
			(column("y") + inset(t)):(column("y") + 1 - inset(t)) with boxxyerror fillstyle empty border ls 30 + t notitle
}
unset multiplot
set output
