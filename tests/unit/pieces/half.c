/* Elements of 16 bits as the kernels of each backend read and store them: every number of F16 and of BF16, and what lies
   between each two neighbours. */
#include <math.h>

#include "dispatch/select.h"
#include "support/backend.h"
#include "support/expect.h"
#include "support/half.h"

enum { NUMBERS = 1 << 16, SIGN = 0x8000 };

static const struct {
    xent_dtype dtype;
    int infinity;      /* as it is stored */
    double next_power; /* the power of two behind the largest number: infinity begins halfway to it */
} types[] = { { XENT_F16, 0x7c00, 0x1p16 }, { XENT_BF16, 0x7f80, 0x1p128 } };

enum { TYPES = sizeof types / sizeof types[0] };

static uint16_t halves[NUMBERS];
static float reals[NUMBERS];

static const struct xent_stored_kernels *kernels_of(int type)
{
    const struct xent_kernels *kernels = xent_dispatch_find(xent_backend());
    return types[type].dtype == XENT_F16 ? kernels->f16 : kernels->bf16;
}

static void every_number_is_read(void **state)
{
    (void)state;
    for (int i = 0; i < NUMBERS; i++) halves[i] = (uint16_t)i;
    for (int type = 0; type < TYPES; type++) {
        for (int i = 0; i < NUMBERS; i += XENT_CHUNK) kernels_of(type)->prepare(halves + i, reals + i, XENT_CHUNK, 1, 0);
        for (int i = 0; i < NUMBERS; i++) {
            const double want = half_decode(types[type].dtype, halves[i]), got = (double)reals[i];
            if (isnan(want) ? !isnan(got) : got != want || signbit(got) != signbit(want))
                fail_msg("type %d: 0x%04x is read as %a", type, (unsigned)halves[i], got);
        }
    }
}

/* The number itself, the midpoint between it and the next one, and what lies on either side of the midpoint. */
enum { EACH = 4 };

static float beside(int type, int magnitude, int which)
{
    const xent_dtype dtype = types[type].dtype;
    const double from = half_decode(dtype, (uint16_t)magnitude);
    if (magnitude >= types[type].infinity) return (float)from;
    const double to =
        magnitude + 1 == types[type].infinity ? types[type].next_power : half_decode(dtype, (uint16_t)(magnitude + 1));
    const float middle = (float)((from + to) / 2);
    const float x[EACH] = { (float)from, middle, nextafterf(middle, 0), nextafterf(middle, INFINITY) };
    return x[which];
}

static void every_rounding_is_to_nearest_even(void **state)
{
    (void)state;
    for (int type = 0; type < TYPES; type++)
        for (int which = 0; which < EACH; which++) {
            for (int i = 0; i < NUMBERS; i++) reals[i] = (i & SIGN ? -1.0f : 1.0f) * beside(type, i & ~SIGN, which);
            for (int i = 0; i < NUMBERS; i += XENT_CHUNK) kernels_of(type)->store(reals + i, halves + i, XENT_CHUNK);
            for (int i = 0; i < NUMBERS; i++)
                if (halves[i] != half_encode(types[type].dtype, (double)reals[i]))
                    fail_msg("type %d: %a is stored as 0x%04x", type, (double)reals[i], (unsigned)halves[i]);
        }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_is_read),
        cmocka_unit_test(every_rounding_is_to_nearest_even),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
