/* Evaluating a language model: perplexity, accuracy, top-5 accuracy and mean entropy of a batch of tokens, from one pass over the logits. The
 * logits here are made up: a model that is sure of some tokens and has no idea of others.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <xent.h>

enum { TOKENS = 200, VOCABULARY = 5000, PADDING = -100 };

static void must(xent_status status)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "%s\n", xent_error_message());
    exit(EXIT_FAILURE);
}

/* The same numbers in every run, in [0, 1). */
static float noise(void)
{
    static uint32_t state = 1;
    state = state * 1664525 + 1013904223;
    return (float)(state >> 8) / 16777216;
}

/* Every ninth token is padding; of the others some are foreseen with more certainty than others. */
static void imagine(float *logits, int32_t *target)
{
    for (int i = 0; i < TOKENS; i++) {
        float *row = logits + (size_t)i * VOCABULARY;
        for (int c = 0; c < VOCABULARY; c++) row[c] = 4 * (noise() + noise() + noise());
        target[i] = i % 9 == 8 ? PADDING : (int32_t)(noise() * VOCABULARY);
        if (target[i] != PADDING) row[target[i]] += (float)(i % 5) * 2;
    }
}

int main(void)
{
    const int64_t shape[2] = { TOKENS, VOCABULARY };
    float *logits = malloc(sizeof *logits * TOKENS * VOCABULARY);
    int32_t target[TOKENS], rank[TOKENS];
    double loss[TOKENS], entropy[TOKENS], nll = 0, uncertainty = 0;
    int counted = 0, first = 0, among_five = 0;
    xent_stats stats = XENT_STATS_INIT; /* what is not set is not computed */
    xent_tensor *z, *y;

    if (logits == NULL) return EXIT_FAILURE;
    imagine(logits, target);
    must(xent_tensor_wrap_const(&z, XENT_F32, 2, shape, NULL, logits));
    must(xent_tensor_wrap_const(&y, XENT_I32, 1, shape, NULL, target));
    must(xent_tensor_wrap(&stats.loss, XENT_F64, 1, shape, NULL, loss));
    must(xent_tensor_wrap(&stats.entropy, XENT_F64, 1, shape, NULL, entropy));
    must(xent_tensor_wrap(&stats.rank, XENT_I32, 1, shape, NULL, rank));
    must(xent_row_stats(z, y, NULL, &stats));

    for (int i = 0; i < TOKENS; i++) {
        if (rank[i] < 0) continue; /* padding */
        counted++;
        nll += loss[i];
        uncertainty += entropy[i];
        first += rank[i] == 0;
        among_five += rank[i] < 5;
    }
    printf("tokens %d, perplexity %.2f, accuracy %.1f %%, top-5 %.1f %%, entropy %.3f nats\n", counted, exp(nll / counted),
           100.0 * first / counted, 100.0 * among_five / counted, uncertainty / counted);

    xent_tensor_destroy(stats.rank);
    xent_tensor_destroy(stats.entropy);
    xent_tensor_destroy(stats.loss);
    xent_tensor_destroy(y);
    xent_tensor_destroy(z);
    free(logits);
    return EXIT_SUCCESS;
}
