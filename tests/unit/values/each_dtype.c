#include "each_dtype.h"

#include "support/backend.h"

int run_on_all_dtypes(const struct CMUnitTest *each, size_t count)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    enum { DTYPES = sizeof dtypes / sizeof dtypes[0], MOST = 20 };
    static struct CMUnitTest tests[MOST * DTYPES];
    require_backend();
    assert_in_range(count, 1, MOST);
    for (size_t i = 0; i < DTYPES * count; i++) {
        tests[i] = each[i / DTYPES];
        tests[i].initial_state = (void *)(uintptr_t)&dtypes[i % DTYPES];
    }
    /* the macro counts the elements of an array */
    return _cmocka_run_group_tests("every dtype", tests, DTYPES * count, NULL, NULL);
}
