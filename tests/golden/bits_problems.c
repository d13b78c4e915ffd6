#include "bits_problems.h"

#include <string.h>

struct shape {
    int32_t ndim, axis;
    int64_t extent[XENT_MAX_NDIM];
};

/* clang-format off */
/* Groups of 64 classes, chunks of 4096, batches of 64 rows: at, below and above each. */
static const struct shape shapes[] = {
    { 1, 0, { 1 } }, { 1, 0, { 2 } }, { 1, 0, { 3 } }, { 1, 0, { 64 } }, { 1, 0, { 65 } }, { 1, 0, { 4096 } },
    { 1, 0, { 4097 } }, { 1, 0, { 20000 } }, { 2, 1, { 2, 3 } }, { 2, 1, { 5, 10 } }, { 2, 1, { 64, 3 } },
    { 2, 1, { 150, 10 } }, { 2, 1, { 3, 64 } }, { 2, 1, { 3, 65 } }, { 2, 1, { 4, 100 } }, { 2, 1, { 5, 1000 } },
    { 2, 1, { 2, 4096 } }, { 2, 1, { 2, 9000 } }, { 2, 1, { 9, 1 } }, { 2, 0, { 2, 3 } }, { 2, 0, { 10, 70 } },
    { 2, 0, { 100, 17 } }, { 2, 0, { 4097, 3 } }, { 3, 2, { 2, 3, 64 } }, { 3, 1, { 2, 1000, 3 } },
    { 3, 0, { 3, 8, 9 } }, { 4, 1, { 2, 21, 5, 7 } }, { 4, 1, { 1, 3, 16, 17 } }, { 4, 1, { 2, 65, 3, 3 } },
    { 5, 3, { 2, 1, 2, 10, 3 } }, { 8, 5, { 1, 2, 1, 3, 2, 33, 1, 2 } }, { 1, 0, { 12300 } }, { 2, 1, { 3, 5000 } },
};
/* clang-format on */

/* Many chunks, and many rows. */
static const struct shape long_shapes[] = {
    { 1, 0, { 20000 } }, { 1, 0, { 30001 } }, { 2, 1, { 2, 13000 } }, { 2, 1, { 700, 3 } }, { 2, 0, { 3, 500 } },
};
enum {
    SHAPES = sizeof shapes / sizeof shapes[0],
    LONG_SHAPES = sizeof long_shapes / sizeof long_shapes[0],
    ROUNDS = 2,
    PLAIN_OPS = OP_MEAN_DIVISOR + 1,      /* the operations of the first list */
    EVERY_OPS = OP_NLL_LOSS_BACKWARD + 1, /* those of the third; the last list has what is newer */
    SCALES = 6,
    SOFTCAPS = 7,
    /* Problems of each list; the first number is that of the dtypes. */
    PLAIN = 2 * PLAIN_OPS * SHAPES * ROUNDS,
    PLAIN_LONG = 2 * 4 * 5 * LONG_SHAPES,
    EVERY = 4 * EVERY_OPS * SHAPES,
    OPTION_PAIRS = 4 * 2 * OPTION_SETS * 4,
    SCALED = 4 * 2 * SCALES * SOFTCAPS,
    LONG = 4 * 4 * 6 * LONG_SHAPES,
    IGNORED = 4 * 8 * 3,
    WEIGHTED_OPS = 5,
    WEIGHTED = 4 * WEIGHTED_OPS * SHAPES,
    CONVERTED = 4 * 2 * 3 * SHAPES,
    NEWER = 4 * (OPS - EVERY_OPS) * SHAPES
};

static void set_shape(struct problem *p, const struct shape *shape)
{
    p->ndim = shape->ndim;
    p->axis = shape->axis;
    memcpy(p->shape, shape->extent, sizeof p->shape);
}

/* The first list: every operation, F32 and F64, over every shape, without options; what the numbers of operations and shapes leave to
   choose is which kind of values, so that each operation meets each kind. All else is drawn. */
static void plain_problem(int k, struct problem *p, struct random *r)
{
    const int shape = k / (2 * PLAIN_OPS) % SHAPES, round = k / (2 * PLAIN_OPS * SHAPES);
    p->op = (enum op)(k / 2 % PLAIN_OPS);
    set_shape(p, &shapes[shape]);
    p->values = (enum values)((shape + round * SHAPES + 3 * (int)p->op) % VALUES_KINDS);
    problem_draw(p, r);
}

/* A sum whose order shows, as F64: one number for all rows, of all rows. */
static void make_sum(struct problem *p)
{
    p->loss_dtype = XENT_F64;
    p->grad_loss_dtype = (xent_dtype)0;
    p->normalizer = 0;
    p->ignore_index = -100;
    if (p->target_dtype != 0 && p->reduction == XENT_REDUCTION_NONE) p->reduction = XENT_REDUCTION_SUM;
}

static const enum values long_values[] = { VALUES_NORMAL, VALUES_OFFSET, VALUES_NARROW, VALUES_HUGE };

/* The second list: sums whose order shows: over many classes, and over many rows, where only the cancelling of huge numbers tells one
   order of compensated additions from another. Weights are drawn. */
static void plain_long_problem(int k, struct problem *p, struct random *r)
{
    static const enum op ops[] = { OP_LOGSUMEXP, OP_NLL_LOSS, OP_CROSS_ENTROPY, OP_CROSS_ENTROPY_GRAD, OP_MEAN_DIVISOR };
    p->op = ops[k / 8 % 5];
    set_shape(p, &long_shapes[k / 40]);
    p->values = long_values[k / 2 % 4];
    problem_draw(p, r);
    make_sum(p);
    if (p->target_dtype != 0) p->target_dtype = XENT_I64;
}

/* What problem k, whose operation is chosen, has on this shape. */
static void over_every_shape(int k, int shape, struct problem *p, struct random *r)
{
    set_shape(p, &shapes[shape]);
    p->values = (enum values)((shape + 7 * (k % 4) + 4 * (int)p->op) % VALUES_KINDS);
    p->options = (unsigned)((shape + 5 * (k % 4)) % OPTION_SETS);
    p->tame = shape % 2;
    problem_draw(p, r);
}

/* The lists from here on have every dtype. The third: every operation over every shape. There are twice as many shapes as kinds of
   values and as sets of options: each operation meets each kind, with each dtype of the logits, and each set. */
static void every_problem(int k, struct problem *p, struct random *r)
{
    p->op = (enum op)(k / 4 % EVERY_OPS);
    over_every_shape(k, k / (4 * EVERY_OPS), p, r);
}

/* The fourth: each set of options with class indices and with probabilities, as loss and with the gradient, on ordinary values. */
static void options_problem(int k, struct problem *p, struct random *r)
{
    static const struct shape some[] = { { 2, 1, { 3, 70 } }, { 3, 1, { 2, 30, 4 } }, { 1, 0, { 4200 } } };
    static const enum values values[] = { VALUES_NORMAL, VALUES_WIDE, VALUES_MASKED, VALUES_OFFSET, VALUES_CONFIDENT };
    p->op = k / 4 % 2 ? OP_CROSS_ENTROPY_GRAD : OP_CROSS_ENTROPY;
    p->options = (unsigned)(k / 8 % OPTION_SETS);
    set_shape(p, &some[(k / 4 + k / 128) % 3]);
    p->values = values[(k / 4 + k / 32) % 5];
    p->tame = 1;
    problem_draw(p, r);
    p->target_dtype = k / 128 % 2 ? XENT_I32 : p->dtype;
    if (p->weight_dtype == 0 && k / 256) p->weight_dtype = XENT_F32;
}

/* The fifth: logits far below and far above the softcap, and scales from one end of their range to the other. */
static void scaled_problem(int k, struct problem *p, struct random *r)
{
    static const double scales[SCALES] = { 1, 1e-30, 1e-6, 0.3, 14.3, 1e30 };
    static const double softcaps[SOFTCAPS] = { 30, 0, 1e-30, 1e-3, 1, 1e4, 1e30 };
    static const struct shape some[] = { { 2, 1, { 5, 100 } }, { 1, 0, { 4099 } }, { 2, 0, { 20, 9 } } };
    static const enum values values[] = { VALUES_NORMAL, VALUES_WIDE,  VALUES_BITS, VALUES_HUGE,
                                          VALUES_OFFSET, VALUES_ZEROS, VALUES_MIXED };
    p->op = k / 4 % 2 ? OP_CROSS_ENTROPY_GRAD : OP_CROSS_ENTROPY;
    set_shape(p, &some[k / 4 % 3]);
    p->values = values[(k / 4 + k / 56) % 7];
    problem_draw(p, r);
    p->logit_scale = scales[k / 56];
    p->softcap = softcaps[k / 8 % SOFTCAPS];
}

/* The sixth: the second one's sums with all options. */
static void long_problem(int k, struct problem *p, struct random *r)
{
    static const enum op ops[] = { OP_LOGSUMEXP,          OP_NLL_LOSS,         OP_CROSS_ENTROPY,
                                   OP_CROSS_ENTROPY_GRAD, OP_SOFTMAX_BACKWARD, OP_LOG_SOFTMAX_BACKWARD };
    p->op = ops[k / 16 % 6];
    set_shape(p, &long_shapes[k / 96]);
    p->values = long_values[k / 4 % 4];
    p->tame = 1;
    problem_draw(p, r);
    make_sum(p);
    if (!problem_takes_options(p)) return;
    p->label_smoothing = 0.1;
    p->z_loss = 0.5;
    if (k / 96 % 2) p->softcap = 30;
    if (k / 96 % 3) p->logit_scale = 0.7;
}

/* The seventh: rows that are ignored beside a z-loss, for every dtype of class indices and every reduction. */
static void ignored_problem(int k, struct problem *p, struct random *r)
{
    static const xent_dtype dtypes[] = { XENT_I64, XENT_I32, XENT_I16, XENT_I8, XENT_U8, XENT_U16, XENT_U32, XENT_U64 };
    static const struct shape some[] = { { 2, 1, { 40, 7 } }, { 3, 1, { 3, 65, 5 } }, { 2, 1, { 9, 300 } } };
    p->op = OP_CROSS_ENTROPY_GRAD;
    set_shape(p, &some[(k / 4 + k / 32) % 3]);
    p->values = VALUES_MIXED;
    p->tame = 1;
    p->options = OPTION_Z_LOSS;
    problem_draw(p, r);
    p->target_dtype = dtypes[k / 4 % 8];
    p->reduction = (xent_reduction)(k / 32);
    p->ignore_index = k % 3;
    if (p->loss_dtype == 0) p->loss_dtype = XENT_F32;
}

/* Rows with weights, in every operation that has targets, over every shape. */
static void weighted_problem(int k, struct problem *p, struct random *r)
{
    static const enum op ops[WEIGHTED_OPS] = { OP_CROSS_ENTROPY, OP_CROSS_ENTROPY_GRAD, OP_NLL_LOSS, OP_NLL_LOSS_BACKWARD,
                                               OP_MEAN_DIVISOR };
    p->op = ops[k / 4 % WEIGHTED_OPS];
    p->row_weights = 1;
    over_every_shape(k, k / 4 / WEIGHTED_OPS, p, r);
    if (p->row_weight_dtype == 0) p->row_weight_dtype = XENT_F32;
}

/* Probabilities and log-probabilities of each dtype to each other one. */
static void converted_problem(int k, struct problem *p, struct random *r)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    p->op = k / 4 % 2 ? OP_LOG_SOFTMAX : OP_SOFTMAX;
    over_every_shape(k, k / 24, p, r);
    p->output_dtype = dtypes[(k % 4 + 1 + k / 8 % 3) % 4];
    p->in_place = 0;
}

/* The last: operations that are newer than the lists above, whose problems have to stay what they are, over every shape. */
static void newer_problem(int k, struct problem *p, struct random *r)
{
    p->op = (enum op)(EVERY_OPS + k / 4 / SHAPES);
    p->row_weights = k / 4 % 3 == 0;
    over_every_shape(k, k / 4 % SHAPES, p, r);
}

static const struct list {
    int problems;
    void (*make)(int k, struct problem *p, struct random *r);
} lists[] = { { PLAIN, plain_problem },          { PLAIN_LONG, plain_long_problem }, { EVERY, every_problem },
              { OPTION_PAIRS, options_problem }, { SCALED, scaled_problem },         { LONG, long_problem },
              { IGNORED, ignored_problem },      { WEIGHTED, weighted_problem },     { CONVERTED, converted_problem },
              { NEWER, newer_problem } };
enum { LISTS = sizeof lists / sizeof lists[0] };

int bits_problem(int k, struct problem *p)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    struct random r = random_stream(1, (uint64_t)k);
    int list = 0;
    memset(p, 0, sizeof *p);
    while (list < LISTS && k >= lists[list].problems) k -= lists[list++].problems;
    if (list == LISTS) return 0;
    p->any_dtype = lists[list].make != plain_problem && lists[list].make != plain_long_problem;
    p->dtype = dtypes[k % (p->any_dtype ? 4 : 2)];
    lists[list].make(k, p, &r);
    return 1;
}
