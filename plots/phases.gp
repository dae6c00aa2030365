# SPDX-License-Identifier: MIT
# phases.gp - mean time of a request by phase: a panel for those that succeeded and one for those that failed.
call "plots/style.gp" ARG1 ARG2 "phases"

from = "from_ns"; to = "to_ns"
units = 0
slowest = 0
see_units(n, v) = (units = n, slowest = (v > slowest ? v : slowest), 0)
set table $unused
plot table using (see_units(int(column("units")), column(to))):(0) with points
unset table
scale = slowest < 3e3 ? 1.0 : slowest < 3e6 ? 1e3 : 1e6
x_name = "mean time of a request (".(scale == 1 ? "ns" : scale == 1e3 ? "µs" : "ms").")"
x_max = 0
counted = 1
common = 0
nothing = "no such request"
second_note = "In parentheses: requests. ".intervals("Bars", " of the whole", units, clock eq "wall" ? "repetition" : "seed")
load "plots/stacks.gp"
