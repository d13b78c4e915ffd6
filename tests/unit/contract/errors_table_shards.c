/* The functions of rows in parts: their own faults, and the faults of operations that they share, each once. What they answer to each option,
   dtype and shape is that of xent_cross_entropy, whose checks they run. */
#include <math.h>
#include <string.h>

#include "errors_table.h"
#include "unit/allocations.h"

bool is_of_shards(enum check check)
{
    return check == NULL_SHARD || (check >= PARTS_RANGE && check <= SHARDS_COVER) || check == STATES_COUNT ||
           check == STATES_MISALIGNED || check == STATES_OVER || (check >= SHARD_TARGET && check <= STATES_TARGET);
}

/* ---- A call --------------------------------------------------------------------------------------------------------------- */

/* So many rows of two classes, all in one place, that their states cannot be counted in bytes. */
#define MANY_ROWS (PTRDIFF_MAX / 16)

struct shard_call {
    xent_shard shard[2];
    int64_t rows;
    xent_tensor *logits, *target, *gradient, *lse, *loss;
    xent_options options;
    xent_partial *states, *result; /* what is read, and where states go */
};

static double logits[ROWS * CLASSES];
static int64_t classes[ROWS];
static xent_partial states[ROWS + 1];

static xent_tensor *tensor_at_rows(xent_dtype dtype, int64_t rows, int64_t per_row, const int64_t *strides, void *memory)
{
    return tensor_strided(dtype, per_row == 0 ? 1 : 2, (const int64_t[]){ rows, per_row }, strides, memory);
}

static void *misplaced(const struct scene *s, void *memory)
{
    return (char *)memory + (s->shard_fault[STATES_MISALIGNED] ? 2 : 0);
}

/* Merged rows as they would be, but for what is provoked. */
static void fill_inputs(const struct scene *s)
{
    memset(logits, 0, sizeof logits);
    classes[0] = 0;
    classes[1] = s->shard_fault[SHARD_TARGET] ? CLASSES : 0;
    for (int row = 0; row < ROWS; row++)
        states[row] = (xent_partial){ .argmax = row == 1 && s->shard_fault[STATES_CLASS] ? CLASSES : 0 };
    if (s->shard_fault[STATES_TARGET]) states[1].target = (double)NAN;
}

static void begin_call(struct shard_call *c, const struct scene *s)
{
    const xent_options defaults = XENT_OPTIONS_INIT;
    const bool many = s->shard_fault[STATES_COUNT], over = s->shard_fault[STATES_OVER];
    const int64_t count = many ? 2 : CLASSES;
    const int64_t by_class[2] = { 1, ROWS }, none[2] = { 0, 0 }, *table = many ? none : by_class, *column = many ? none : NULL;
    (void)allocations_end(); /* they fail in the call alone */
    fill_inputs(s);
    c->rows = many ? (int64_t)MANY_ROWS : ROWS;
    c->options = defaults;
    c->options.reduction = XENT_REDUCTION_NONE;
    c->options.axis = 1;
    c->shard[0] = (xent_shard){ 0, count, count, XENT_F64, s->shard_fault[SHARD_RESERVED] };
    if (s->shard_fault[SHARD_DTYPE]) c->shard[0].dtype = XENT_I32;
    if (s->shard_fault[SHARD_EXTENTS]) c->shard[0].classes = count + 1;
    c->shard[1] = (xent_shard){ count, 0, count + s->shard_fault[SHARDS_DIFFER], XENT_F64, 0 };
    if (s->shard_fault[SHARDS_COVER]) c->shard[0].first = 1, c->shard[0].classes--;
    c->states = misplaced(s, over ? scene_memory(ROLE_OUTPUT) : states);
    c->result = misplaced(s, over ? (void *)logits : scene_memory(ROLE_OUTPUT));
    c->logits = tensor_at_rows(XENT_F64, c->rows, count, table, logits);
    c->target = tensor_at_rows(XENT_I64, c->rows, 0, column, classes);
    c->gradient = tensor_at_rows(XENT_F64, c->rows, count, table, scene_memory(ROLE_OUTPUT));
    c->lse = tensor_at_rows(XENT_F64, c->rows, 0, column, scene_memory(over ? ROLE_OUTPUT : ROLE_LSE));
    c->loss = tensor_at_rows(XENT_F64, c->rows, 0, column, scene_memory(ROLE_LOSS));
    if (s->no_memory) allocations_begin(0);
}

static xent_status end_call(struct shard_call *c, xent_status status)
{
    xent_tensor *const made[] = { c->logits, c->target, c->gradient, c->lse, c->loss };
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) xent_tensor_destroy(made[i]);
    return status;
}

static const xent_shard *shard_of(const struct shard_call *c, const struct scene *s)
{
    return s->shard_fault[NULL_SHARD] ? NULL : c->shard;
}

static xent_status call_cut(struct scene *s)
{
    xent_shard *shard = s->shard_fault[NULL_SHARD] ? NULL : scene_memory(ROLE_OUTPUT);
    return xent_shard_cut(s->shard_fault[SHARD_EXTENTS] ? 0 : CLASSES, s->shard_fault[SHARD_DTYPE] ? XENT_I32 : XENT_F64,
                          s->shard_fault[PARTS_RANGE] ? 0 : 2, 0, shard);
}

static xent_status call_reduce(struct scene *s)
{
    struct shard_call c;
    begin_call(&c, s);
    return end_call(&c, xent_partial_reduce(c.logits, shard_of(&c, s), c.target, &c.options, c.result));
}

static xent_status call_merge(struct scene *s)
{
    struct shard_call c;
    begin_call(&c, s);
    const xent_partial *parts[] = { c.states, NULL };
    return end_call(&c, xent_partial_merge(s->shard_fault[PARTS_RANGE] ? 0 : 2, shard_of(&c, s), parts, c.rows,
                                           s->shard_fault[STATES_OVER] ? c.states : c.result));
}

static xent_status call_finish(struct scene *s)
{
    struct shard_call c;
    xent_stats stats = XENT_STATS_INIT;
    begin_call(&c, s);
    stats.lse = c.lse;
    return end_call(&c, xent_partial_finish(c.states, shard_of(&c, s), c.target, &c.options, &stats, c.loss));
}

static xent_status call_grad(struct scene *s)
{
    struct shard_call c;
    begin_call(&c, s);
    return end_call(&c, xent_partial_grad(c.logits, shard_of(&c, s), c.target, &c.options, c.states, NULL, c.gradient));
}

/* The only shard: its states are those of the rows. */
static xent_status take_own(void *user, int64_t first, int64_t rows, const xent_partial *partials, xent_partial *whole)
{
    (void)user;
    (void)first;
    if (rows > 0) memcpy(whole, partials, (size_t)rows * sizeof *whole);
    return XENT_OK;
}

static xent_status call_exchange(struct scene *s)
{
    struct shard_call c;
    xent_exchange exchange = XENT_EXCHANGE_INIT;
    begin_call(&c, s);
    exchange.run = take_own;
    return end_call(&c,
                    xent_partial_exchange(c.logits, shard_of(&c, s), c.target, &c.options, &exchange, NULL, c.result, NULL));
}

static xent_status call_check(struct scene *s)
{
    struct shard_call c;
    xent_stats stats = XENT_STATS_INIT;
    begin_call(&c, s);
    stats.lse = c.lse;
    return end_call(&c, xent_partial_check(c.logits, shard_of(&c, s), c.target, &c.options, &stats, NULL, c.loss, c.gradient));
}

/* ---- What they answer ------------------------------------------------------------------------------------------------------ */

#define OF_ALL                                                                                                                 \
    [BACKEND] = SAYS(UNSUPPORTED, "XENT_BACKEND is \"turbo\", which is not usable here; available: *scalar"),                  \
    [THREADS] = SAYS(UNSUPPORTED, "XENT_NUM_THREADS is \"many\"; available: 1 to 4096, and 0 for the default")
#define COUNTED(name) [STATES_COUNT] = SAYS(OVERFLOW, name ": * rows of 1 states exceed * bytes")
#define ALIGNED(name)                                                                                                          \
    [STATES_MISALIGNED] = SAYS(INVALID_ARGUMENT, name " is misaligned: its address is 2 beyond a multiple of *")
#define OF_SHARD                                                                                                               \
    [NULL_SHARD] = SAYS(INVALID_ARGUMENT, "shard is NULL"),                                                                    \
    [SHARD_RESERVED] = SAYS(INVALID_ARGUMENT, "shard->reserved is 1, expected 0"),                                             \
    [SHARD_DTYPE] = SAYS(DTYPE, "shard->dtype is 17, expected a floating xent_dtype"),                                         \
    [SHARD_EXTENTS] = SAYS(SHAPE, "shard->classes is *, expected 0 to *"),                                                     \
    [SHARD_TARGET] = SAYS(TARGET, "target[1] = 3000 is outside [0, 3000)"), [PARTS_RANGE] = CANNOT("takes one shard"),         \
    [SHARDS_DIFFER] = CANNOT("takes one shard")
#define OF_WHOLE                                                                                                               \
    COUNTED("whole"), ALIGNED("whole"),                                                                                        \
        [STATES_CLASS] = SAYS(INVALID_ARGUMENT, "whole[1] has argmax 3000, expected one of its classes, 0 to 2999")

static const struct cell cut[CHECKS] = {
    [NULL_SHARD] = SAYS(INVALID_ARGUMENT, "shard is NULL"),
    [PARTS_RANGE] = SAYS(INVALID_ARGUMENT, "parts is 0, expected at least 1"),
    [SHARD_RESERVED] = CANNOT("it makes the shard"),
    [SHARD_DTYPE] = SAYS(DTYPE, "dtype is 17, expected a floating xent_dtype"),
    [SHARD_EXTENTS] = SAYS(SHAPE, "of is 0, expected 1 to 9223372036854775807"),
    [SHARDS_DIFFER] = CANNOT("takes no shards"),
    [SHARDS_COVER] = CANNOT("takes no shards"),
    [STATES_COUNT] = CANNOT("takes no states"),
    [STATES_MISALIGNED] = CANNOT("takes no states"),
    [STATES_OVER] = CANNOT("takes no states"),
    [SHARD_TARGET] = CANNOT("takes no target"),
    [STATES_CLASS] = CANNOT("takes no states"),
    [STATES_TARGET] = CANNOT("takes no states"),
    [BACKEND] = ALLOWS("nothing is computed"),
    [THREADS] = ALLOWS("nothing is computed"),
    [MEMORY] = ALLOWS("it allocates nothing"),
};

static const struct cell reduce[CHECKS] = {
    OF_ALL,
    OF_SHARD,
    COUNTED("partials"),
    ALIGNED("partials"),
    [SHARDS_COVER] = SAYS(SHAPE, "logits has * classes along axis 1, expected *, shard->classes"),
    [STATES_OVER] = SAYS(OVERLAP, "partials overlaps logits"),
    [STATES_CLASS] = CANNOT("reads no states"),
    [STATES_TARGET] = CANNOT("reads no states"),
    [MEMORY] = SAYS(NO_MEMORY, "* bytes of working memory could not be allocated"),
};

static const struct cell merge[CHECKS] = {
    OF_ALL,
    COUNTED("whole"),
    ALIGNED("whole"),
    [NULL_SHARD] = SAYS(INVALID_ARGUMENT, "shards is NULL"),
    [PARTS_RANGE] = SAYS(INVALID_ARGUMENT, "parts is 0, expected at least 1"),
    [SHARD_RESERVED] = SAYS(INVALID_ARGUMENT, "shards[0].reserved is 1, expected 0"),
    [SHARD_DTYPE] = SAYS(DTYPE, "shards[0].dtype is 17, expected a floating xent_dtype"),
    [SHARD_EXTENTS] = SAYS(SHAPE, "shards[0].classes is *, expected 0 to *"),
    [SHARDS_DIFFER] = SAYS(INVALID_ARGUMENT, "shards[1].of is *, expected *, as in shards[0]"),
    [SHARDS_COVER] = SAYS(SHAPE, "shards[0].first is 1, expected 0, where those before it end"),
    [STATES_OVER] = SAYS(OVERLAP, "whole overlaps partials[0]"),
    [SHARD_TARGET] = CANNOT("takes no target"),
    [STATES_CLASS] = SAYS(INVALID_ARGUMENT, "partials[0][1] has argmax 3000, expected one of its classes, 0 to 2999"),
    [STATES_TARGET] = CANNOT("knows no target"),
    [MEMORY] = ALLOWS("it needs no memory to work in"),
};

static const struct cell finish[CHECKS] = {
    OF_ALL,
    OF_SHARD,
    OF_WHOLE,
    [SHARDS_COVER] = CANNOT("any shard will do"),
    [STATES_OVER] = SAYS(OVERLAP, "lse overlaps whole"),
    [STATES_TARGET] =
        SAYS(INVALID_ARGUMENT, "whole[1] has no value of class 0, the target: reduced with another one, or without"),
    [MEMORY] = ALLOWS("it needs no memory to work in"),
};

static const struct cell grad[CHECKS] = {
    OF_ALL,
    OF_SHARD,
    OF_WHOLE,
    [SHARDS_COVER] = SAYS(SHAPE, "logits has * classes along axis 1, expected *, shard->classes"),
    [STATES_OVER] = SAYS(OVERLAP, "grad_logits overlaps whole"),
    [STATES_TARGET] = CANNOT("it does not look at it"),
    [MEMORY] = SAYS(NO_MEMORY, "* bytes of working memory could not be allocated"),
};

static const struct cell exchange[CHECKS] = {
    OF_ALL,
    OF_SHARD,
    COUNTED("whole"),
    ALIGNED("whole"),
    [SHARDS_COVER] = SAYS(SHAPE, "logits has * classes along axis 1, expected *, shard->classes"),
    [STATES_OVER] = SAYS(OVERLAP, "whole overlaps logits"),
    [STATES_CLASS] = CANNOT("has them from the exchange: contract/exchange"),
    [STATES_TARGET] = CANNOT("it does not look at it"),
    [MEMORY] = SAYS(NO_MEMORY, "* bytes of working memory could not be allocated"),
};

static const struct cell check_alone[CHECKS] = {
    OF_ALL,
    OF_SHARD,
    [SHARDS_COVER] = SAYS(SHAPE, "logits has * classes along axis 1, expected *, shard->classes"),
    [STATES_COUNT] = CANNOT("takes no states"),
    [STATES_MISALIGNED] = CANNOT("takes no states"),
    [STATES_OVER] = SAYS(OVERLAP, "lse overlaps grad_logits"),
    [STATES_CLASS] = CANNOT("reads no states"),
    [STATES_TARGET] = CANNOT("reads no states"),
    [MEMORY] = ALLOWS("it needs no memory to work in"),
};

const struct function shard_functions[SHARD_FUNCTIONS] = {
    { "xent_shard_cut", NULL, false, call_cut, TAKES(SHARDS), cut },
    { "xent_partial_reduce", NULL, false, call_reduce, TAKES(SHARDS), reduce },
    { "xent_partial_merge", NULL, false, call_merge, TAKES(SHARDS), merge },
    { "xent_partial_finish", NULL, false, call_finish, TAKES(SHARDS), finish },
    { "xent_partial_grad", NULL, false, call_grad, TAKES(SHARDS), grad },
    { "xent_partial_exchange", NULL, false, call_exchange, TAKES(SHARDS), exchange },
    { "xent_partial_check", NULL, false, call_check, TAKES(SHARDS), check_alone },
};
