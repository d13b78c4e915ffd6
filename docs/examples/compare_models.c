/* How far a model in bf16 is from the original, token by token: the divergence of the original's probabilities from its own. The logits here
 * are made up; in practice they are those of two runs over one text. Prints the mean, the largest divergence and where it is.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xent.h>

enum { TOKENS = 200, VOCABULARY = 5000 };

static void must(xent_status status)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "%s: %s\n", xent_status_name(status), xent_error_message());
    exit(EXIT_FAILURE);
}

/* Numbers from -10 to 10, the same on every machine. */
static float next_logit(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) * (20.0f / 16777216.0f) - 10.0f;
}

/* The upper half of a float, cut off: what a careless conversion does. */
static uint16_t truncated(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)(bits >> 16);
}

int main(void)
{
    const int64_t shape[2] = { TOKENS, VOCABULARY };
    xent_tensor *original, *reduced, *each, *all;
    must(xent_tensor_create(&original, XENT_F32, 2, shape));
    must(xent_tensor_create(&reduced, XENT_BF16, 2, shape));
    must(xent_tensor_create(&each, XENT_F64, 1, shape));
    must(xent_tensor_create(&all, XENT_F64, 0, NULL));

    float *z = xent_tensor_data(original);
    uint16_t *short_z = xent_tensor_data(reduced);
    uint32_t state = 1;
    for (int i = 0; i < TOKENS * VOCABULARY; i++) {
        z[i] = next_logit(&state);
        short_z[i] = truncated(z[i]);
    }

    xent_options options = XENT_OPTIONS_INIT;
    must(xent_kl_div(original, reduced, NULL, &options, all)); /* the mean; the two have different types */
    options.reduction = XENT_REDUCTION_NONE;
    must(xent_kl_div(original, reduced, NULL, &options, each));

    const double *mean = xent_tensor_data(all), *kl = xent_tensor_data(each);
    int worst = 0;
    for (int i = 1; i < TOKENS; i++)
        if (kl[i] > kl[worst]) worst = i;
    printf("mean %.6g, largest %.6g at token %d\n", *mean, kl[worst], worst);

    xent_tensor_destroy(original);
    xent_tensor_destroy(reduced);
    xent_tensor_destroy(each);
    xent_tensor_destroy(all);
    return 0;
}
