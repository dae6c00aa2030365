# SPDX-License-Identifier: MIT
# failures.gp - requests that failed, by phase and reason: a panel an occupancy, a bar a backend.
call "plots/style.gp" ARG1 ARG2 "failures"

from = "from_percent"; to = "to_percent"
scale = 1.0
x_name = "requests that failed (".(tex ? "\\%" : "%").")"
x_max = 100
counted = 0
common = 1
nothing = "no request"
second_note = intervals("Bars", " of the whole", seeds, "seed")
third_note = of_size
load "plots/stacks.gp"
