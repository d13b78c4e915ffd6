/* A linear layer with its loss, over a product of the caller's that may fail. */
#include <stdlib.h>
#include <string.h>

#include "flaw.h"
#include "linear_call.h"
#include "support/problem_operand.h"

/* What a product and a gradient in two steps give, with all logits at once. The inputs are as they were, and so are the outputs. */
static void expect_two_steps(struct linear_call *c)
{
    struct stage *s = &c->stage;
    struct layer_tensors tensors;
    unsigned char *steps = memory_new(s->answer_size);
    for (int which = 0; which < LAYER_TENSORS; which++) tensors.tensor[which] = s->argument[which].tensor;
    layer_two_steps(&c->layer, &tensors);
    stage_take(s, steps, ~0U);
    for (int which = LAYER_LOSS; which < LAYER_TENSORS; which++) {
        const struct argument *a = &s->argument[which];
        const size_t size = xent_dtype_size(a->dtype);
        for (int64_t i = 0; a->given && i < argument_elements(a); i++) {
            const size_t at = a->answer + (size_t)i * size;
            const double got = answer_number(s, which, i);
            if (memcmp(s->answer + at, steps + at, size) != 0 && got == got)
                flaw("%s has other bits than by two steps at %lld: %.17g", layer_tensor_names[which], (long long)i, got);
        }
    }
    free(steps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const unsigned of_gemm = 1U << LAYER_GRAD_HIDDEN | 1U << LAYER_GRAD_WEIGHT | 1U << LAYER_GRAD_BIAS;
    struct bytes b = { data, size };
    struct linear_call c;
    linear_call_open(&c, &b);
    flaw_description = (struct description){ linear_call_print, &c };
    if (judge(&c.stage, linear_call_make, &c, linear_contract(&c), of_gemm) == XENT_OK && c.plain) expect_two_steps(&c);
    flaw_description = (struct description){ NULL, NULL };
    linear_call_close(&c);
    return 0;
}
