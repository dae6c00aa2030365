# SPDX-License-Identifier: MIT
# success-by-max-order.gp - success rate against M, or over geometries: a panel an occupancy, a line a backend.
call "plots/style.gp" ARG1 ARG2 "success-by-max-order"

y = "success_percent"; low = "success_low"; high = "success_high"
x_name = "largest order of a free run, M (MAX".(tex ? "\\_" : "_")."PAGE".(tex ? "\\_" : "_")."ORDER)"
y_name = "success rate (".(tex ? "\\%" : "%").")"
logarithmic = 0
third_note = of_size
load "plots/categories.gp"
