/* Cross entropy of a linear layer's logits: for each block of rows their losses by way of the logits, and the gradients by gemm. */
#include "ops/linear.h"

#include "args/check.h"
#include "ops/linear_run.h"
#include "ops/loss_plan.h"
#include "rows/chunk.h"

/* ---- Blocks ------------------------------------------------------------------------------------------------------- */

/* By default: bytes of logits, and rows that a gemm likes to have in multiples of. */
#define BLOCK_BYTES ((size_t)64 << 20)
enum { BLOCK_ROWS_UNIT = 16 };

static int64_t rounded_up(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

/* Blocks of a size, as far as their unit allows: the last one does not come out short. */
static int64_t automatic_block_rows(const struct xent_linear_loss *call)
{
    const int64_t numbers = (int64_t)(BLOCK_BYTES / call->logits.size);
    const int64_t most = numbers / xent_linear_block_classes(call) / BLOCK_ROWS_UNIT * BLOCK_ROWS_UNIT;
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

static xent_status run_block(struct xent_linear_run *run, struct xent_linear_span rows)
{
    const struct xent_linear_loss *call = run->call;
    const struct xent_linear_block gradient = { rows, xent_linear_all_classes(run) };
    XENT_TRY(xent_linear_find_losses(run, rows));
    if (call->grad_bias != NULL) xent_linear_add_grad_bias(run, rows.count);
    if (call->grad_hidden != NULL) {
        XENT_TRY(xent_linear_multiply(run, XENT_PRODUCT_GRAD_HIDDEN, gradient));
        if (run->grad_hidden != NULL) xent_linear_put_grad_hidden(run, rows);
    }
    return call->grad_weight == NULL ? XENT_OK : xent_linear_multiply(run, XENT_PRODUCT_GRAD_WEIGHT, gradient);
}

/* Of an empty batch there is one block, without rows: grad_weight and grad_bias are written all the same. */
static xent_status run_blocks(struct xent_linear_run *run)
{
    const int64_t rows = run->call->rows;
    int64_t from = 0;
    if (run->call->grad_bias != NULL) xent_linear_begin_grad_bias(run);
    do {
        const int64_t left = rows - from, count = left < run->block_rows ? left : run->block_rows;
        XENT_TRY(run_block(run, (struct xent_linear_span){ from, count }));
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
    size_t logits, hidden, weight, grad_hidden, elements, grad_bias, losses, states, whole, drive;
};

static size_t reserve(struct xent_arena *arena, bool needed, int64_t rows, int64_t columns, size_t size)
{
    size_t bytes;
    if (!needed) return XENT_NOWHERE;
    if (__builtin_mul_overflow((uint64_t)rows, (uint64_t)columns, &bytes) || __builtin_mul_overflow(bytes, size, &bytes))
        bytes = SIZE_MAX;
    return xent_arena_reserve(arena, xent_arena_padded(bytes), 1);
}

static struct layout lay_out(const struct xent_linear_run *run, struct xent_arena *arena)
{
    const struct xent_linear_loss *call = run->call;
    const struct xent_tensor *out = call->grad_hidden;
    const size_t size = xent_linear_real_size(run);
    const int64_t rows = run->block_rows, classes = xent_linear_block_classes(call);
    const int64_t widened = classes < XENT_WIDENED_CLASSES ? classes : XENT_WIDENED_CLASSES;
    const bool converts = out != NULL && !xent_linear_writes_grad_hidden(call), tiled = run->tiles > 1;
    xent_arena_init(arena, 0);
    return (struct layout){
        .logits = reserve(arena, true, rows, classes, size),
        .hidden = reserve(arena, call->layer.hidden->dtype != run->real, rows, call->features, size),
        .weight = reserve(arena, call->layer.weight->dtype != run->real, widened, call->features, size),
        .grad_hidden = reserve(arena, converts, rows, call->features, size),
        .elements = reserve(arena, converts, 1, call->features, sizeof(double)),
        .grad_bias = reserve(arena, call->grad_bias != NULL, 1, call->classes, sizeof(double)),
        .losses = reserve(arena, call->loss.loss != NULL, 1, call->rows, sizeof(double)),
        .states = reserve(arena, tiled, rows, xent_chunk_count(call->classes), sizeof(xent_partial)),
        .whole = reserve(arena, tiled, rows, 1, sizeof(xent_partial)),
        .drive = xent_arena_reserve(arena, run->drive_bytes, 1),
    };
}

static void place(struct xent_linear_run *run, char *memory, const struct layout *at)
{
    run->logits = xent_arena_at(memory, at->logits);
    run->hidden = xent_arena_at(memory, at->hidden);
    run->weight = xent_arena_at(memory, at->weight);
    run->grad_hidden = xent_arena_at(memory, at->grad_hidden);
    run->elements = xent_arena_at(memory, at->elements);
    run->grad_bias = xent_arena_at(memory, at->grad_bias);
    run->losses = xent_arena_at(memory, at->losses);
    run->states = xent_arena_at(memory, at->states);
    run->whole = xent_arena_at(memory, at->whole);
    run->drive = memory + at->drive;
}

static xent_status run_planned(struct xent_linear_run *run)
{
    struct xent_arena arena;
    struct layout layout;
    xent_status status;
    run->drive_bytes = xent_linear_drive_bytes(run);
    layout = lay_out(run, &arena);
    XENT_TRY(xent_arena_allocate_large(&arena));
    place(run, arena.memory, &layout);
    status = run_blocks(run);
    if (status == XENT_OK && run->call->loss.loss != NULL) end_with_losses(run);
    xent_arena_free(&arena);
    return status;
}

/* ---- The operation ------------------------------------------------------------------------------------------------ */

static void cut_classes(struct xent_linear_run *run)
{
    const int64_t classes = run->call->classes, most = xent_linear_block_classes(run->call);
    for (int32_t tile = 0; tile < run->tiles; tile++) {
        const int64_t first = tile * most, left = classes - first;
        run->shards[tile] =
            (xent_shard){ .first = first, .classes = left < most ? left : most, .of = classes, .dtype = (int32_t)run->real };
    }
}

/* Nothing of the plans is on the stack, most of which the drives need. */
static xent_status carry(void *carried, const struct xent_settings *settings, const struct xent_fpenv *caller)
{
    struct xent_linear_loss *call = carried;
    struct xent_linear_run run = { .call = call, .settings = settings, .caller = caller, .real = call->logits.dtype };
    struct xent_arena plans;
    size_t shards, partials;
    xent_status status;
    xent_row_type_init(&call->loss.type, &call->logits, call->classes, settings->kernels);
    xent_loss_find_divisor(&call->loss);
    run.block_rows = block_rows_of(call);
    run.tiles = (int32_t)xent_linear_tiles(call);
    xent_arena_init(&plans, xent_arena_padded(sizeof *run.piece));
    shards = reserve(&plans, true, run.tiles, 1, sizeof *run.shards);
    partials = reserve(&plans, true, run.tiles, 1, sizeof *run.partials);
    XENT_TRY(xent_arena_allocate_large(&plans));
    run.piece = (struct xent_linear_piece *)(void *)plans.memory;
    run.shards = xent_arena_at(plans.memory, shards);
    run.partials = xent_arena_at(plans.memory, partials);
    cut_classes(&run);
    status = run_planned(&run);
    xent_arena_free(&plans);
    return status;
}

const struct xent_operation xent_linear_cross_entropy_operation = { .check = xent_linear_check, .carry = carry };
