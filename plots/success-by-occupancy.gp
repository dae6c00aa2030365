# SPDX-License-Identifier: MIT
# success-by-occupancy.gp - success rate against the share of memory that is in use at the peak: a panel a size, a line a
# backend.
call "plots/style.gp" ARG1 ARG2 "success-by-occupancy"

y = "success_percent"; low = "success_low"; high = "success_high"
x_name = "peak use, ".(tex ? "\\%" : "%")." of memory"
y_name = "success rate (".(tex ? "\\%" : "%").")"
logarithmic = 0
load "plots/categories.gp"
