/* Cross entropy of a linear layer's logits: for each block of rows the logits by gemm, the loss in their place by the code of
 * xent_cross_entropy, and the gradients by gemm. */
#include "ops/linear.h"

#include "args/check.h"
#include "ops/linear_run.h"
#include "ops/loss_check.h"
#include "ops/loss_plan.h"

/* ---- Blocks ------------------------------------------------------------------------------------------------------- */

/* By default: bytes of logits, and rows that a gemm likes to have in multiples of. */
#define BLOCK_BYTES ((size_t)64 << 20)
enum { BLOCK_ROWS_UNIT = 16 };

/* A loss of reduction NONE, for so many rows of the batch, over the divisor of the whole batch. Each tensor is the batch's, cut to these rows. */
struct block {
    struct xent_tensor logits, target, row_weight, grad_loss, losses;
    struct xent_loss loss;
    struct xent_drive drive;
};

static struct xent_tensor cut(const struct xent_tensor *tensor, int64_t rows)
{
    struct xent_tensor piece = *tensor;
    piece.shape[0] = rows;
    piece.numel = rows * (piece.ndim > 1 ? piece.shape[1] : 1);
    return piece;
}

/* One number for all rows is one for each of them. */
static struct xent_tensor cut_upstream(const struct xent_loss *loss, int64_t rows)
{
    struct xent_tensor piece = *loss->grad_loss;
    if (loss->options.reduction != XENT_REDUCTION_NONE) {
        piece.ndim = 1;
        piece.step[0] = 0;
    }
    return cut(&piece, rows);
}

static void set_dense(struct xent_tensor *tensor, int64_t rows, int64_t columns)
{
    tensor->shape[0] = rows;
    tensor->shape[1] = columns;
    tensor->numel = rows * columns;
    tensor->strides[0] = columns;
    tensor->strides[1] = 1;
    tensor->step[0] = (ptrdiff_t)((size_t)columns * tensor->size); /* where that is no address there is no memory either */
    tensor->step[1] = (ptrdiff_t)tensor->size;
}

static void plan_block(const struct xent_linear_run *run, int64_t rows, struct block *block)
{
    const struct xent_linear_loss *call = run->call;
    struct xent_loss *loss = &block->loss;
    *loss = call->loss;
    block->logits = call->logits;
    set_dense(&block->logits, rows, call->classes);
    block->target = cut(loss->target, rows);
    loss->logits = &block->logits;
    loss->target = &block->target;
    loss->grad_logits = xent_linear_has_gradient(call) ? &block->logits : NULL;
    if (loss->options.row_weight != NULL) {
        block->row_weight = cut(loss->options.row_weight, rows);
        loss->options.row_weight = &block->row_weight;
    }
    if (loss->grad_loss != NULL) {
        block->grad_loss = cut_upstream(loss, rows);
        loss->grad_loss = &block->grad_loss;
    }
    if (loss->loss != NULL) {
        block->losses = (struct xent_tensor){ .dtype = XENT_F64, .ndim = 1, .floating = true, .size = sizeof(double) };
        set_dense(&block->losses, rows, 1);
        loss->loss = &block->losses;
    }
    loss->options.reduction = XENT_REDUCTION_NONE;
    xent_loss_plan_walk(loss);
    xent_cross_entropy_plan(loss, run->settings, &block->drive);
    loss->divisor = call->loss.divisor;
    block->drive.parallel.caller = run->caller;
    xent_drive_lay_out(&block->drive);
}

static void *row_of(const struct xent_tensor *tensor, int64_t row)
{
    return row == 0 ? tensor->data : (char *)tensor->data + (ptrdiff_t)row * tensor->step[0];
}

/* Cuts the tensors at these rows instead. */
static void move_block(const struct xent_linear_run *run, int64_t from, struct block *block)
{
    const struct xent_loss *whole = &run->call->loss;
    block->logits.data = run->logits;
    block->target.data = row_of(whole->target, from);
    if (whole->options.row_weight != NULL) block->row_weight.data = row_of(whole->options.row_weight, from);
    if (whole->grad_loss != NULL && block->grad_loss.step[0] != 0) block->grad_loss.data = row_of(whole->grad_loss, from);
    if (whole->loss != NULL) block->losses.data = run->losses + from;
}

/* ---- All rows ----------------------------------------------------------------------------------------------------- */

static int64_t rounded_up(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

/* Blocks of a size, as far as their unit allows: the last one does not come out short. */
static int64_t automatic_block_rows(const struct xent_linear_loss *call)
{
    const int64_t most = (int64_t)(BLOCK_BYTES / call->logits.size) / call->classes / BLOCK_ROWS_UNIT * BLOCK_ROWS_UNIT;
    const int64_t rows = most < BLOCK_ROWS_UNIT ? BLOCK_ROWS_UNIT : most;
    const int64_t blocks = (call->rows - 1) / rows + 1;
    return rounded_up((call->rows - 1) / blocks + 1, BLOCK_ROWS_UNIT);
}

static int64_t block_rows_of(const struct xent_linear_loss *call)
{
    int64_t rows = call->layer.block_rows;
    if (call->rows == 0) return 0;
    if (rows == 0) rows = automatic_block_rows(call);
    return rows < call->rows ? rows : call->rows;
}

static xent_status run_block(struct xent_linear_run *run, struct xent_linear_rows rows, struct block *block)
{
    const struct xent_linear_loss *call = run->call;
    move_block(run, rows.from, block);
    xent_linear_begin_logits(run, rows.count);
    XENT_TRY(xent_linear_multiply(run, XENT_PRODUCT_LOGITS, rows));
    (void)xent_drive_run(&block->drive);
    if (call->grad_bias != NULL) xent_linear_add_grad_bias(run, rows.count);
    if (call->grad_hidden != NULL) {
        XENT_TRY(xent_linear_multiply(run, XENT_PRODUCT_GRAD_HIDDEN, rows));
        if (run->grad_hidden != NULL) xent_linear_put_grad_hidden(run, rows);
    }
    return call->grad_weight == NULL ? XENT_OK : xent_linear_multiply(run, XENT_PRODUCT_GRAD_WEIGHT, rows);
}

/* Of an empty batch there is one block, without rows: grad_weight and grad_bias are written all the same. */
static xent_status run_blocks(struct xent_linear_run *run, int64_t block_rows, struct block *block, struct block *last)
{
    const int64_t rows = run->call->rows;
    int64_t from = 0;
    if (run->call->grad_bias != NULL) xent_linear_begin_grad_bias(run);
    do {
        const int64_t left = rows - from, count = left < block_rows ? left : block_rows;
        XENT_TRY(run_block(run, (struct xent_linear_rows){ from, count }, count < block_rows ? last : block));
        from += count;
    } while (from < rows);
    if (run->call->grad_bias != NULL) xent_linear_end_grad_bias(run);
    return XENT_OK;
}

/* In the order of the rows, whatever the blocks were. */
static __attribute__((noinline)) void end_with_losses(const struct xent_linear_run *run)
{
    const struct xent_loss *loss = &run->call->loss;
    const size_t rows = (size_t)run->call->rows;
    struct xent_sum sum;
    if (loss->options.reduction == XENT_REDUCTION_NONE) {
        xent_store_results(loss->loss->dtype, run->losses, rows, loss->loss->data, loss->loss->step[0]);
        return;
    }
    xent_sum_begin(&sum, run->settings->kernels, 0);
    xent_sum_rows(&sum, run->losses, rows);
    xent_loss_end(loss, xent_sum_total(&sum));
}

/* ---- Memory ------------------------------------------------------------------------------------------------------- */

/* Where each part of a run begins; XENT_NOWHERE: it is not needed. */
struct layout {
    size_t logits, hidden, weight, grad_hidden, elements, grad_bias, losses, drive;
};

static size_t reserve(struct xent_arena *arena, bool needed, int64_t rows, int64_t columns, size_t size)
{
    size_t bytes;
    if (!needed) return XENT_NOWHERE;
    if (__builtin_mul_overflow((uint64_t)rows, (uint64_t)columns, &bytes) || __builtin_mul_overflow(bytes, size, &bytes))
        bytes = SIZE_MAX;
    return xent_arena_reserve(arena, xent_arena_padded(bytes), 1);
}

static struct layout lay_out(const struct xent_linear_run *run, int64_t block_rows, const struct block *block,
                             const struct block *last, struct xent_arena *arena)
{
    const struct xent_linear_loss *call = run->call;
    const struct xent_tensor *out = call->grad_hidden;
    const size_t size = xent_linear_real_size(run);
    const int64_t tile = call->classes < XENT_WIDENED_CLASSES ? call->classes : XENT_WIDENED_CLASSES;
    const bool converts = out != NULL && !xent_linear_writes_grad_hidden(call);
    const size_t most = block->drive.arena.bytes > last->drive.arena.bytes ? block->drive.arena.bytes : last->drive.arena.bytes;
    xent_arena_init(arena, 0);
    return (struct layout){
        .logits = reserve(arena, true, block_rows, call->classes, size),
        .hidden = reserve(arena, call->layer.hidden->dtype != run->real, block_rows, call->features, size),
        .weight = reserve(arena, call->layer.weight->dtype != run->real, tile, call->features, size),
        .grad_hidden = reserve(arena, converts, block_rows, call->features, size),
        .elements = reserve(arena, converts, 1, call->features, sizeof(double)),
        .grad_bias = reserve(arena, call->grad_bias != NULL, 1, call->classes, sizeof(double)),
        .losses = reserve(arena, call->loss.loss != NULL, 1, call->rows, sizeof(double)),
        .drive = xent_arena_reserve(arena, most, 1),
    };
}

static void place(struct xent_linear_run *run, char *memory, const struct layout *at, struct block *block, struct block *last)
{
    run->logits = xent_arena_at(memory, at->logits);
    run->hidden = xent_arena_at(memory, at->hidden);
    run->weight = xent_arena_at(memory, at->weight);
    run->grad_hidden = xent_arena_at(memory, at->grad_hidden);
    run->elements = xent_arena_at(memory, at->elements);
    run->grad_bias = xent_arena_at(memory, at->grad_bias);
    run->losses = xent_arena_at(memory, at->losses);
    block->drive.arena.memory = last->drive.arena.memory = memory + at->drive;
}

/* ---- The operation ------------------------------------------------------------------------------------------------ */

static xent_status run_planned(struct xent_linear_run *run, int64_t block_rows, struct block *block, struct block *last)
{
    struct xent_arena arena;
    const struct layout layout = lay_out(run, block_rows, block, last, &arena);
    xent_status status;
    XENT_TRY(xent_arena_allocate_large(&arena));
    place(run, arena.memory, &layout, block, last);
    status = run_blocks(run, block_rows, block, last);
    if (status == XENT_OK && run->call->loss.loss != NULL) end_with_losses(run);
    xent_arena_free(&arena);
    return status;
}

/* Nothing of this is on the stack, most of which the blocks' drives need. */
static xent_status carry(void *carried, const struct xent_settings *settings, const struct xent_fpenv *caller)
{
    struct xent_linear_loss *call = carried;
    struct xent_linear_run run = { .call = call, .settings = settings, .caller = caller, .real = call->logits.dtype };
    const int64_t block_rows = block_rows_of(call);
    struct xent_arena plans;
    struct block *block;
    xent_status status;
    xent_row_type_init(&call->loss.type, &call->logits, call->classes, settings->kernels);
    xent_loss_find_divisor(&call->loss);
    xent_arena_init(&plans, 2 * sizeof *block);
    XENT_TRY(xent_arena_allocate_large(&plans));
    block = (struct block *)(void *)plans.memory;
    plan_block(&run, block_rows, &block[0]);
    plan_block(&run, block_rows == 0 ? 0 : call->rows % block_rows, &block[1]);
    status = run_planned(&run, block_rows, &block[0], &block[1]);
    xent_arena_free(&plans);
    return status;
}

const struct xent_operation xent_linear_cross_entropy_operation = { .check = xent_linear_check, .carry = carry };
