#include <stdlib.h>
#include <string.h>

#include "nan.h"
#include "problem_element.h"
#include "problem_operand.h"
#include "problem_values.h"

/* The tensors of one call, by their roles; unused where the call has none, and for an output in place. */
struct call {
    struct operand operand[ROLES];
    double divisor;
};

/* ---- Tensors ------------------------------------------------------------------------------------------------------------- */

typedef void fill(const struct problem *p, void *out);

/* The values of an input, in the dtype of the problem. */
static fill *const values_of[ROLES] = { [ROLE_INPUT] = fill_logits,       [ROLE_UPSTREAM] = fill_gradient,
                                        [ROLE_CLASSES] = fill_classes,    [ROLE_PROBABILITIES] = fill_probabilities,
                                        [ROLE_WEIGHT] = fill_weights,     [ROLE_ROW_WEIGHT] = fill_row_weights,
                                        [ROLE_GRAD_LOSS] = fill_grad_loss };

/* 0: the call has no such operand. */
static xent_dtype dtype_of(const struct problem *p, enum role role)
{
    const int probabilities = problem_is_floating(p->target_dtype);
    if (!operation_takes(problem_operation(p), role)) return (xent_dtype)0;
    switch (role) {
    case ROLE_CLASSES: return probabilities ? (xent_dtype)0 : p->target_dtype;
    case ROLE_PROBABILITIES: return probabilities ? p->target_dtype : (xent_dtype)0;
    case ROLE_WEIGHT: return p->weight_dtype;
    case ROLE_ROW_WEIGHT: return p->row_weight_dtype;
    case ROLE_GRAD_LOSS: return p->grad_loss_dtype;
    case ROLE_LOSS:
    case ROLE_BEST:
    case ROLE_ROW_LOSS:
    case ROLE_LSE:
    case ROLE_MAX:
    case ROLE_ENTROPY: return p->loss_dtype;
    case ROLE_ARGMAX: return p->seed % 2 ? XENT_I32 : XENT_I64;
    case ROLE_RANK: return probabilities ? (xent_dtype)0 : p->seed % 3 ? XENT_I64 : XENT_I32;
    case ROLE_INDEX: return p->index_dtype;
    case ROLE_UPSTREAM:
    case ROLE_OUTPUT:
        if (p->second_dtype != 0) return p->second_dtype;
        if (role == ROLE_UPSTREAM) return p->widened ? XENT_F32 : p->dtype;
        if (p->output_dtype != 0) return p->output_dtype;
        return p->widened ? XENT_F32 : p->dtype;
    default: return p->widened ? XENT_F32 : p->dtype;
    }
}

/* Where the output is: itself, or the operand in whose place it is. */
static enum role place_of_output(const struct problem *p)
{
    int place = 0;
    for (int role = 0; role < ROLES && p->in_place > 0; role++) {
        place += (problem_operation(p)->in_place & ROLE_BIT(role)) != 0;
        if (place == p->in_place) return (enum role)role;
    }
    return ROLE_OUTPUT;
}

static struct operand shaped(const struct problem *p, enum role role, xent_dtype dtype)
{
    switch (operation_extent(problem_operation(p), role)) {
    case EXTENT_TABLE: return operand_of_logits(p, dtype);
    case EXTENT_ROWS: return operand_of_rows(p, dtype);
    case EXTENT_CLASSES: return operand_of_classes(p, dtype);
    case EXTENT_BEST: return operand_of_best(p, dtype);
    default: return p->reduction == XENT_REDUCTION_NONE ? operand_of_rows(p, dtype) : operand_of_one(p, dtype);
    }
}

/* The values of the last problem's inputs, or NULL. They are the same wherever the tensors lie, and to draw them takes longer than the
   call. */
static struct {
    struct problem problem;
    void *values[ROLES];
} drawn;

/* p without all that its values do not depend on. */
static struct problem drawn_for(const struct problem *p)
{
    struct problem q = *p;
    q.layout = 0;
    q.in_place = q.widened = 0;
    q.loss_dtype = q.output_dtype = q.index_dtype = (xent_dtype)0;
    q.best = 0;
    q.normalizer = 0;
    return q;
}

/* n contiguous values, kept until another problem comes. One thread at a time asks for them. */
static const void *draw_values(const struct problem *p, enum role role, int64_t n)
{
    const struct problem q = drawn_for(p);
    if (memcmp(&q, &drawn.problem, sizeof q) != 0) {
        for (int i = 0; i < ROLES; i++) {
            free(drawn.values[i]);
            drawn.values[i] = NULL;
        }
        memcpy(&drawn.problem, &q, sizeof q);
    }
    if (drawn.values[role] == NULL) {
        drawn.values[role] = memory_new((size_t)n * sizeof(double));
        struct problem own = *p;
        if (role == ROLE_UPSTREAM && p->second_dtype != 0) own.dtype = p->second_dtype;
        values_of[role](&own, drawn.values[role]);
    }
    return drawn.values[role];
}

static void open_input(struct operand *o, const struct problem *p, enum role role, const void *values)
{
    const uint64_t stream = (uint64_t)role + 1;
    if (place_of_output(p) == role)
        operand_input_output(o, p, stream, values);
    else
        operand_input(o, p, stream, values);
}

/* A problem that is widened has its numbers of 16 bits in F32. */
static void open_operand(struct operand *o, const struct problem *p, enum role role)
{
    if (role_rules[role].output) {
        operand_output(o, p, (uint64_t)role + 1);
        return;
    }
    const int64_t n = operand_elements(o);
    const void *values = draw_values(p, role, n);
    if (!p->widened || (role != ROLE_INPUT && role_rules[role].elements != ELEMENTS_OF_INPUT)) {
        open_input(o, p, role, values);
        return;
    }
    void *wide = memory_new((size_t)n * sizeof(float));
    for (int64_t i = 0; i < n; i++) element_store(XENT_F32, wide, i, element_load(p->dtype, values, i));
    open_input(o, p, role, wide);
    free(wide);
}

static void open_call(struct call *c, const struct problem *p)
{
    memset(c, 0, sizeof *c);
    for (int role = 0; role < ROLES; role++) {
        const xent_dtype dtype = dtype_of(p, (enum role)role);
        if (dtype == 0 || (role == ROLE_OUTPUT && p->in_place)) continue;
        c->operand[role] = shaped(p, (enum role)role, dtype);
        open_operand(&c->operand[role], p, (enum role)role);
    }
}

static void close_call(struct call *c)
{
    for (int role = 0; role < ROLES; role++) operand_free(&c->operand[role]);
}

/* ---- Calls --------------------------------------------------------------------------------------------------------------- */

static xent_options options_of(const struct call *c, const struct problem *p)
{
    xent_options options = XENT_OPTIONS_INIT;
    options.axis = p->axis;
    options.reduction = (int32_t)p->reduction;
    options.ignore_index = p->ignore_index;
    options.class_weight = c->operand[ROLE_WEIGHT].tensor;
    options.row_weight = c->operand[ROLE_ROW_WEIGHT].tensor;
    options.normalizer = p->normalizer;
    options.label_smoothing = p->label_smoothing;
    options.z_loss = p->z_loss;
    options.logit_scale = p->logit_scale;
    options.softcap = p->softcap;
    return options;
}

static xent_status run(struct call *c, const struct problem *p)
{
    const xent_options options = options_of(c, p);
    struct arguments a = { .options = &options, .axis = p->axis, .divisor = &c->divisor };
    for (int role = 0; role < ROLES; role++) a.tensor[role] = c->operand[role].tensor;
    if (operation_takes(problem_operation(p), ROLE_OUTPUT)) a.tensor[ROLE_OUTPUT] = c->operand[place_of_output(p)].tensor;
    return problem_operation(p)->call(&a);
}

/* Whether an operand has elements of its own for each row. */
static int is_per_row(const struct problem *p, enum role role)
{
    const enum extent extent = operation_extent(problem_operation(p), role);
    return extent_has_axis(extent) || extent == EXTENT_ROWS ||
           (extent == EXTENT_REDUCED && p->reduction == XENT_REDUCTION_NONE);
}

/* Cuts an operand of the batch shape, with or without the class axis; o has a tensor. */
static void narrow(struct operand *o, const struct problem *p, int32_t dimension, int64_t begin, int64_t end)
{
    operand_narrow(o, o->ndim == p->ndim || dimension < p->axis ? dimension : dimension - 1, begin, end);
}

/* The call for the rows whose index along the dimension lies in [begin, end). */
static xent_status run_piece(struct call *whole, const struct problem *p, int32_t dimension, int64_t begin, int64_t end)
{
    struct call piece = *whole;
    int narrowed[ROLES];
    for (int role = 0; role < ROLES; role++) {
        narrowed[role] = is_per_row(p, (enum role)role) && piece.operand[role].tensor != NULL;
        if (narrowed[role]) narrow(&piece.operand[role], p, dimension, begin, end);
    }
    const xent_status status = run(&piece, p);
    for (int role = 0; role < ROLES; role++)
        if (narrowed[role]) xent_tensor_destroy(piece.operand[role].tensor);
    return status;
}

/* ---- Answers ------------------------------------------------------------------------------------------------------------- */

/* The call's outputs, in the order of the answer. */
static int outputs(struct call *c, const struct problem *p, struct operand **out)
{
    int n = 0;
    for (int role = 0; role < ROLES; role++) {
        const enum role place = role == ROLE_OUTPUT ? place_of_output(p) : (enum role)role;
        if (role_rules[role].output && dtype_of(p, (enum role)role) != 0) out[n++] = &c->operand[place];
    }
    return n;
}

static void take_divisor(struct answer *a, double divisor)
{
    uint64_t bits;
    memcpy(&bits, &divisor, sizeof bits);
    bits = bits_elsewhere(XENT_F64, bits);
    a->bytes = memory_new(sizeof bits);
    for (; a->size < sizeof bits; a->size++) a->bytes[a->size] = (unsigned char)(bits >> (8 * a->size) & 0xff);
}

static void take_outputs(struct answer *a, struct call *c, const struct problem *p)
{
    struct operand *out[ROLES];
    const int n = outputs(c, p, out);
    for (int i = 0; i < n; i++) a->size += (size_t)operand_elements(out[i]) * xent_dtype_size(out[i]->dtype);
    a->bytes = memory_new(a->size);
    unsigned char *to = a->bytes;
    for (int i = 0; i < n; i++) {
        operand_gather(out[i], to);
        to += (size_t)operand_elements(out[i]) * xent_dtype_size(out[i]->dtype);
        a->stray |= operand_stray(out[i]);
    }
}

static struct answer take(struct call *c, const struct problem *p, xent_status status)
{
    struct answer a = { status, 0, NULL, 0 };
    if (status == XENT_OK && problem_operation(p)->divisor)
        take_divisor(&a, c->divisor);
    else if (status == XENT_OK)
        take_outputs(&a, c, p);
    return a;
}

struct answer problem_solve(const struct problem *p)
{
    struct call c;
    open_call(&c, p);
    struct answer a = take(&c, p, run(&c, p));
    close_call(&c);
    return a;
}

struct answer problem_solve_pieces(const struct problem *p, int32_t dimension, struct random *r)
{
    struct call c;
    xent_status status = XENT_OK;
    const int64_t rows = p->shape[dimension], longest = random_chance(r, 3) ? 1 : rows;
    open_call(&c, p);
    for (int64_t begin = 0, end; begin < rows && status == XENT_OK; begin = end) {
        end = begin + 1 + random_below(r, longest < rows - begin ? longest : rows - begin);
        status = run_piece(&c, p, dimension, begin, end);
    }
    struct answer a = take(&c, p, status);
    close_call(&c);
    return a;
}

void answer_free(struct answer *a) { free(a->bytes); }
