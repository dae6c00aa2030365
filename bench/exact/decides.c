// SPDX-License-Identifier: MIT
/* decides.c - turning every knob under the recorded answers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decides.h"

/* 1 if the answers notice this backend's rules, 0 if not, or -errno. */
static int noticed(const char *backend, const char *dir, struct contig_diag *diag)
{
	struct conformance *c = calloc(1, sizeof(*c));
	int rc = c ? conformance_run(c, dir, &backend, 1, diag) : contig_diag_set(diag, -ENOMEM, "no memory");
	bool seen = rc == -EUCLEAN || (!rc && c->disagreements);

	free(c);
	return rc && rc != -EUCLEAN ? rc : seen;
}

/* The value that a backend's policy has; knobs that its name turns do not count here. */
static int own_value(const char *backend, const struct contig_knob *k)
{
	const struct contig_backend *b;
	size_t len = strcspn(backend, "+");

	for (size_t i = 0; (b = contig_backend_at(i)); i++) {
		if (strlen(b->name) == len && !strncmp(b->name, backend, len))
			return contig_knob_value(b, k);
	}
	return -1;
}

static int turn(struct decided *d, uint32_t kernel, size_t knob, const char *backend, const struct contig_knob *k,
                const char *dir, struct contig_diag *diag)
{
	int own = own_value(backend, k);
	char spec[256];

	for (unsigned int v = 0; v < k->nr_values && own >= 0; v++) {
		struct contig_diag refused;

		snprintf(spec, sizeof(spec), "%s+%s=%s", backend, k->name, k->values[v].name);
		if ((int)v == own || contig_spec_check(spec, &refused))
			continue;
		int rc = noticed(spec, dir, diag);

		if (rc < 0)
			return rc;
		d->tried[kernel][knob]++;
		d->noticed[kernel][knob] = (uint8_t)(d->noticed[kernel][knob] + rc);
	}
	return 0;
}

int decided_by_answers(struct decided *d, const struct conformance *c, const char *dir, struct contig_diag *diag)
{
	struct contig_knob k;

	memset(d, 0, sizeof(*d));
	for (uint32_t i = 0; i < c->nr_kernels; i++) {
		for (size_t n = 0; n < DECIDES_MAX_KNOBS && contig_knob_at(n, &k); n++) {
			int rc = c->kernel[i].backend[0] ? turn(d, i, n, c->kernel[i].backend, &k, dir, diag) : 0;

			if (rc)
				return rc;
		}
	}
	return 0;
}
