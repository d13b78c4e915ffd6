#ifndef XENT_TESTS_PARTIAL_BATCH_H
#define XENT_TESTS_PARTIAL_BATCH_H

#include <stdbool.h>

#include "support/random.h"
#include "support/tensors.h"

/* A batch of any options and layout, whose classes can be cut into shards: rows in one call, and rows in parts. */

enum { CHUNK = 4096, MOST_PARTS = 24 };

/* The statistics that merged rows have. */
enum member { LOSS, LSE, MAX, ARGMAX, ENTROPY, MEMBERS };
extern const char *const member_names[MEMBERS];

struct batch {
    xent_dtype dtype;
    int64_t outer, classes, inner, rows; /* the logits' shape; the classes are axis 1 */
    bool probabilities;
    xent_options options;
    xent_tensor *logits, *target, *class_weight, *row_weight, *grad_loss;
};

/* What comes of it. */
struct rows {
    xent_tensor *loss, *member[MEMBERS], *gradient;
};

/* Some classes of all rows. */
struct cut {
    int32_t parts;
    xent_shard shard[MOST_PARTS];
    int64_t block_rows; /* of the exchanges by which gradients are found; 0: by xent_partial_grad */
};

/* Draws values and options for a batch whose dtype and shape are set; plain: with the default options but for the reduction. */
void batch_draw(struct batch *b, bool plain, struct random *r);
void batch_free(struct batch *b);

/* Outputs of their own layouts. loss_dtype: of the loss and all floating statistics. */
struct rows rows_new(const struct batch *b, xent_dtype loss_dtype, struct random *r);
void rows_free(struct rows *rows);

/* In one call of each function, and by the states of shards. in_place: the gradient is written over the logits, and the batch has none
   afterwards. */
void solve_whole(const struct batch *b, struct rows *rows);
void solve_in_parts(struct batch *b, const struct cut *cut, bool in_place, struct rows *rows);

/* The shard's classes of a tensor of the logits' shape, over the same memory; to be destroyed with xent_tensor_destroy. */
xent_tensor *slice_of(const xent_tensor *t, const xent_shard *shard);

/* One shard's states, to be freed. */
xent_partial *reduce_shard(const struct batch *b, const xent_shard *shard);

/* The same bits everywhere. what: how they have been found. */
void expect_same_bits(const xent_tensor *got, const xent_tensor *want, const char *name, const char *what);
void expect_same_rows(const struct rows *got, const struct rows *want, const char *what);

#endif
