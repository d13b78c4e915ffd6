/* What a server of a language model answers who asks for `top_logprobs`: for each position the log-probability of the token that was
 * chosen, and the most probable tokens with theirs.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 *
 * Build it with
 *     cc top_logprobs.c $(pkg-config --cflags --libs xent) -o top_logprobs
 */
#include <stdio.h>
#include <stdlib.h>
#include <xent.h>

enum { POSITIONS = 3, VOCABULARY = 8, TOP = 3 };

static void must(xent_status status)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "%s: %s\n", xent_status_name(status), xent_error_message());
    exit(EXIT_FAILURE);
}

static xent_tensor *wrap(xent_dtype dtype, int32_t ndim, int64_t rows, int64_t columns, void *data)
{
    xent_tensor *t;
    must(xent_tensor_wrap(&t, dtype, ndim, (int64_t[]){ rows, columns }, NULL, data));
    return t;
}

/* The vocabulary is not sorted, and its probabilities are not formed. */
static void answer(xent_tensor *logits, xent_tensor *chosen, xent_tensor *losses, xent_tensor *index, xent_tensor *logp)
{
    xent_options options = XENT_OPTIONS_INIT;
    options.reduction = XENT_REDUCTION_NONE; /* a loss is minus the target's log-probability */
    must(xent_cross_entropy(logits, chosen, &options, losses));
    must(xent_top_k(logits, 1, index, logp));
}

int main(void)
{
    static const char *const token[VOCABULARY] = { "the", "a", "cat", "dog", "sat", "ran", ".", "!" };
    float logits[POSITIONS][VOCABULARY] = { { 0, 0, 3, 2.5f, -1, -1, -4, -4 },
                                            { -2, -2, -3, -3, 4, 1, 0, 0 },
                                            { 1, 1, -5, -5, -5, -5, 1, 0 } };
    int32_t chosen[POSITIONS] = { 2, 5, 6 }, index[POSITIONS][TOP];
    float losses[POSITIONS], logp[POSITIONS][TOP];
    xent_tensor *tensors[] = { wrap(XENT_F32, 2, POSITIONS, VOCABULARY, logits), wrap(XENT_I32, 1, POSITIONS, 0, chosen),
                               wrap(XENT_F32, 1, POSITIONS, 0, losses), wrap(XENT_I32, 2, POSITIONS, TOP, index),
                               wrap(XENT_F32, 2, POSITIONS, TOP, logp) };
    answer(tensors[0], tensors[1], tensors[2], tensors[3], tensors[4]);
    for (int i = 0; i < POSITIONS; i++) {
        printf("%-3s %.4f, of", token[chosen[i]], (double)-losses[i]);
        for (int k = 0; k < TOP; k++) printf("%s %s %.4f", k > 0 ? "," : "", token[index[i][k]], (double)logp[i][k]);
        printf("\n");
    }
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++) xent_tensor_destroy(tensors[i]);
    return EXIT_SUCCESS;
}
