/* The divergence of two sets of logits: the steps of a row, or rather of two, p's and q's. */
#include "ops/kl.h"

#include <math.h>

#include "rows/write.h"

static struct xent_pair_buffers buffers_of(const struct xent_kl *kl, char *task_memory)
{
    return (struct xent_pair_buffers){ .copy_p = xent_arena_at(task_memory, kl->copy_p),
                                       .copy_q = xent_arena_at(task_memory, kl->copy_q),
                                       .real_p = xent_arena_at(task_memory, kl->real_p),
                                       .real_q = xent_arena_at(task_memory, kl->real_q),
                                       .term_p = xent_arena_at(task_memory, kl->chunk_p),
                                       .term_q = xent_arena_at(task_memory, kl->chunk_q) };
}

/* Both or none, as the row has it. */
static struct xent_pair_terms terms_of(const struct xent_row *row)
{
    return (struct xent_pair_terms){ row->terms == NULL ? NULL : row->beside_terms, row->terms };
}

bool xent_kl_row_is_ignored(const struct xent_kl *kl, const struct xent_position *position, double *weight)
{
    const struct xent_loss *loss = &kl->loss;
    const struct xent_tensor *row_weight = loss->options.row_weight;
    *weight = row_weight == NULL ? 1 : xent_row_weight_at(row_weight, position->offset[XENT_LOSS_ROW_WEIGHT]);
    if (*weight == 0) return true;
    if (!loss->rule.may_ignore) return false;
    return xent_target_ignored(
        &loss->rule, xent_load_index(loss->rule.dtype, (const char *)loss->target->data + position->offset[XENT_LOSS_TARGET]));
}

static void begin(const void *call, const struct xent_position *position, const struct xent_memory *memory,
                  struct xent_row *row)
{
    const struct xent_kl *kl = call;
    const struct xent_loss *loss = &kl->loss;
    row->in = xent_line_of(loss->logits, loss->axis, position->offset[XENT_LOSS_LOGITS]);
    row->beside = xent_line_of(kl->logits_p, loss->axis, position->offset[XENT_KL_P]);
    row->pairs = xent_arena_at(memory->row, kl->pairs);
    row->terms = row->beside_terms = NULL;
    row->ignored = xent_kl_row_is_ignored(kl, position, &row->weight);
    if (loss->grad_logits == NULL) return;
    row->out = xent_line_of(loss->grad_logits, loss->axis, position->offset[XENT_LOSS_GRAD]);
    row->terms = memory->row + kl->terms_q;
    row->beside_terms = memory->row + kl->terms_p;
    row->factor = xent_loss_factor(loss, position, row->weight);
}

/* The chunk of q is that of the row; a divergence stands in the place of its gap. */
static void reduce(const void *call, const struct xent_row *row, char *task_memory, int64_t chunk, struct xent_chunk *to)
{
    const struct xent_kl *kl = call;
    struct xent_pair_buffers buffers = buffers_of(kl, task_memory);
    struct xent_pair_terms terms = terms_of(row);
    struct xent_chunk_pair *pair = &row->pairs[chunk];
    xent_pair_reduce(&kl->type, &row->beside, &row->in, &terms, &buffers, chunk, pair);
    *to = pair->q;
    if (kl->type.type.classes <= XENT_CHUNK)
        to->state.gap = xent_pair_divergence(&kl->type, pair, &pair->p.state, &pair->q.state);
}

/* Of p; that of q is the drive's. */
static struct xent_state merge_chunks(const struct xent_kl *kl, const struct xent_chunk_pair *pairs)
{
    const struct xent_real_kernels *kernels = kl->type.type.kernels->real;
    struct xent_tree tree;
    xent_tree_begin(&tree);
    for (int64_t i = 0; i < xent_chunk_count(kl->type.type.classes); i++)
        xent_tree_push(&tree, kernels, &(struct xent_node){ 0, i, pairs[i].p.state });
    return xent_tree_total(&tree, kernels);
}

static void finish_row(const struct xent_kl *kl, struct xent_row *row)
{
    row->result = 0;
    if (row->ignored) return;
    row->beside_state = row->pairs->p.state;
    if (kl->type.type.classes <= XENT_CHUNK) {
        row->result = row->state.gap;
    } else {
        row->beside_state = merge_chunks(kl, row->pairs);
        row->result = xent_pair_divergence(&kl->type, row->pairs, &row->beside_state, &row->state);
    }
    row->result = xent_loss_weighted(row->result, row->weight);
}

static void finish(const void *call, struct xent_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) finish_row(call, &rows[i]);
}

/* As for a loss: NaN where a row, its divisor or its upstream gradient makes all entries so. */
static bool is_uniform(const struct xent_kl *kl, const struct xent_row *row, double *entry)
{
    *entry = 0;
    if (row->ignored) return true;
    *entry = (double)NAN;
    return !xent_state_is_finite(&row->state) || !xent_state_is_finite(&row->beside_state) || kl->loss.divisor == 0 ||
           row->factor != row->factor;
}

static void write(const void *call, const struct xent_row *row, char *task_memory, struct xent_span span)
{
    const struct xent_kl *kl = call;
    struct xent_pair_buffers buffers = buffers_of(kl, task_memory);
    struct xent_pair_terms terms = terms_of(row);
    double entry;
    if (is_uniform(kl, row, &entry))
        xent_row_fill(&kl->type.q, row, entry, span);
    else
        xent_pair_write(&kl->type, &row->in, &row->out, &terms, row->pairs, &row->beside_state, &row->state, row->factor,
                        &buffers, span);
}

const struct xent_row_steps xent_kl_steps = { .begin = begin, .reduce = reduce, .finish = finish };
const struct xent_row_steps xent_kl_gradient_steps = { .begin = begin, .reduce = reduce, .finish = finish, .write = write };

const struct xent_operation xent_kl_operation = { .check = xent_kl_check, .plan = xent_kl_plan, .end = xent_loss_end };
