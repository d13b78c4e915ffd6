/* Prints a hash of the bits of xent_linear_cross_entropy_grad by a product in order, for a fixed list of layers, one line each: numerics
 * version 1, as bits.txt has it for the other operations. linear_bits > tests/golden/linear.txt; linear_bits linear.txt compares. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/backend.h"
#include "support/linear.h"
#include "support/problem.h"

enum { LINE = 200 };

/* FNV-1a, 64 bits, of the elements' bits from the lowest byte on. */
static uint64_t hash(uint64_t h, const xent_tensor *t)
{
    const size_t size = t == NULL ? 0 : xent_dtype_size(xent_tensor_dtype(t));
    for (int64_t i = 0; t != NULL && i < xent_tensor_numel(t); i++)
        for (size_t byte = 0; byte < size; byte++) h = (h ^ (tensor_bits(t, i) >> 8 * byte & 0xFF)) * UINT64_C(0x100000001B3);
    return h;
}

static const xent_dtype floating[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };

/* Layer `number`; false behind the last one. */
static bool layer_of_list(int number, struct layer *l)
{
    static const int64_t shapes[][3] = { { 9, 5, 4 }, { 40, 70, 6 }, { 11, 5000, 3 } };
    const int dtypes = number % 16, shape = number / 16 % 3, variant = number / 48;
    if (variant > 2) return false;
    *l = layer_of(shapes[shape][0], shapes[shape][1], shapes[shape][2], floating[dtypes % 4], floating[dtypes / 4]);
    l->seed = (uint64_t)number + 1;
    l->block_rows = 7;
    l->dtype[LAYER_GRAD_HIDDEN] = l->dtype[LAYER_HIDDEN];
    l->dtype[LAYER_BIAS] = variant > 0 ? floating[dtypes % 4] : (xent_dtype)0;
    l->dtype[LAYER_GRAD_BIAS] = variant > 0 ? layer_logits_dtype(l) : (xent_dtype)0;
    if (variant < 2) return true;
    l->dtype[LAYER_TARGET] = dtypes % 2 == 0 ? XENT_I32 : XENT_F32;
    l->dtype[LAYER_CLASS_WEIGHT] = l->dtype[LAYER_ROW_WEIGHT] = l->dtype[LAYER_GRAD_LOSS] = XENT_F32;
    l->accumulate = 1;
    l->options.reduction = dtypes % 3;
    l->options.label_smoothing = 0.125;
    l->options.z_loss = 0.0625;
    l->options.logit_scale = 0.75;
    l->options.softcap = 3;
    l->options.ignore_index = 1;
    return true;
}

static void solve(int number, const struct layer *l, char line[LINE])
{
    struct layer_tensors t = layer_tensors_of(l);
    struct gemm gemm = { .only_wide = number % 2 != 0 };
    uint64_t h = UINT64_C(0xCBF29CE484222325);
    if (layer_call(l, &t, gemm_in_order, &gemm) != XENT_OK) {
        fprintf(stderr, "layer %d: %s\n", number, xent_error_message());
        exit(EXIT_FAILURE);
    }
    for (int which = LAYER_LOSS; which < LAYER_TENSORS; which++) h = hash(h, t.tensor[which]);
    (void)snprintf(line, LINE, "%d: %lld x %lld x %lld, hidden %s, weight %s, target %s, variant %d: %016" PRIx64 "\n", number,
                   (long long)l->rows, (long long)l->features, (long long)l->classes, dtype_name(l->dtype[LAYER_HIDDEN]),
                   dtype_name(l->dtype[LAYER_WEIGHT]), dtype_name(l->dtype[LAYER_TARGET]), number / 48, h);
    layer_tensors_free(&t);
}

static int compare(FILE *file)
{
    char wanted[LINE], got[LINE];
    struct layer l;
    int number = 0, differ = 0;
    for (; layer_of_list(number, &l); number++) {
        solve(number, &l, got);
        if (fgets(wanted, LINE, file) == NULL) *wanted = '\0';
        if (strcmp(wanted, got) == 0) continue;
        printf("-%s+%s", wanted, got);
        differ++;
    }
    differ += fgets(wanted, LINE, file) != NULL;
    printf("%d layers, %d lines differ\n", number, differ);
    return differ == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    char line[LINE];
    struct layer l;
    int status = EXIT_SUCCESS;
    if (argc > 1) {
        FILE *file = fopen(argv[1], "r");
        require_backend();
        if (file == NULL) {
            perror(argv[1]);
            return EXIT_FAILURE;
        }
        status = compare(file);
        fclose(file);
        return status;
    }
    for (int number = 0; layer_of_list(number, &l); number++) {
        solve(number, &l, line);
        fputs(line, stdout);
    }
    return status;
}
