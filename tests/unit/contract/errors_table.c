/* Every public function against every check: what each reports, that nothing has changed then, and that of two things wrong the one
   that is checked first is reported. BACKEND and THREADS are what the environment was at first use, so the program runs itself
   once in each environment. errors_table <xent.h>; errors_table list prints what each function reports, for tests/docs/man.sh */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors_table.h"
#include "support/again.h"

static unsigned environment; /* what is wrong in this process's */
static const char *header;

/* ---- What was expected ------------------------------------------------------------------------------------------------- */

/* @: the number of classes in this scene; #: sizeof(xent_options); *: anything. */
static int matches(const char *pattern, const char *text, int64_t classes)
{
    char number[24];
    if (*pattern == '\0') return *text == '\0';
    if (*pattern == '*') return matches(pattern + 1, text, classes) || (*text != '\0' && matches(pattern, text + 1, classes));
    if (*pattern != '@' && *pattern != '#') return *pattern == *text && matches(pattern + 1, text + 1, classes);
    (void)snprintf(number, sizeof number, "%lld", *pattern == '@' ? (long long)classes : (long long)sizeof(xent_options));
    const size_t length = strlen(number);
    return strncmp(number, text, length) == 0 && matches(pattern + 1, text + length, classes);
}

static int wrong; /* calls that have not answered as they should */

static void expect(struct scene *s, const struct function *f, const struct cell *want, const char *provoked, const char *also)
{
    const char *changed, *text;
    const xent_status status = scene_call(s, f, &changed);
    text = xent_error_message();
    if (status != want->status || (status != XENT_OK && !matches(want->text, text, s->operands[INPUT].shape[1]))) {
        print_error("%s %s, %s and %s\n  answered %s: %s\n  expected %s: %s\n", f->name, f->kind, provoked, also,
                    xent_status_name(status), text, xent_status_name(want->status), want->text);
        wrong++;
    } else if (status != XENT_OK && changed != NULL) {
        print_error("%s %s, %s and %s: failed, but changed %s\n", f->name, f->kind, provoked, also, changed);
        wrong++;
    }
}

/* ---- Cells ------------------------------------------------------------------------------------------------------------- */

static void test_no_cell_is_empty(void **state)
{
    (void)state;
    int count[NEVER + 1] = { 0 };
    for (int i = 0; i < function_count; i++) {
        for (int c = 0; c < CHECKS; c++) {
            const struct cell cell = cell_of(&functions[i], (enum check)c);
            if (cell.kind == MISSING) print_error("%s %s: %s\n", functions[i].name, functions[i].kind, columns[c].name);
            count[cell.kind]++;
        }
    }
    printf("%d rows, %d checks: %d reported, %d allowed, %d cannot be\n", function_count, (int)CHECKS, count[REPORTED],
           count[ALLOWED], count[NEVER]);
    assert_int_equal(count[MISSING], 0);
}

static int has_row(const char *name, size_t length)
{
    for (int i = 0; i < function_count; i++)
        if (strlen(functions[i].name) == length && strncmp(functions[i].name, name, length) == 0) return 1;
    return 0;
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

/* One check provoked, or none. */
static void test_each_check(void **state)
{
    (void)state;
    wrong = 0;
    const struct cell success = { ALLOWED, XENT_OK, "" };
    struct scene s;
    for (int i = 0; i < function_count; i++) {
        const struct function *f = &functions[i];
        scene_begin(&s, f);
        if (environment == 0) expect(&s, f, &success, "nothing wrong", "nothing else");
        for (int c = 0; c < CHECKS; c++) {
            const struct cell cell = cell_of(f, (enum check)c);
            if (cell.kind == NEVER) continue;
            scene_begin(&s, f);
            columns[c].provoke(&s);
            if (s.environment == environment) expect(&s, f, &cell, columns[c].name, "nothing else");
        }
    }
    assert_int_equal(wrong, 0);
}

/* ---- Pairs ------------------------------------------------------------------------------------------------------------- */

static int pairs, exclusive;

static void check_pair(const struct function *f, int first, int second)
{
    const struct cell want = cell_of(f, (enum check)first);
    struct scene s;
    if (columns[first].exclusive != 0 && columns[first].exclusive == columns[second].exclusive) {
        exclusive++;
        return;
    }
    scene_begin(&s, f);
    columns[second].provoke(&s);
    columns[first].provoke(&s);
    if (s.environment != environment) return;
    expect(&s, f, &want, columns[first].name, columns[second].name);
    pairs++;
}

static void test_the_first_of_two_is_reported(void **state)
{
    (void)state;
    for (int i = 0; i < function_count; i++) {
        for (int first = 0; first < CHECKS; first++) {
            if (cell_of(&functions[i], (enum check)first).kind != REPORTED) continue;
            for (int second = first + 1; second < CHECKS; second++)
                if (cell_of(&functions[i], (enum check)second).kind == REPORTED) check_pair(&functions[i], first, second);
        }
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
        for (int c = 0; c < CHECKS; c++) {
            const struct cell cell = cell_of(&functions[i], (enum check)c);
            if (cell.kind == REPORTED) printf("%s %s\n", functions[i].name, xent_status_name(cell.status));
        }
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    int failed = 0;
    if (argc < 2) return EXIT_FAILURE;
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
