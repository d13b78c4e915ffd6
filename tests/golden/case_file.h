#ifndef XENT_TESTS_CASE_FILE_H
#define XENT_TESTS_CASE_FILE_H

#include <stdbool.h>

#include "support/operations.h"
#include "support/tensors.h"

/* The cases of cases.txt as generate.py wrote them. */

/* A layout that only inputs can have, besides those of support/tensors.h: stride 0 along one dimension. */
enum { BROADCAST = LAYOUTS };

enum in_place { OUT_OF_PLACE, IN_PLACE_INPUT, IN_PLACE_UPSTREAM };

/* value is NULL where the case does not have the list; a list can be empty. */
struct numbers {
    double *value;
    int64_t count;
};

/* Dtypes are 0 where there is no such tensor. */
struct golden_case {
    char *title;
    int32_t operation, dtype; /* of enum op; of the input */
    int32_t axis, ndim;
    int64_t shape[XENT_MAX_NDIM]; /* of the input, or of the logits that the target belongs to */
    int32_t layout, operand_layout, out_layout, in_place;
    int32_t target, class_weight, row_weight, grad_loss, loss;
    xent_options options; /* without axis and weights */
    struct numbers input, upstream, classes, probabilities, weights, row_weights, grad_losses;

    /* The answers, each within `error` of the exact value, relative. */
    struct numbers answer_output, answer_loss, answer_gradient, answer_divisor;
    double error;
};

/* All cases of the file; ends the program with a message where it is damaged. */
struct golden_case *golden_cases_read(const char *path, int64_t *count);
void golden_cases_free(struct golden_case *cases, int64_t count);

/* ---- The geometry of a case -------------------------------------------------------------------------------------------- */

int32_t golden_class_axis(const struct golden_case *g);
int64_t golden_class_count(const struct golden_case *g);

/* The number of rows; the batch shape, of rank ndim - 1, goes to `shape` unless that is NULL. */
int64_t golden_batch_shape(const struct golden_case *g, int64_t *shape);

/* Where class c of row `row` stands among the elements in row-major order. */
int64_t golden_element(const struct golden_case *g, int64_t row, int64_t c);

/* The weight of a row; whether that is 0 or the row's target is ignore_index. */
double golden_row_weight(const struct golden_case *g, int64_t row);
bool golden_ignored(const struct golden_case *g, int64_t row);

#endif
