#ifndef XENT_TESTS_EXPECT_H
#define XENT_TESTS_EXPECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <xent.h>

/* The call succeeds; if not, the test fails with the library's message. */
#define expect_ok(call) expect_ok_at((call), #call, __FILE__, __LINE__)

/* The call fails with this status and exactly this message. */
#define expect_error(call, status, message) expect_error_at((call), (status), (message), #call, __FILE__, __LINE__)

/* The call fails with this status and a message that contains each of these strings. */
#define expect_error_naming(call, status, ...)                                                                                 \
    expect_error_naming_at((call), (status), (const char *const[]){ __VA_ARGS__, NULL }, #call, __FILE__, __LINE__)

void expect_ok_at(xent_status got, const char *call, const char *file, int line);
void expect_error_at(xent_status got, xent_status status, const char *message, const char *call, const char *file, int line);
void expect_error_naming_at(xent_status got, xent_status status, const char *const *words, const char *call, const char *file,
                            int line);

#endif
