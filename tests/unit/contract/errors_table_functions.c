/* The functions that are no operations: tensors and settings. What is left out of a row is what its function does not take. */
#include <stdio.h>
#include <string.h>

#include "errors_table.h"

#define NOT_GIVEN(name) SAYS(INVALID_ARGUMENT, name " is NULL")
#define NO_ENVIRONMENT [BACKEND] = ALLOWS("nothing is computed"), [THREADS] = ALLOWS("nothing is computed")
#define NO_WORKING_MEMORY [MEMORY] = ALLOWS("it needs no memory to work in")
#if PTRDIFF_MAX == INT64_MAX
#define PTRDIFF_TEXT "9223372036854775807"
#else
#define PTRDIFF_TEXT "2147483647"
#endif

/* ---- Tensors ----------------------------------------------------------------------------------------------------------- */

#define MADE                                                                                                                   \
    NO_ENVIRONMENT,                                                                                                            \
        [NULL_OUT] = NOT_GIVEN("out"), [NULL_EXTENTS] = NOT_GIVEN("shape"),                                                    \
        [DTYPE_MADE] = SAYS(DTYPE, "dtype is 5, expected an xent_dtype"),                                                      \
        [RANK_MADE] = SAYS(SHAPE, "ndim is 9, expected 0 to 8"), [EXTENT_MADE] = SAYS(SHAPE, "shape[1] is -3, expected >= 0"), \
        [PRODUCT_MADE] = SAYS(OVERFLOW, "shape has a product of extents that exceeds " PTRDIFF_TEXT " bytes of F64 elements"), \
        [MEMORY] = SAYS(NO_MEMORY, "* bytes for a tensor could not be allocated")
#define BORROWED                                                                                                               \
    [DATA_NULL] = SAYS(INVALID_ARGUMENT, "data is NULL, expected memory for 6000 elements"),                                   \
    [DATA_MISALIGNED] =                                                                                                        \
        SAYS(INVALID_ARGUMENT, "data is misaligned: its address is 2 beyond a multiple of *, the alignment of F64")
#define WRAPPED                                                                                                                \
    MADE, BORROWED,                                                                                                            \
        [STRIDES_MADE] = SAYS(OVERFLOW, "strides[0] is 9223372036854775807: with extent 2 it reaches offsets that "            \
                                        "exceed " PTRDIFF_TEXT " bytes")

static const struct cell create[CHECKS] = { MADE };
static const struct cell wrapped[CHECKS] = { WRAPPED };
static const struct cell set_data[CHECKS] = {
    NO_ENVIRONMENT,
    BORROWED,
    [NULL_TENSOR] = NOT_GIVEN("t"),
    [DATA_OWNED] = SAYS(INVALID_ARGUMENT, "t owns its memory (made by xent_tensor_create), expected a wrapped tensor"),
    [MEMORY] = ALLOWS("it allocates nothing"),
};

static void *data_of(const struct scene *s)
{
    static double memory[ROWS * CLASSES + 1];
    return s->absent & TAKES(DATA) ? NULL : (char *)memory + (s->misaligned ? 2 : 0);
}

static const int64_t *extents_of(const struct scene *s) { return s->absent & TAKES(EXTENTS) ? NULL : s->made.shape; }

static xent_tensor **out_of(struct scene *s) { return s->absent & TAKES(OUT) ? NULL : &s->handle; }

static xent_status call_create(struct scene *s)
{
    return xent_tensor_create(out_of(s), s->made.dtype, s->made.ndim, extents_of(s));
}

static xent_status call_wrap(struct scene *s)
{
    return xent_tensor_wrap(out_of(s), s->made.dtype, s->made.ndim, extents_of(s), s->made.strides, data_of(s));
}

static xent_status call_wrap_const(struct scene *s)
{
    return xent_tensor_wrap_const(out_of(s), s->made.dtype, s->made.ndim, extents_of(s), s->made.strides, data_of(s));
}

static xent_status call_set_data(struct scene *s) { return xent_tensor_set_data(s->handle, data_of(s)); }

/* ---- Settings ---------------------------------------------------------------------------------------------------------- */

static const struct cell set_parallel_for[CHECKS] = { NO_ENVIRONMENT,
                                                      NO_WORKING_MEMORY, [NULL_CALLBACK] = ALLOWS("the built-in way again") };
static const struct cell set_num_threads[CHECKS] = {
    NO_ENVIRONMENT,
    NO_WORKING_MEMORY, [NUMBER_RANGE] = SAYS(INVALID_ARGUMENT, "n is 5000, expected 1 to 4096, or 0 for the default")
};
static const struct cell set_backend[CHECKS] = { NO_ENVIRONMENT, NO_WORKING_MEMORY, [NULL_NAME] = ALLOWS("the best one again"),
                                                 [NAME_UNKNOWN] = SAYS(
                                                     UNSUPPORTED, "backend \"warp\" is not usable here; available: *scalar") };

static void in_order(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    (void)user;
    for (int64_t i = 0; i < n; i++) body(ctx, i);
}

static xent_status call_set_parallel_for(struct scene *s)
{
    return xent_set_parallel_for(s->absent & TAKES(CALLBACK) ? NULL : in_order, NULL);
}

static xent_status call_set_num_threads(struct scene *s) { return xent_set_num_threads(s->number); }

static xent_status call_set_backend(struct scene *s) { return xent_set_backend(s->name); }

/* ---- Rows -------------------------------------------------------------------------------------------------------------- */

#define TENSOR_TAKES (TAKES(OUT) | TAKES(EXTENTS))
#define WRAP_TAKES (TENSOR_TAKES | TAKES(STRIDES) | TAKES(DATA))

/* The setters come last: they repair what is wrong with the environment. */
static const struct function others[] = {
    { "xent_tensor_create", NULL, false, call_create, TENSOR_TAKES, create },
    { "xent_tensor_wrap", NULL, false, call_wrap, WRAP_TAKES, wrapped },
    { "xent_tensor_wrap_const", NULL, false, call_wrap_const, WRAP_TAKES, wrapped },
    { "xent_tensor_set_data", NULL, false, call_set_data, TAKES(TENSOR) | TAKES(DATA), set_data },
    { "xent_set_parallel_for", NULL, false, call_set_parallel_for, TAKES(CALLBACK), set_parallel_for },
    { "xent_set_num_threads", NULL, false, call_set_num_threads, TAKES(NUMBER), set_num_threads },
    { "xent_set_backend", NULL, false, call_set_backend, TAKES(NAME), set_backend },
};

int functions_of_all(struct function functions[FUNCTIONS_MAX])
{
    int n = 0;
    for (int op = 0; op < OPS; op++) {
        const struct operation *o = &operations[op];
        for (int probabilities = 0; probabilities < operation_kinds_of_target(o); probabilities++, n++) {
            const unsigned takes = (o->options == OPTIONS_NONE ? 0 : TAKES(OPTIONS)) | (o->divisor ? TAKES(DIVISOR) : 0);
            functions[n] = (struct function){ "", o, probabilities, NULL, takes, NULL };
            (void)snprintf(functions[n].name, NAME_SIZE, "xent_%s", o->name);
        }
    }
    memcpy(functions + n, shard_functions, sizeof shard_functions);
    n += SHARD_FUNCTIONS;
    memcpy(functions + n, others, sizeof others);
    return n + (int)(sizeof others / sizeof others[0]);
}

/* What a function has to take so that the check can be provoked; -1: nothing; -2: an operand or the options of an operation. */
static int needed_by(enum check check)
{
    if (is_of_shards(check)) return SHARDS;
    switch (check) {
    case NULL_OUT: return OUT;
    case NULL_EXTENTS:
    case DTYPE_MADE:
    case RANK_MADE:
    case EXTENT_MADE:
    case PRODUCT_MADE: return EXTENTS;
    case STRIDES_MADE: return STRIDES;
    case NULL_TENSOR:
    case DATA_OWNED: return TENSOR;
    case DATA_NULL:
    case DATA_MISALIGNED: return DATA;
    case NULL_NAME:
    case NAME_UNKNOWN: return NAME;
    case NULL_CALLBACK: return CALLBACK;
    case NUMBER_RANGE: return NUMBER;
    case BACKEND:
    case THREADS:
    case MEMORY: return -1;
    default: return -2;
    }
}

struct cell cell_of(const struct function *f, const struct column *c, const struct scene *s)
{
    const struct cell never = { NEVER, XENT_OK, "it does not take what is looked at" };
    const int needed = needed_by(c->check);
    if (needed == -2 || (needed == -1 && f->operation != NULL))
        return f->operation == NULL ? never : cell_of_operation(f, c, s);
    if (needed == -1 || f->takes & TAKES(needed)) return f->cells[c->check];
    return never;
}
