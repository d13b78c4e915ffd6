/* Every operation of tests/support/operations.h: what a call answers, and what it gives. */
#include "contract.h"
#include "expect.h"
#include "flaw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = { data, size };
    struct call c;
    call_open(&c, &b);
    flaw_description = (struct description){ call_print, &c };
    const statuses allowed = contract_of(&c);
    if (allowed == STATUS_BIT(XENT_OK)) poison_ignored_rows(&c);
    if (judge(&c.stage, call_make, &c, allowed, 0) == XENT_OK) expect_values(&c);
    flaw_description = (struct description){ NULL, NULL };
    call_close(&c);
    return 0;
}
