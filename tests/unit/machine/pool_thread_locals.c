/* The library's own threads in a program of many thread-local variables, which glibc takes from each thread's stack: Fortran's COMMON
 * blocks and large work arrays. THREAD_LOCALS is how many bytes of them there are. */
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <dirent.h>
#endif

#include "support/backend.h"
#include "support/exam.h"

enum { ROWS = 170, CLASSES = 1000, THREADS = 5 }; /* work enough for so many threads, and little more */

static _Thread_local volatile char locals[THREAD_LOCALS];

/* Where no thread could be started, the caller would have computed alone. */
static void expect_threads(void)
{
#ifdef __linux__
    DIR *tasks = opendir("/proc/self/task");
    int threads = 0;
    assert_non_null(tasks);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) threads += entry->d_name[0] != '.';
    closedir(tasks);
    assert_true(threads >= THREADS);
#endif
}

static void test_same_bits(void **state)
{
    (void)state;
    struct exam e = exam_new(XENT_F32, ROWS, CLASSES, false);
    unsigned char *want = malloc(e.size);
    assert_non_null(want);
    locals[0] = locals[THREAD_LOCALS - 1] = 1; /* or nobody would keep room for them */
    expect_ok(xent_set_num_threads(1));
    exam_solve(&e);
    memcpy(want, e.answers, e.size);
    expect_ok(xent_set_num_threads(THREADS));
    exam_solve(&e);
    expect_threads();
    assert_memory_equal(want, e.answers, e.size);
    free(want);
    exam_free(&e);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_same_bits) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
