/* The table of public functions and checks: what a call is made of, how each check is provoked, what each function answers.
   errors_table_scene.c, errors_table_checks.c and errors_table_rows.c; errors_table.c walks through it. */
#ifndef XENT_TESTS_ERRORS_TABLE_H
#define XENT_TESTS_ERRORS_TABLE_H

#include "support/tensors.h"

/* ---- A call ------------------------------------------------------------------------------------------------------------ */

/* What functions take. The tensors come first, by what they are to a function, whatever its header calls them. */
enum thing {
    INPUT,    /* z, x, p, logp, logits */
    UPSTREAM, /* grad_p, grad_logp of the backward functions */
    TARGET,
    WEIGHT, /* in the options */
    GRAD_LOSS,
    LOSS,
    OUTPUT, /* p, logp, out, and all gradients */
    OPERANDS,
    OPTIONS = OPERANDS,
    AXIS, /* on its own or in the options */
    DIVISOR,
    OUT, /* where a new tensor's handle goes */
    EXTENTS,
    STRIDES,
    DATA,
    TENSOR, /* to be pointed elsewhere */
    NAME,
    NUMBER,
    CALLBACK,
    THINGS
};
extern const char *const thing_names[THINGS];

#define TAKES(thing) (1U << (thing))

/* A tensor to be made, in the argument's own memory or over that of another one. */
struct operand {
    xent_dtype dtype;
    int32_t ndim;
    int64_t shape[XENT_MAX_NDIM + 1], strides[XENT_MAX_NDIM + 1];
    int read_only;
    enum thing over;     /* itself: its own memory */
    ptrdiff_t past_over; /* bytes from there */
};

enum { ROWS = 2, CLASSES = 3000, OPTIONS_SIZE_MAX = 4096 };

/* What must be so in the environment at first use: XENT_BACKEND and XENT_NUM_THREADS that cannot be honoured. */
enum { BAD_BACKEND = 1, BAD_THREADS = 2, ENVIRONMENTS = 4 };

struct scene {
    unsigned absent;      /* the things that are NULL */
    unsigned environment; /* what the scene needs of it */
    struct operand operands[OPERANDS], made;
    union {
        xent_options options;
        unsigned char bytes[OPTIONS_SIZE_MAX];
    } given;
    int32_t axis, number;
    const char *name;
    int bad_value_of_weight, bad_value_of_target, misaligned, owner, no_memory;
    /* built from it */
    xent_tensor *tensors[OPERANDS], *handle;
    double divisor;
};

struct function {
    const char *name, *kind; /* kind: of its target, or "" */
    xent_status (*call)(struct scene *s);
    unsigned takes; /* bits by TAKES */
    const struct cell *cells;
};

/* A call of f in which nothing is wrong. */
void scene_begin(struct scene *s, const struct function *f);

/* Makes the tensors and calls. *changed names what the call has changed; NULL if nothing: not one byte of all memory that the
   tensors lie in, not the divisor, not what a setter sets; a maker's handle is to be NULL after failure. */
xent_status scene_call(struct scene *s, const struct function *f, const char **changed);

/* ---- The checks -------------------------------------------------------------------------------------------------------- */

/* In the contract's order: NULL arguments; options; element types; ranks, axis and shapes; size overflow (then a tensor's data);
   outputs and overlap; values; backend; memory. Within these, in the order of the arguments. */
enum check {
    NULL_OUT,
    NULL_EXTENTS,
    NULL_TENSOR,
    NULL_NAME,
    NULL_CALLBACK,
    NULL_INPUT,
    NULL_UPSTREAM,
    NULL_TARGET,
    NULL_OPTIONS,
    NULL_WEIGHT,
    NULL_GRAD_LOSS,
    NULL_LOSS,
    NULL_OUTPUT,
    NULL_DIVISOR,

    NUMBER_RANGE,
    OPTIONS_SIZE,
    OPTIONS_TAIL,
    OPTIONS_REDUCTION,
    OPTIONS_SMOOTHING,
    OPTIONS_Z_LOSS,
    OPTIONS_SCALE,
    OPTIONS_SOFTCAP,
    OPTIONS_NORMALIZER,
    OPTIONS_THREADS,
    OPTIONS_RESERVED,
    OPTIONS_IGNORE_INDEX,
    USED_SMOOTHING,
    USED_Z_LOSS,
    USED_SCALE,
    USED_SOFTCAP,

    DTYPE_MADE,
    DTYPE_INPUT,
    DTYPE_UPSTREAM,
    DTYPE_WEIGHT,
    DTYPE_GRAD_LOSS,
    DTYPE_LOSS,
    DTYPE_OUTPUT,

    RANK_MADE,
    EXTENT_MADE,
    RANK_ZERO,
    AXIS_RANGE,
    SHAPE_UPSTREAM,
    KIND_OF_TARGET,
    SHAPE_TARGET,
    NO_CLASSES,
    SHAPE_WEIGHT,
    SHAPE_GRAD_LOSS,
    SHAPE_LOSS,
    SHAPE_OUTPUT,

    PRODUCT_MADE,
    STRIDES_MADE,
    DATA_OWNED,
    DATA_NULL,
    DATA_MISALIGNED,

    LOSS_READ_ONLY,
    LOSS_OVER_ITSELF,
    LOSS_OVER_INPUT,
    LOSS_OVER_TARGET,
    LOSS_OVER_WEIGHT,
    LOSS_OVER_GRAD_LOSS,
    OUTPUT_READ_ONLY,
    OUTPUT_OVER_ITSELF,
    OUTPUT_OVER_INPUT,
    OUTPUT_OVER_UPSTREAM,
    OUTPUT_OVER_TARGET,
    OUTPUT_OVER_WEIGHT,
    OUTPUT_OVER_GRAD_LOSS,
    OUTPUT_OVER_LOSS,

    VALUE_WEIGHT,
    VALUE_TARGET,

    NAME_UNKNOWN,
    BACKEND,
    THREADS,

    MEMORY,
    CHECKS
};

struct column {
    const char *name;
    unsigned needs; /* bits by TAKES: only functions that take all of them can be called so */
    void (*provoke)(struct scene *s);
    int exclusive; /* two checks with the same number other than 0 cannot be provoked at once */
};
extern const struct column columns[CHECKS];

/* ---- The table --------------------------------------------------------------------------------------------------------- */

struct cell {
    enum {
        MISSING,
        REPORTED, /* this status and message; in the text @ stands for the number of classes, # for sizeof(xent_options), * for
                     anything */
        ALLOWED,  /* provoked all the same, the call succeeds; the text says why */
        NEVER     /* cannot be provoked; the text says why */
    } kind;
    xent_status status;
    const char *text;
};

extern const struct function functions[];
extern const int function_count;

/* The cell, or NEVER where the function does not take what the check looks at (the text says what). */
struct cell cell_of(const struct function *f, enum check check);

/* Allocation: errors_table_memory.c. */
void memory_refuse(int refuse);

#endif
