/* The linear layer's functions against every check: what each reports, that nothing has changed then, and that of two things wrong the one
   that is checked first is reported. The environment is what it was at first use, so the program runs itself once in each.
   errors_linear list prints what each function reports, for tests/docs/man.sh */
#include "errors_linear.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/again.h"

static struct fault faults[FAULTS_MAX];
static int fault_count;
static unsigned environment; /* what is wrong in this process's */

static bool matches(const char *pattern, const char *text)
{
    if (*pattern == '\0') return *text == '\0';
    if (*pattern == '*') return matches(pattern + 1, text) || (*text != '\0' && matches(pattern, text + 1));
    return *pattern == *text && matches(pattern + 1, text + 1);
}

static bool finds(bool forward, const struct fault *f) { return f->of == BOTH || f->of == (forward ? FORWARD : GRADIENT); }

/* Calls, and expects what the first fault answers; NULL: success. Returns whether the environment was the one for it. */
static bool expect(bool forward, const struct fault *f, const struct fault *also)
{
    struct scene s;
    bool changed;
    scene_begin(&s, forward);
    if (also != NULL) also->provoke(&s, also->which);
    if (f != NULL) f->provoke(&s, f->which);
    if (s.environment != environment) return false;
    const xent_status status = scene_call(&s, &changed), want = f == NULL ? XENT_OK : f->status;
    const char *text = xent_error_message();
    if (status != want || (f != NULL && !matches(f->text, text)) || changed != (f == NULL))
        fail_msg("\"%s\" and \"%s\" wrong, %s: %s: %s%s", f == NULL ? "" : f->text, also == NULL ? "" : also->text,
                 forward ? "forward" : "gradient", xent_status_name(status), text, changed ? " (written)" : "");
    return true;
}

static void test_each_check(void **state)
{
    (void)state;
    for (int forward = 0; forward < 2; forward++) {
        (void)expect(forward, NULL, NULL);
        for (int i = 0; i < fault_count; i++)
            if (finds(forward, &faults[i])) (void)expect(forward, &faults[i], NULL);
    }
}

static void test_the_first_of_two_is_reported(void **state)
{
    (void)state;
    int pairs = 0;
    for (int forward = 0; forward < 2; forward++)
        for (int i = 0; i < fault_count; i++)
            for (int k = i + 1; k < fault_count; k++)
                if (!(faults[i].group & faults[k].group) && finds(forward, &faults[i]) && finds(forward, &faults[k]))
                    pairs += expect(forward, &faults[i], &faults[k]);
    printf("environment %u: %d pairs\n", environment, pairs);
    assert_true(pairs > 0);
}

static int list(void)
{
    for (int i = 0; i < fault_count; i++) {
        if (finds(true, &faults[i])) printf("xent_linear_cross_entropy %s\n", xent_status_name(faults[i].status));
        if (finds(false, &faults[i])) printf("xent_linear_cross_entropy_grad %s\n", xent_status_name(faults[i].status));
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_check),
                                               cmocka_unit_test(test_the_first_of_two_is_reported) };
    int failed = 0;
    fault_count = faults_of_all(faults);
    if (argc > 1 && strcmp(argv[1], "list") == 0) return list();
    if (argc > 1) {
        environment = (unsigned)strtoul(argv[1], NULL, 10);
        return cmocka_run_group_tests(tests, NULL, NULL);
    }
    for (unsigned which = 0; which < ENVIRONMENTS; which++) {
        char text[16];
        (void)snprintf(text, sizeof text, "%u", which);
        failed += run_again(argv[0], which & BAD_BACKEND ? "turbo" : NULL, which & BAD_THREADS ? "many" : NULL, text, NULL);
    }
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
