# SPDX-License-Identifier: MIT
# migrated.gp - pages migrated, by all requests, for each that got its range: a panel an occupancy, a line a backend.
call "plots/style.gp" ARG1 ARG2 "migrated"

y = "migrated_per_success"; low = "migrated_low"; high = "migrated_high"
x_name = "size of the request"
y_name = "pages migrated by success"
logarithmic = 1
load "plots/categories.gp"
