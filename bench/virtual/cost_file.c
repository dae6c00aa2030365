// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../../workloads/trace/sha256.h"
#include "../cli.h"
#include "cost_file.h"

#define MAGIC      "contigbench-costs"
#define MAX_LINE   1024
#define MAX_NUMBER UINT64_C(1000000000000000)

static const char *const units[COST_UNIT_NR] = { "ps", "milli-instructions" };

const char *cost_unit_name(enum cost_unit unit)
{
	return units[unit];
}

uint64_t cost_file_ps(const struct cost_file *c, uint64_t price)
{
	if (c->unit == COST_UNIT_PS)
		return price;
	return (uint64_t)(((unsigned __int128)price * c->conversion + 500) / 1000);
}

/* ---- reading --------------------------------------------------------------------------------- */

struct reader {
	struct cost_file *to;
	FILE *f;
	const char *name; /* of the file */
	uint32_t line;
	uint32_t nr_prices;
	unsigned int seen; /* of keys[], as bits */
	bool ended;
	struct contig_diag *diag;
};

static int bad(const struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int bad(const struct reader *r, const char *fmt, ...)
{
	char reason[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return contig_diag_set(r->diag, -EINVAL, "%.150s:%u: %s", r->name, r->line, reason);
}

/* The next word of the line, cut off; NULL at its end. Words are separated by one blank. */
static char *word(char **rest)
{
	char *w = *rest;

	if (!w || !*w)
		return NULL;
	*rest = strchr(w, ' ');
	if (*rest)
		*(*rest)++ = '\0';
	return w;
}

static int text(const struct reader *r, const char *key, const char *value, char out[COST_MAX_TEXT])
{
	if (!value || !*value)
		return bad(r, "%s says nothing", key);
	if (strlen(value) >= COST_MAX_TEXT)
		return bad(r, "%s: %zu bytes, up to %u are read", key, strlen(value), COST_MAX_TEXT - 1);
	strcpy(out, value);
	return 0;
}

static int take_name(struct reader *r, char *value)
{
	if (!value || strlen(value) > CONTIG_MAX_NAME || !contig_name_ok(value))
		return bad(r, "name: letters a-z, digits, '.', '_' and '-', at most %u", CONTIG_MAX_NAME);
	strcpy(r->to->name, value);
	return 0;
}

static int take_cpu(struct reader *r, char *value)
{
	return text(r, "cpu", value, r->to->cpu);
}

static int take_kernel(struct reader *r, char *value)
{
	return text(r, "kernel", value, r->to->kernel);
}

static int take_date(struct reader *r, char *value)
{
	unsigned int year, month, day;
	int end = 0;

	if (!value || strlen(value) != 10 || sscanf(value, "%4u-%2u-%2u%n", &year, &month, &day, &end) != 3 ||
	    end != 10 || month < 1 || month > 12 || day < 1 || day > 31)
		return bad(r, "date: YYYY-MM-DD");
	strcpy(r->to->date, value);
	return 0;
}

static int take_how(struct reader *r, char *value)
{
	return text(r, "how", value, r->to->how);
}

static int take_unit(struct reader *r, char *value)
{
	for (uint8_t i = 0; value && i < COST_UNIT_NR; i++) {
		if (!strcmp(units[i], value)) {
			r->to->unit = i;
			return 0;
		}
	}
	return bad(r, "unit: ps or milli-instructions");
}

/* conversion PS LOW HIGH HOW */
static int take_conversion(struct reader *r, char *rest)
{
	struct cost_file *c = r->to;
	char *ps = word(&rest), *low = word(&rest), *high = word(&rest);

	if (!high || !cli_u64(ps, 1, 1000000, &c->conversion) || !cli_u64(low, 1, 1000000, &c->conversion_low) ||
	    !cli_u64(high, 1, 1000000, &c->conversion_high))
		return bad(
			r,
			"conversion: ps an instruction, and the lower and upper end of its interval, from 1 to 1000000");
	if (c->conversion < c->conversion_low || c->conversion > c->conversion_high)
		return bad(r, "conversion: %" PRIu64 " is outside its own interval", c->conversion);
	return text(r, "conversion", rest, c->conversion_how);
}

static bool find_phase(const char *name, unsigned int *out)
{
	for (*out = 0; *out < PHASE_NR; ++*out) {
		if (name && !strcmp(contig_phase_name((enum contig_phase) * out), name))
			return true;
	}
	return false;
}

static bool find_column(const char *name, unsigned int *out)
{
	for (*out = 0; *out < COST_COLUMN_NR; ++*out) {
		if (name && !strcmp(cost_column_name((enum cost_column) * out), name))
			return true;
	}
	return false;
}

/* price PHASE COLUMN PRICE ERROR OBSERVATIONS [NOTE] */
static int take_price(struct reader *r, char *rest)
{
	char *phase = word(&rest), *column = word(&rest), *price = word(&rest), *error = word(&rest), *nr = word(&rest);
	unsigned int p, c;
	uint64_t n;

	if (!find_phase(phase, &p))
		return bad(r, "price: '%.40s' is no phase (isolate, drain, migrate, test, grab, undo, done, search)",
		           phase ? phase : "");
	if (!find_column(column, &c))
		return bad(r,
		           "price: '%.40s' is no column (fixed, blocks, scanned, moved, drained, drains, migrated, "
		           "not_migrated, grabbed)",
		           column ? column : "");
	struct cost_measured *m = &r->to->measured[p][c];

	if (m->given)
		return bad(r, "price: %s %s is given twice", phase, column);
	if (!nr || !cli_u64(price, 0, MAX_NUMBER, &m->price) || !cli_u64(nr, 0, UINT32_MAX, &n))
		return bad(r, "price %s %s: price, standard error or '-', and number of observations, please", phase,
		           column);
	if (n ? !cli_u64(error, 0, MAX_NUMBER, &m->error) : strcmp(error, "-") != 0)
		return bad(r,
		           "price %s %s: a standard error where there are observations, and '-' where there are none",
		           phase, column);
	if (rest && strlen(rest) >= COST_MAX_TEXT)
		return bad(r, "price %s %s: a note of more than %u bytes", phase, column, COST_MAX_TEXT - 1);
	strcpy(m->note, rest ? rest : "");
	m->nr = (uint32_t)n;
	m->given = true;
	r->nr_prices++;
	return 0;
}

static int take_end(struct reader *r, char *value)
{
	uint64_t nr;

	if (!value || !cli_u64(value, 0, UINT32_MAX, &nr) || nr != r->nr_prices)
		return bad(r, "end: %.20s prices were written, %u are here: some are lost",
		           value ? value : "no number of", r->nr_prices);
	r->ended = true;
	return 0;
}

static const struct {
	const char *key;
	int (*take)(struct reader *r, char *value);
	bool often, optional;
} keys[] = {
	{ "name", take_name, false, false },     { "cpu", take_cpu, false, false },
	{ "kernel", take_kernel, false, false }, { "date", take_date, false, false },
	{ "how", take_how, false, false },       { "unit", take_unit, false, false },
	{ "price", take_price, true, false },    { "conversion", take_conversion, false, true },
	{ "end", take_end, false, false },
};
#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

static int take_line(struct reader *r, char *line)
{
	char *rest = line, *key = word(&rest);

	if (!key || *key == '#')
		return 0;
	if (r->ended)
		return bad(r, "something behind the line 'end'");
	for (size_t i = 0; i < NR_KEYS; i++) {
		if (strcmp(keys[i].key, key))
			continue;
		if (!keys[i].often && r->seen & 1u << i)
			return bad(r, "%s is said twice", key);
		r->seen |= 1u << i;
		return keys[i].take(r, rest);
	}
	return bad(r, "'%.40s' is unknown: name, cpu, kernel, date, how, unit, conversion, price or end", key);
}

static int first_line(struct reader *r, const char *line)
{
	uint64_t version;
	size_t n = strlen(MAGIC);

	if (strncmp(line, MAGIC " ", n + 1))
		return bad(r, "no cost file: it does not begin with '" MAGIC " %d'", COST_FILE_VERSION);
	if (!cli_u64(line + n + 1, 0, UINT32_MAX, &version))
		return bad(r, "'%.20s' is no version", line + n + 1);
	if (version != COST_FILE_VERSION)
		return bad(r, "version %" PRIu64 ", this program knows %d: calibrate anew", version, COST_FILE_VERSION);
	return 0;
}

/* All that must be there is, and prices are within what can be added up. */
static int complete(struct reader *r)
{
	struct cost_file *c = r->to;
	bool converted = c->conversion;

	for (size_t i = 0; i < NR_KEYS; i++) {
		if (!keys[i].optional && !(r->seen & 1u << i))
			return bad(r, "there is no line '%s'%s", keys[i].key,
			           r->ended ? "" : ", and none 'end': the file is cut short");
	}
	if (c->unit == COST_UNIT_MILLI_INSTRUCTIONS && !converted)
		return bad(r, "prices in instructions, and no line 'conversion' that makes time of them");
	if (c->unit == COST_UNIT_PS && converted)
		return bad(r, "a line 'conversion', and prices that are times already");
	for (unsigned int p = 0; p < PHASE_NR; p++) {
		for (unsigned int k = 0; k < COST_COLUMN_NR; k++) {
			uint64_t ps = cost_file_ps(c, c->measured[p][k].price);

			if (ps > COST_MAX_PRICE)
				return bad(r, "price %s %s: more than a second",
				           contig_phase_name((enum contig_phase)p),
				           cost_column_name((enum cost_column)k));
			*cost_price(&c->table.phase[p], (enum cost_column)k) = ps;
		}
	}
	c->table.name = c->name;
	c->table.sha256 = c->sha256;
	return 0;
}

static bool printable(const char *line)
{
	for (; *line; line++) {
		if ((unsigned char)*line < ' ' || (unsigned char)*line > '~')
			return false;
	}
	return true;
}

int cost_file_read(struct cost_file *out, FILE *f, const char *name, struct contig_diag *diag)
{
	struct reader r = { .to = out, .f = f, .name = name, .diag = diag };
	char line[MAX_LINE];
	int rc = 0;

	memset(out, 0, sizeof(*out));
	rewind(f);
	errno = 0;
	while (!rc && fgets(line, sizeof(line), f)) {
		size_t n = strlen(line);

		r.line++;
		if (!n || line[n - 1] != '\n') {
			rc = feof(f) ? bad(&r, "the line does not end: the file is cut short")
			             : bad(&r, "a line of more than %d bytes", MAX_LINE - 2);
			break;
		}
		line[n - 1] = '\0';
		if (!printable(line))
			rc = bad(&r, "something other than printable ASCII");
		else
			rc = r.line == 1 ? first_line(&r, line) : take_line(&r, line);
	}
	if (!rc && ferror(f))
		rc = contig_diag_set(diag, errno ? -errno : -EIO, "%.150s: %s", name, strerror(errno ? errno : EIO));
	if (!rc && !r.line)
		rc = contig_diag_set(diag, -EINVAL, "%.150s is empty", name);
	if (!rc)
		rc = complete(&r);
	rewind(f);
	int err = rc ? 0 : sha256_stream(f, out->sha256);

	return err ? contig_diag_set(diag, -err, "%.150s: %s", name, strerror(err)) : rc;
}

/* ---- writing --------------------------------------------------------------------------------- */

void cost_file_write(FILE *f, const struct cost_file *c)
{
	unsigned int nr = 0;

	fprintf(f, MAGIC " %d\nname %s\ncpu %s\nkernel %s\ndate %s\nhow %s\nunit %s\n", COST_FILE_VERSION, c->name,
	        c->cpu, c->kernel, c->date, c->how, units[c->unit]);
	if (c->unit != COST_UNIT_PS)
		fprintf(f, "conversion %" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", c->conversion, c->conversion_low,
		        c->conversion_high, c->conversion_how);
	fputs("# PHASE COLUMN PRICE STANDARD-ERROR OBSERVATIONS\n", f);
	for (unsigned int p = 0; p < PHASE_NR; p++) {
		for (unsigned int k = 0; k < COST_COLUMN_NR; k++) {
			const struct cost_measured *m = &c->measured[p][k];

			if (!m->given)
				continue;
			fprintf(f, "price %s %s %" PRIu64 " ", contig_phase_name((enum contig_phase)p),
			        cost_column_name((enum cost_column)k), m->price);
			if (m->nr)
				fprintf(f, "%" PRIu64 " %u", m->error, m->nr);
			else
				fputs("- 0", f);
			fprintf(f, "%s%s\n", m->note[0] ? " " : "", m->note);
			nr++;
		}
	}
	fprintf(f, "end %u\n", nr);
}
