/* SPDX-License-Identifier: MIT */
/*
 * recording.h - a folder of answers in the conformance format (docs/formats.md) while it is written: DIR.partial, which is
 * renamed when it is complete, or as complete as it could be made.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include <jansson.h>
#include <zlib.h>

#include "../exact/zone_layout.h"

struct fidelity_record {
	char path[2048];
	char partial[2064];
	json_t *kernels; /* of kernels.json */
	uint64_t lines;  /* of answers */
	char name[256];  /* of the file that was added to last: it is open */
	gzFile file;
};

/* path NULL: results/fidelity-DATE. CLI_OK, or a message was printed. */
int recording_open(struct fidelity_record *r, const char *path);
/* Make it appear; CLI_OK, or a message was printed. */
int recording_publish(struct fidelity_record *r);
/* Remove what was written. */
void recording_discard(struct fidelity_record *r);

/* The rest answers 0 or -errno with *diag. */

/* Add an object as a line to a file, which is compressed if it is called so. The object is released. */
int recording_line(struct fidelity_record *r, const char *name, json_t *line, struct contig_diag *diag);
/* Add a kernel's layout to a file, compressed. */
int recording_layout(struct fidelity_record *r, const char *name, const char *kernel, const struct zone_layout *l,
                     struct contig_diag *diag);
/* A copy of a file under its own name, unless it is there already. */
int recording_copy(const struct fidelity_record *r, const char *path, struct contig_diag *diag);
/* An entry of kernels.json: added, or changed where it is there already ("kernel" is its name). The object is released. */
int recording_kernel(struct fidelity_record *r, json_t *kernel, struct contig_diag *diag);

#endif
