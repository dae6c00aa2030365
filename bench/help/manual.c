// SPDX-License-Identifier: MIT
/*
 * manual.c - contigbench(1) in mdoc(7), from the tables.
 *
 * Texts of the tables are plain. A line of mdoc is text, or begins with a macro; so text is written word by word, and what is
 * to be set apart - an option, an argument of this command, what stands in backquotes, name(7) - gets a line of its own.
 */
#include <ctype.h>
#include <string.h>

#include "../cli.h"
#include "commands.h"

#define WIDTH 80

struct page {
	FILE *f;
	const struct help *of; /* whose arguments are set apart; NULL: nobody's */
	size_t column;
};

/* ---- words ----------------------------------------------------------------------------------- */

/* A character where roff would see something else than itself. */
static void put_char(FILE *f, char c)
{
	switch (c) {
	case '\\':
		fputs("\\e", f);
		break;
	case '-':
		fputs("\\-", f); /* a hyphen can not be copied into a shell */
		break;
	case '"':
		fputs("\\(dq", f);
		break;
	case '\'':
		fputs("\\(aq", f);
		break;
	case '^':
		fputs("\\(ha", f);
		break;
	case '~':
		fputs("\\(ti", f);
		break;
	default:
		fputc(c, f);
	}
}

/* An argument of a macro: one that is spelt as a macro, or as a delimiter, is neither. */
static void put_argument(FILE *f, const char *word, size_t len)
{
	bool macro = len >= 2 && len <= 3 && isupper((unsigned char)word[0]) && islower((unsigned char)word[1]);

	if (macro || (len == 1 && ispunct((unsigned char)word[0])))
		fputs("\\&", f);
	for (size_t i = 0; i < len; i++)
		put_char(f, word[i]);
}

static void put_arguments(FILE *f, const char *text, size_t len)
{
	while (len) {
		size_t word = strcspn(text, " ");

		word = word < len ? word : len;
		fputc(' ', f);
		put_argument(f, text, word);
		word += strspn(text + word, " ");
		word = word < len ? word : len;
		text += word;
		len -= word;
	}
}

static size_t span(const char *text, size_t len, int (*is)(int c), const char *also)
{
	size_t n = 0;

	while (n < len && (is((unsigned char)text[n]) || strchr(also, text[n])))
		n++;
	return n;
}

static int is_upper_or_digit(int c)
{
	return isupper(c) || isdigit(c);
}

/* One piece of a call: its macro, and how long it is. What is neither flag, name nor argument stands for itself. */
static size_t piece(const char *text, size_t len, const char **macro)
{
	if (*text == '-' && len > 1 && (isalpha((unsigned char)text[1]) || text[1] == '-')) {
		*macro = "Fl";
		return 1 + span(text + 1, len - 1, isalnum, "-_");
	}
	if (isupper((unsigned char)*text)) {
		*macro = "Ar";
		return span(text, len, is_upper_or_digit, "-");
	}
	if (islower((unsigned char)*text)) {
		*macro = "Cm";
		return span(text, len, isalnum, "-_");
	}
	*macro = *text == '[' ? "Oo" : *text == ']' ? "Oc" : "No";
	if (**macro == 'O')
		return 1;
	size_t n = 1;
	while (n < len && !isalpha((unsigned char)text[n]) && !strchr("[]- ", text[n]))
		n++;
	return n;
}

/* "-b BACKEND,... [--json]" as macros, in the line that is begun. */
static void put_call(FILE *f, const char *text, size_t len)
{
	const char *between = ""; /* it and the piece before it */

	while (len) {
		const char *macro;
		size_t n;

		if (*text == ' ') {
			between = *between ? " " : "";
			text++;
			len--;
			continue;
		}
		n = piece(text, len, &macro);
		fprintf(f, "%s%s", between, macro);
		if (*macro != 'O') {
			bool flag = !strcmp(macro, "Fl");

			fputc(' ', f);
			put_argument(f, text + flag, n - flag);
		}
		between = " Ns ";
		text += n;
		len -= n;
	}
}

/* ---- text ------------------------------------------------------------------------------------ */

static void end_line(struct page *p)
{
	if (p->column)
		fputc('\n', p->f);
	p->column = 0;
}

static void put_word(struct page *p, const char *word, size_t len)
{
	if (p->column + 1 + len > WIDTH)
		end_line(p);
	if (p->column)
		fputc(' ', p->f);
	else if (*word == '.' || *word == '\'')
		fputs("\\&", p->f);
	for (size_t i = 0; i < len; i++)
		put_char(p->f, word[i]);
	p->column += len + 1;
	if (len > 1 && strchr(".?!", word[len - 1]) && word[len - 2] != '.')
		end_line(p); /* roff knows the end of a sentence by the line's */
}

/* The word is all of an argument in the command's calls or tables, or a part of one: FILE of "=FILE,...". */
static bool names(const char *text, const char *word, size_t len)
{
	for (const char *at = text; at && (at = strstr(at, word)); at += len) {
		if ((at == text || !isalpha((unsigned char)at[-1])) && !isalpha((unsigned char)at[len]))
			return true;
	}
	return false;
}

/* Of legends the words are what may be named, of options their arguments. */
static bool is_in(const struct help_group *groups, bool legend, const char *word, size_t len)
{
	for (const struct help_group *g = groups; g && g->options; g++) {
		for (const struct help_option *o = g->options; o->flags; o++) {
			if (names(legend ? o->flags : o->arg, word, len))
				return true;
		}
	}
	return false;
}

static bool is_argument(const struct help *h, const char *text, size_t len)
{
	char word[32];

	if (!h || len < 2 || len >= sizeof(word) || span(text, len, isupper, "-") < len)
		return false;
	snprintf(word, sizeof(word), "%.*s", (int)len, text);
	for (const char *const *u = h->usage; *u; u++) {
		if (names(*u, word, len))
			return true;
	}
	return is_in(h->groups, false, word, len) || is_in(h->legend, true, word, len);
}

/* What macro the word wants; NULL: none. */
static const char *macro_of(const struct page *p, const char *word, size_t len)
{
	if (*word == '-' && len > 1 && (isalpha((unsigned char)word[1]) || (word[1] == '-' && len > 2)))
		return "Fl";
	if (len > 3 && word[len - 1] == ')' && word[len - 3] == '(' && isdigit((unsigned char)word[len - 2]))
		return len == 14 && !strncmp(word, "contigbench", 11) ? "Nm" : "Xr";
	return is_argument(p->of, word, len) ? "Ar" : NULL;
}

/* One word with what stands around it: an opening bracket, punctuation. `len` of it is without the latter. */
static void put_marked(struct page *p, const char *macro, bool bracket, const char *word, size_t len,
                       const char *behind, size_t nr_behind)
{
	end_line(p);
	fputc('.', p->f);
	if (!strcmp(macro, "Fl")) {
		fputs(bracket ? "No \\&( Ns " : "", p->f);
		put_call(p->f, word, len);
	} else if (!strcmp(macro, "Nm")) {
		fprintf(p->f, "Nm%s", bracket ? " (" : "");
	} else if (!strcmp(macro, "Xr")) {
		fprintf(p->f, "Xr %s%.*s %c", bracket ? "( " : "", (int)len - 3, word, word[len - 2]);
	} else {
		fprintf(p->f, "%s%s", macro, bracket ? " (" : "");
		put_arguments(p->f, word, len);
	}
	for (size_t i = 0; i < nr_behind; i++)
		fprintf(p->f, " %c", behind[i]);
	fputc('\n', p->f);
}

/* Length of the word without punctuation that ends it. A bracket belongs to a word that opens one, as contigbench(1) does. */
static size_t core_length(const char *word, size_t len)
{
	while (len > 1 && strchr(".,:;?!)", word[len - 1])) {
		if (word[len - 1] == ')' && memchr(word, '(', len))
			break;
		len--;
	}
	return len;
}

static void put_text(struct page *p, const char *text)
{
	while (*text) {
		bool bracket = *text == '(' && text[1] != '\0';
		const char *word = text + bracket;
		size_t len = strcspn(word, " \n"), core = core_length(word, len);
		const char *macro = macro_of(p, word, core);

		if (*word == '`' && strchr(word + 1, '`')) {
			word++;
			core = (size_t)(strchr(word, '`') - word);
			len = core + 1 + strcspn(word + core + 1, " \n");
			put_marked(p, "Ql", bracket, word, core, word + core + 1, len - core - 1);
		} else if (macro) {
			put_marked(p, macro, bracket, word, core, word + core, len - core);
		} else {
			put_word(p, text, len + bracket);
		}
		text = word + len;
		if (*text == '\n') {
			end_line(p);
			fputs(".Pp\n", p->f);
		}
		text += *text != '\0';
	}
	end_line(p);
}

static void put_paragraph(struct page *p, const char *text)
{
	if (!text)
		return;
	fputs(".Pp\n", p->f);
	put_text(p, text);
}

/* ---- sections -------------------------------------------------------------------------------- */

static void put_row(struct page *p, const struct help_option *o, bool legend)
{
	fputs(".It ", p->f);
	if (legend) {
		fputs("Li", p->f);
		put_arguments(p->f, o->flags, strlen(o->flags));
	} else {
		put_call(p->f, o->flags, strlen(o->flags));
		if (o->arg) {
			fputs(help_is_attached(o) ? " Ns " : " ", p->f);
			put_call(p->f, o->arg, strlen(o->arg));
		}
	}
	fputc('\n', p->f);
	put_text(p, o->text);
	put_paragraph(p, o->more);
}

static void put_group(struct page *p, const struct help_group *g, bool legend)
{
	if (g->title) {
		char title[128];

		snprintf(title, sizeof(title), "%s:", g->title);
		put_paragraph(p, title);
	}
	put_paragraph(p, g->text);
	fputs(".Bl -tag -width Ds\n", p->f);
	for (const struct help_option *o = g->options; o->flags; o++)
		put_row(p, o, legend);
	fputs(".El\n", p->f);
}

void help_manual_command(FILE *f, const struct help *h)
{
	struct page p = { f, h, 0 };

	fprintf(f, ".Ss %s\n", h->name);
	put_text(&p, h->text);
	put_paragraph(&p, h->more);
	for (const struct help_group *g = h->groups; g && g->options; g++)
		put_group(&p, g, false);
	for (const struct help_group *g = h->legend; g && g->options; g++)
		put_group(&p, g, true);
	put_paragraph(&p, h->status);
}

/*
 * "contigbench run [OPTION...]": without the program's name, which is .Nm, on a line of its own: groff begins a new line of the
 * synopsis for no other.
 */
static void put_usage(FILE *f, const struct help *h)
{
	for (const char *const *u = h->usage; *u; u++) {
		const char *call = *u + strcspn(*u, " ");

		fputs(".Nm\n.", f);
		put_call(f, call, strlen(call));
		fputc('\n', f);
	}
}

static void put_examples(FILE *f, const struct help *h, bool *any)
{
	struct page p = { f, NULL, 0 };
	char text[256];

	for (const struct help_example *e = h->examples; e && e->call; e++) {
		snprintf(text, sizeof(text), "%c%s:", toupper((unsigned char)e->text[0]), e->text + 1);
		fputs(*any ? ".Pp\n" : "", f);
		put_text(&p, text);
		fputs(".Pp\n.Dl", f);
		put_arguments(f, e->call, strlen(e->call));
		fputc('\n', f);
		*any = true;
	}
}

static void put_section(FILE *f, const struct help_section *s)
{
	struct page p = { f, NULL, 0 };

	fprintf(f, ".Sh %s\n", s->title);
	if (s->text)
		put_text(&p, s->text);
	if (s->rows) {
		fputs(".Bl -tag -width Ds\n", f);
		for (const struct help_option *o = s->rows; o->flags; o++) {
			fprintf(f, ".It %s", s->macro);
			put_arguments(f, o->flags, strlen(o->flags));
			fputc('\n', f);
			put_text(&p, o->text);
		}
		fputs(".El\n", f);
	}
	bool any = false;

	for (const struct cli_command *c = cli_commands; c->help && !strcmp(s->title, "EXAMPLES"); c++)
		put_examples(f, c->help, &any);
}

void help_manual(FILE *f)
{
	fprintf(f, ".\\\" SPDX-License-Identifier: MIT\n.\\\" Made by `contigbench help --manual`.\n.Dd %s\n",
	        cli_revision_date());
	fprintf(f, ".Dt CONTIGBENCH 1\n.Os\n.Sh NAME\n.Nm contigbench\n.Nd %s\n.Sh SYNOPSIS\n",
	        help_contigbench.summary);
	put_usage(f, &help_contigbench);
	for (const struct cli_command *c = cli_commands; c->help; c++)
		put_usage(f, c->help);
	struct page p = { f, NULL, 0 };

	fputs(".Sh DESCRIPTION\n", f);
	put_text(&p, help_contigbench.text);
	put_paragraph(&p, help_contigbench.more);
	for (const struct help_group *g = help_contigbench.groups; g->options; g++)
		put_group(&p, g, false);
	for (const struct cli_command *c = cli_commands; c->help; c++)
		help_manual_command(f, c->help);
	for (const struct help_section *s = help_sections; s->title; s++)
		put_section(f, s);
}
