# SPDX-License-Identifier: MIT
# success-by-size.gp - success rate against the size of a contiguous request: a panel an occupancy, a line a backend.
call "plots/style.gp" ARG1 ARG2 "success-by-size"

y = "success_percent"; low = "success_low"; high = "success_high"
x_name = "size of the request"
y_name = "success rate (".(tex ? "\\%" : "%").")"
logarithmic = 0
load "plots/categories.gp"
