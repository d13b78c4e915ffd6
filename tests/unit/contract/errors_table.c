/* Every public function against every check: what each reports, that nothing has changed then, and that of two things wrong the one
   that is checked first is reported. BACKEND and THREADS are what the environment was at first use, so the program runs itself
   once in each environment. errors_table <xent.h>; errors_table list prints what each function reports, for tests/docs/man.sh */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors_table.h"
#include "support/again.h"

static struct function functions[FUNCTIONS_MAX];
static struct column columns[COLUMNS_MAX];
static int function_count, column_count;

static unsigned environment; /* what is wrong in this process's */
static const char *header;

/* ---- What was expected ------------------------------------------------------------------------------------------------- */

/* #: sizeof(xent_options); *: anything. */
static bool matches(const char *pattern, const char *text)
{
    char number[24];
    if (*pattern == '\0') return *text == '\0';
    if (*pattern == '*') return matches(pattern + 1, text) || (*text != '\0' && matches(pattern, text + 1));
    if (*pattern != '#') return *pattern == *text && matches(pattern + 1, text + 1);
    (void)snprintf(number, sizeof number, "%d", (int)sizeof(xent_options));
    const size_t length = strlen(number);
    return strncmp(number, text, length) == 0 && matches(pattern + 1, text + length);
}

static int wrong; /* calls that have not answered as they should */

static void complain(const struct function *f, const struct column *provoked, const struct column *also)
{
    char first[NAME_SIZE] = "nothing", second[NAME_SIZE] = "nothing";
    if (provoked != NULL) column_name(provoked, first);
    if (also != NULL) column_name(also, second);
    print_error("%s%s, %s and %s wrong:\n", f->name, f->probabilities ? " of probabilities" : "", first, second);
    wrong++;
}

/* Calls, and expects what the first check answers; NULL: success. */
static void expect(struct scene *s, const struct function *f, const struct column *provoked, const struct column *also)
{
    const struct cell success = { ALLOWED, XENT_OK, "" }, want = provoked == NULL ? success : cell_of(f, provoked, s);
    const char *changed;
    const xent_status status = scene_call(s, f, &changed);
    const char *text = xent_error_message();
    if (status != want.status || (status != XENT_OK && !matches(want.text, text))) {
        complain(f, provoked, also);
        print_error("  answered %s: %s\n  expected %s: %s\n", xent_status_name(status), text, xent_status_name(want.status),
                    want.text);
    } else if (status != XENT_OK && changed != NULL) {
        complain(f, provoked, also);
        print_error("  failed, but changed %s\n", changed);
    }
}

/* The kind of a cell is the same in every scene. */
static struct cell plain_cell(const struct function *f, const struct column *c)
{
    struct scene s;
    scene_begin(&s, f);
    return cell_of(f, c, &s);
}

/* ---- Cells ------------------------------------------------------------------------------------------------------------- */

static void test_no_cell_is_empty(void **state)
{
    (void)state;
    int count[NEVER + 1] = { 0 };
    char name[NAME_SIZE];
    for (int i = 0; i < function_count; i++) {
        for (int c = 0; c < column_count; c++) {
            const struct cell cell = plain_cell(&functions[i], &columns[c]);
            column_name(&columns[c], name);
            if (cell.kind == MISSING) print_error("%s: %s\n", functions[i].name, name);
            count[cell.kind]++;
        }
    }
    printf("%d rows, %d columns: %d reported, %d allowed, %d cannot be\n", function_count, column_count, count[REPORTED],
           count[ALLOWED], count[NEVER]);
    assert_int_equal(count[MISSING], 0);
}

/* What has a table of its own: contract/errors_linear. */
static const char elsewhere[] = "xent_linear_";

static bool has_row(const char *name, size_t length)
{
    if (strncmp(name, elsewhere, sizeof elsewhere - 1) == 0) return true;
    for (int i = 0; i < function_count; i++)
        if (strlen(functions[i].name) == length && strncmp(functions[i].name, name, length) == 0) return true;
    return false;
}

/* Whatever the header declares to answer an xent_status has a row. */
static void test_no_row_is_missing(void **state)
{
    (void)state;
    static const char declares[] = "XENT_API xent_status ";
    char line[512];
    int declared = 0, missing = 0;
    FILE *file = fopen(header, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, declares, strlen(declares)) != 0) continue;
        const char *name = line + strlen(declares);
        const size_t length = strcspn(name, "(");
        declared++;
        if (has_row(name, length)) continue;
        print_error("no row for %.*s\n", (int)length, name);
        missing++;
    }
    fclose(file);
    assert_int_equal(missing, 0);
    assert_true(declared >= 18);
}

/* One check provoked, in each of its variants, or none. */
static void test_each_check(void **state)
{
    (void)state;
    wrong = 0;
    struct scene s;
    for (int i = 0; i < function_count; i++) {
        const struct function *f = &functions[i];
        scene_begin(&s, f);
        if (environment == 0) expect(&s, f, NULL, NULL);
        for (int c = 0; c < column_count; c++) {
            if (plain_cell(f, &columns[c]).kind == NEVER) continue;
            scene_begin(&s, f);
            column_provoke(&columns[c], &s);
            if (s.environment == environment) expect(&s, f, &columns[c], NULL);
        }
    }
    assert_int_equal(wrong, 0);
}

/* ---- Pairs ------------------------------------------------------------------------------------------------------------- */

static int pairs, exclusive;

static void check_pair(const struct function *f, const struct column *first, const struct column *second)
{
    struct scene s;
    if (columns_exclude(first, second)) {
        exclusive++;
        return;
    }
    scene_begin(&s, f);
    column_provoke(second, &s);
    column_provoke(first, &s);
    if (s.environment != environment) return;
    expect(&s, f, first, second);
    pairs++;
}

/* What f reports, one variant of each; returns how many. */
static int reported_by(const struct function *f, const struct column *reported[COLUMNS_MAX])
{
    int n = 0;
    for (int c = 0; c < column_count; c++)
        if (columns[c].variant == 0 && plain_cell(f, &columns[c]).kind == REPORTED) reported[n++] = &columns[c];
    return n;
}

static void test_the_first_of_two_is_reported(void **state)
{
    (void)state;
    const struct column *reported[COLUMNS_MAX];
    wrong = 0;
    for (int i = 0; i < function_count; i++) {
        const int n = reported_by(&functions[i], reported);
        for (int first = 0; first < n; first++)
            for (int second = first + 1; second < n; second++) check_pair(&functions[i], reported[first], reported[second]);
    }
    printf("environment %u: %d pairs, %d exclusive\n", environment, pairs, exclusive);
    assert_true(pairs > 0);
    assert_int_equal(wrong, 0);
}

/* ---- Environments ------------------------------------------------------------------------------------------------------ */

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_cell_is_empty), cmocka_unit_test(test_no_row_is_missing),
        cmocka_unit_test(test_the_first_of_two_is_reported),
        cmocka_unit_test(test_each_check), /* its last rows repair the environment */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

static int run_in(const char *program, unsigned which)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%u", which);
    return run_again(program, which & BAD_BACKEND ? "turbo" : NULL, which & BAD_THREADS ? "many" : NULL, header, text);
}

/* "<function> <status>" for every cell that reports one */
static int list(void)
{
    for (int i = 0; i < function_count; i++) {
        for (int c = 0; c < column_count; c++) {
            const struct cell cell = plain_cell(&functions[i], &columns[c]);
            if (cell.kind == REPORTED) printf("%s %s\n", functions[i].name, xent_status_name(cell.status));
        }
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    int failed = 0;
    if (argc < 2) return EXIT_FAILURE;
    function_count = functions_of_all(functions);
    column_count = columns_of_all(columns);
    if (strcmp(argv[1], "list") == 0) return list();
    header = argv[1];
    if (argc > 2) {
        environment = (unsigned)strtoul(argv[2], NULL, 10);
        return run_all();
    }
    for (unsigned which = 0; which < ENVIRONMENTS; which++) failed += run_in(argv[0], which);
    if (failed != 0) fprintf(stderr, "%d environments failed\n", failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
