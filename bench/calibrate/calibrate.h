/* SPDX-License-Identifier: MIT */
/* calibrate.h - `contigbench calibrate`: a kernel is measured, and a cost file comes of it. */
#ifndef CALIBRATE_H
#define CALIBRATE_H

#include "convert.h"
#include "observe.h"

struct calibrate_options {
	const char *guest; /* NAME; NULL: the running kernel */
	bool running;
	const char *from;         /* a cost file of a guest: only its conversion is made anew */
	const char *out;          /* NULL: the terminal */
	const char *name;         /* of the cost table; NULL: made of the kernel's */
	const char *observations; /* a CSV of what the prices were fitted to; NULL: none */
	const char *conversion;   /* a cost file; NULL: a loop is timed */
	uint32_t repeat;
	bool force, json, help;
};

/* What came of it, for the report. */
struct calibration {
	struct cost_file costs;
	struct fit_quality quality[PHASE_NR];
	uint32_t requests, skipped;
	double inside, outside; /* of being traced, in the unit of the prices; 0 by tracepoints */
	char probed[600], missing[300], notes[400];
};

/* CLI_OK, or a message was printed, and all that was changed has been put back. */
int calibrate_running(struct calibration *out, const struct calibrate_options *o, const volatile bool *stop);
int calibrate_guest(struct calibration *out, const struct calibrate_options *o, const volatile bool *stop);

/* --observations. CLI_OK, or a message was printed. */
int calibrate_observations(const struct calibrate_options *o, const struct observations *seen);

/* That of o->conversion, or of a loop timed now. CLI_OK, or a message was printed. */
int calibrate_conversion(struct conversion *k, const struct calibrate_options *o, const struct cost_file *guest);
/* A file of instructions with another conversion: nothing is measured but that. */
int calibrate_from(struct calibration *out, const struct calibrate_options *o);

/* Fill in what a file says of where and when it was made; the kernel's release is given. */
void calibrate_about(struct calibration *out, const struct calibrate_options *o, const char *release,
                     const char *suffix);

void calibrate_report(FILE *f, const struct calibration *c);
void calibrate_json(FILE *f, const struct calibration *c);

#endif
