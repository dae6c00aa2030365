# SPDX-License-Identifier: MIT
# type-drift.gp - pageblocks that changed their type, by cause, and mixed ones, over time: a line a backend.
call "plots/style.gp" ARG1 ARG2 "type-drift"

y_name = "pageblocks"
y_whole = 1
load "plots/series.gp"
