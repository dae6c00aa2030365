# SPDX-License-Identifier: MIT
# fragmentation.gp - how fragmented free memory is over time: a panel an index, a line a backend.
call "plots/style.gp" ARG1 ARG2 "fragmentation"

y_name = "index"
y_whole = 0
load "plots/series.gp"
