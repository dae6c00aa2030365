# SPDX-License-Identifier: MIT
# success-by-size.gp - success rate against the size of a contiguous request: a panel per occupancy, a line per backend.
#
#	gnuplot -e "results='results/latest'" plots/success-by-size.gp
#
# Reads success-by-size.csv of a results folder and nothing else; writes success-by-size.pdf, .svg and .png beside it, or
# to OUT.* with -e "out='OUT'". Of several workloads, -e "workload='NAME'" chooses one (default: the first).
# 85 mm wide, a single column of a paper. Colours are Okabe and Ito's; marks and dashes tell lines apart in grey.

if (!exists("results")) results = "results/latest"
if (!exists("out")) out = results."/success-by-size"
if (!exists("workload")) workload = ""

table = results."/success-by-size.csv"
set datafile separator comma
set datafile commentschars "#"
set encoding utf8

# ---- what there is to draw: names in the order of the file
occupancies = ""; backends = ""; sizes = ""; baselines = ""; seeds = 0
has(list, word) = strstrt(" ".list, " ".word." ") > 0
with_word(list, word) = has(list, word) ? list : list.word." "
collect(w, o, s, b, is_baseline, n) = ( \
	workload = (workload eq "" ? w : workload), \
	w ne workload ? 0 : ( \
		occupancies = with_word(occupancies, o), \
		sizes = with_word(sizes, s), \
		backends = with_word(backends, b), \
		baselines = (is_baseline == 1 ? with_word(baselines, b) : baselines), \
		seeds = n))
set table $unused
set xrange [-1:1]
set yrange [-1:1]
plot table using (collect(strcol("workload"), strcol("occupancy_percent"), strcol("request_bytes"), \
	strcol("backend"), column("baseline"), column("seeds")) * 0):(0) with points
unset table
panels = words(occupancies)
lines = words(backends)
nr_sizes = words(sizes)
if (panels == 0) { print sprintf("%s has no rows of workload '%s'", table, workload); exit status 2 }

# ---- looks: the first seven for kernels, the eighth for a baseline
set style line 1 lc rgb "#000000" lw 1.2 pt 7  ps 0.40 dt solid
set style line 2 lc rgb "#D55E00" lw 1.2 pt 9  ps 0.50 dt (12,4)
set style line 3 lc rgb "#0072B2" lw 1.2 pt 5  ps 0.38 dt (4,3)
set style line 4 lc rgb "#009E73" lw 1.2 pt 13 ps 0.50 dt (12,3,2,3)
set style line 5 lc rgb "#CC79A7" lw 1.2 pt 11 ps 0.50 dt (8,3,2,3,2,3)
set style line 6 lc rgb "#E69F00" lw 1.2 pt 6  ps 0.42 dt (16,6)
set style line 7 lc rgb "#56B4E9" lw 1.2 pt 8  ps 0.50 dt (2,3)
set style line 8 lc rgb "#7F7F7F" lw 1.0 pt 2  ps 0.45 dt (2,4)
style_of(i) = has(baselines, word(backends, i)) ? 8 : (i - 1) % 7 + 1
name_of(i) = word(backends, i).(has(baselines, word(backends, i)) ? " (baseline)" : "")

# Sizes are categories, evenly spaced; lines stand a little apart, so that intervals do not hide each other.
place(bytes) = sum [k = 1:nr_sizes] (word(sizes, k) eq bytes ? k : 0)
apart(i) = (i - (lines + 1) / 2.0) * 0.09
drawn(i, o) = strcol("workload") eq workload && strcol("occupancy_percent") eq word(occupancies, o) && \
	strcol("backend") eq word(backends, i)
x(i, o) = drawn(i, o) ? place(strcol("request_bytes")) + apart(i) : NaN
y = "success_percent"
bound(c) = strlen(strcol(c)) ? column(c) : column(y)
binary(b) = b >= 1073741824 ? sprintf("%g GiB", b / 1073741824.0) : b >= 1048576 ? sprintf("%g MiB", b / 1048576.0) : \
	sprintf("%g KiB", b / 1024.0)

set xtics scale 0.5 offset 0,0.4 ()
set xrange [0.5:nr_sizes + 0.5]
set yrange [0:100]
set ytics 25 scale 0.5 offset 0.5,0
set style line 9 lt 1 lc rgb "#D8D8D8" lw 0.5 dt solid
set grid ytics ls 9
set border 3 lw 0.7
set tics nomirror
set datafile missing NaN
set key off

# ---- panels one above the other; all measures in mm
width = 85.0
# long names stand one to a line
longest = 0
do for [i = 1:lines] { longest = strlen(name_of(i)) > longest ? strlen(name_of(i)) : longest }
columns = longest > 21 ? 1 : 2
legend = 1.0 + 2.9 * ((lines + columns - 1) / columns)
panel = panels > 3 ? 30.0 : 36.0
foot = 14.0
height = legend + panels * panel + foot
from_top(mm) = 1 - mm / height

do for [format in "pdf svg png"] {
	# one size of text and line on paper, whatever the terminal counts in
	if (format eq "pdf") {
		set terminal pdfcairo size width / 10 cm, height / 10 cm font "Helvetica,7" fontscale 0.75 linewidth 1
	}
	if (format eq "svg") {
		set terminal svg size width / 25.4 * 72, height / 25.4 * 72 font "Helvetica,7" linewidth 0.8
	}
	if (format eq "png") {
		set terminal pngcairo size int(width / 25.4 * 300), int(height / 25.4 * 300) font "Helvetica,7" \
			fontscale 300 / 96.0 linewidth 300 / 96.0 pointscale 300 / 96.0
	}
	set output out.".".format
	set multiplot
	set lmargin at screen 11 / width
	set rmargin at screen 1 - 2 / width
	do for [o = 1:panels] {
		set tmargin at screen from_top(legend + (o - 1) * panel + 3.5)
		set bmargin at screen from_top(legend + o * panel - (o == panels ? 0 : 2))
		set label 1 sprintf("peak use %s %% of memory", word(occupancies, o)) at graph 0, graph 1 \
			offset character 0.3, 0.6 left
		set ylabel "success rate (%)" offset 2, 0
		do for [k = 1:nr_sizes] { set xtics add (o == panels ? binary(real(word(sizes, k))) : "" k) }
		unset xlabel
		if (o == panels) {
			set xlabel "size of the request" offset 0, 0.7
			set label 2 sprintf("Clock: virtual time. Workload: %s.\nBars: 95 %% interval, bootstrap over %d seeds.", \
				workload, seeds) at screen 0.5, screen 5.0 / height center noenhanced font ",6"
		}
		if (o == 1) {
			set key at screen 0.5, screen from_top(1) center top horizontal maxcols columns samplen 3.2 spacing 0.95 \
				width 0 noenhanced
		} else {
			set key off
		}
		# error bars as arrows with flat heads: gnuplot's own leave a gap around the mark, in which short ones vanish
		plot for [i = 1:lines] table using (x(i, o)):(bound("success_low")):(0):(bound("success_high") - bound("success_low")) \
			with vectors heads size graph 0.008,90 nofilled ls style_of(i) lw 0.8 dt solid notitle, \
			for [i = 1:lines] table using (x(i, o)):y with linespoints ls style_of(i) title name_of(i) noenhanced
	}
	unset multiplot
	unset label
	set output
}
