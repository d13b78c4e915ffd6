/* top_k: one pass finds the candidates and, where log-probabilities are wanted, the row's state; each chunk is looked at by both while it
 * is in a cache. The log-probabilities are those of the logits that were picked, by the kernels of log_softmax. */
#include "ops/top_k.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "args/check.h"
#include "ops/side_by_side.h"
#include "rows/top.h"
#include "rows/write.h"
#include "run/tuning.h"

/* ---- The steps of a row --------------------------------------------------------------------------------------------- */

static void begin(const void *call, const struct xent_position *position, const struct xent_memory *memory,
                  struct xent_row *row)
{
    const struct xent_top_k_call *top_k = call;
    (void)memory;
    row->in = xent_line_of(top_k->z, top_k->axis, position->offset[XENT_TOP_K_Z]);
    if (top_k->logp != NULL) row->out = xent_line_of(top_k->logp, top_k->axis, position->offset[XENT_TOP_K_LOGP]);
    if (top_k->index != NULL) row->indices = xent_line_of(top_k->index, top_k->axis, position->offset[XENT_TOP_K_INDEX]);
}

static struct xent_top *top_of(char *part) { return (struct xent_top *)(void *)part; }

static void begin_part(const void *call, char *part)
{
    const struct xent_top_k_call *top_k = call;
    xent_top_begin(part, (size_t)top_k->k);
}

static void join_part(const void *call, struct xent_row *row, char *part)
{
    (void)call;
    xent_top_join(top_of(row->part), top_of(part));
}

static void reduce(const void *call, const struct xent_row *row, char *task_memory, int64_t chunk, struct xent_chunk *to)
{
    const struct xent_top_k_call *top_k = call;
    const struct xent_row_type *type = &top_k->type;
    const int64_t from = chunk * XENT_CHUNK;
    const size_t n = xent_chunk_size(type->classes, from);
    const void *z = xent_chunk_read(&row->in, from, n, xent_arena_at(task_memory, top_k->gathered), false);
    if (top_k->logp == NULL) {
        to->state = xent_state_none();
    } else {
        type->kernels->reduce(z, n, NULL, to);
        if (xent_state_is_finite(&to->state) && xent_top_is_beyond(top_of(row->part), to->state.max)) return;
    }
    xent_top_add(top_of(row->part), type, z, n, from);
}

static void write_indices(const struct xent_line *line, const struct xent_ranked *best, size_t k)
{
    for (size_t i = 0; i < k; i++) {
        char *at = xent_class_at(line, (int64_t)i);
        if (line->dtype == XENT_I32)
            *(int32_t *)(void *)at = (int32_t)best[i].class_index;
        else
            *(int64_t *)(void *)at = best[i].class_index;
    }
}

/* As log_softmax writes them, of a row that has the best classes alone. */
static void write_log_probabilities(const struct xent_top_k_call *top_k, const struct xent_row *row,
                                    const struct xent_ranked *best, size_t k)
{
    const struct xent_span all = { 0, 1 };
    const struct xent_buffers buffers = { .copy = xent_arena_at(row->part, top_k->scattered),
                                          .prepared = xent_arena_at(row->part, top_k->prepared) };
    const size_t size = top_k->type.size;
    char *picked = row->part + top_k->picked;
    struct xent_row of_best = *row;
    if (!xent_state_is_finite(&row->state)) {
        xent_row_fill(&top_k->written, row, (double)NAN, all);
        return;
    }
    for (size_t i = 0; i < k; i++) memcpy(picked + i * size, xent_class_at(&row->in, best[i].class_index), size);
    of_best.in = (struct xent_line){ picked, (ptrdiff_t)size, top_k->type.dtype, true };
    if (top_k->written.dtype == top_k->type.dtype)
        xent_row_write_log_probs(&top_k->best, &of_best, &buffers, all);
    else
        xent_row_write_converted_log_probs(&top_k->best, &of_best, &buffers, all);
}

/* The results are few, and one task has them all: there is no second pass. */
static void finish(const void *call, struct xent_row *rows, size_t count)
{
    const struct xent_top_k_call *top_k = call;
    double rest[XENT_BLOCK] = { 0 }, log1p_rest[XENT_BLOCK];
    for (size_t i = 0; i < count; i++) rest[i] = rows[i].state.rest;
    if (top_k->logp != NULL) top_k->type.kernels->real->log1p(rest, log1p_rest, count);
    for (size_t i = 0; i < count; i++) {
        struct xent_row *row = &rows[i];
        size_t k;
        const struct xent_ranked *best = xent_top_end(top_of(row->part), &k);
        if (top_k->index != NULL) write_indices(&row->indices, best, k);
        if (top_k->logp == NULL) continue;
        row->log1p_rest = log1p_rest[i];
        write_log_probabilities(top_k, row, best, k);
    }
}

static const struct xent_row_steps steps = {
    .begin = begin, .reduce = reduce, .begin_part = begin_part, .join_part = join_part, .finish = finish
};

/* ---- Checks --------------------------------------------------------------------------------------------------------- */

/* z's shape but for the axis. */
static xent_status check_shape(const struct xent_top_k_call *top_k, const char *name, const struct xent_tensor *tensor)
{
    const struct xent_tensor *z = top_k->z;
    bool same = tensor->ndim == z->ndim;
    for (int32_t d = 0; d < z->ndim && same; d++) same = d == top_k->axis || tensor->shape[d] == z->shape[d];
    return same ? XENT_OK : xent_fail_shape(name, tensor, z, XENT_NO_AXIS, "that of z, with k in place of the classes");
}

static xent_status check_shapes(struct xent_top_k_call *top_k)
{
    const struct xent_tensor *z = top_k->z, *index = top_k->index, *logp = top_k->logp;
    const int64_t classes = z->shape[top_k->axis], most = classes < XENT_TOP_MOST ? classes : XENT_TOP_MOST;
    if (classes == 0) return xent_fail_no_classes("z", top_k->axis);
    if (index != NULL) XENT_TRY(check_shape(top_k, "index", index));
    if (logp != NULL) XENT_TRY(check_shape(top_k, "logp", logp));
    top_k->k = (index != NULL ? index : logp)->shape[top_k->axis];
    if (index != NULL && logp != NULL) XENT_TRY(xent_check_shape("logp", logp, index, XENT_NO_AXIS, "that of index"));
    if (top_k->k < 1 || top_k->k > most)
        return xent_fail(XENT_ERROR_SHAPE, "%s has extent %" PRId64 " along axis %d, expected 1 to %" PRId64,
                         index != NULL ? "index" : "logp", top_k->k, (int)top_k->axis, most);
    if (index != NULL && index->dtype == XENT_I32 && classes - 1 > INT32_MAX)
        return xent_fail(XENT_ERROR_SHAPE, "index has dtype I32, which cannot count the %" PRId64 " classes of z", classes);
    return XENT_OK;
}

static xent_status check_outputs(const struct xent_top_k_call *top_k)
{
    const struct xent_tensor *z = top_k->z, *index = top_k->index, *logp = top_k->logp;
    if (index != NULL) {
        XENT_TRY(xent_check_output("index", index));
        XENT_TRY(xent_check_apart("index", index, "z", z, false));
    }
    if (logp == NULL) return XENT_OK;
    XENT_TRY(xent_check_output("logp", logp));
    XENT_TRY(xent_check_apart("logp", logp, "z", z, false));
    return xent_check_apart("logp", logp, "index", index, false);
}

static xent_status check(void *call)
{
    struct xent_top_k_call *top_k = call;
    const struct xent_tensor *z = top_k->z, *index = top_k->index, *logp = top_k->logp;
    XENT_TRY(xent_check_not_null("z", z));
    if (index == NULL && logp == NULL)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "index and logp are NULL, expected one of them at least");
    XENT_TRY(xent_check_floating("z", z));
    if (index != NULL && index->dtype != XENT_I64 && index->dtype != XENT_I32)
        return xent_fail(XENT_ERROR_DTYPE, "index has dtype %s, expected I64 or I32", xent_element_name(index->dtype));
    if (logp != NULL) XENT_TRY(xent_check_floating("logp", logp));
    XENT_TRY(xent_check_axis("z", z, top_k->given_axis, &top_k->axis));
    XENT_TRY(check_shapes(top_k));
    return check_outputs(top_k);
}

/* ---- Plan ----------------------------------------------------------------------------------------------------------- */

static void plan_memory(struct xent_top_k_call *top_k, struct xent_drive *drive)
{
    const struct xent_row_type *type = &top_k->type, *written = &top_k->written;
    const struct xent_tensor *logp = top_k->logp;
    const size_t k = (size_t)top_k->k;
    if (!xent_lines_are_contiguous(top_k->z, top_k->axis))
        top_k->gathered = xent_arena_need(&drive->task_bytes, xent_chunk_most(type->classes) * type->size);
    (void)xent_arena_need(&drive->part_bytes, xent_top_size(k));
    if (logp == NULL) return;
    top_k->picked = xent_arena_need(&drive->part_bytes, k * type->size);
    if (!xent_lines_are_contiguous(logp, top_k->axis))
        top_k->scattered = xent_arena_need(&drive->part_bytes, k * written->size);
    if (written->dtype != type->dtype) top_k->prepared = xent_arena_need(&drive->part_bytes, k * sizeof(double));
}

/* The kernel finds a few classes at a time, and the reals of a tile become elements of their own kind only. */
static bool is_tiled(const struct xent_top_k_call *top_k)
{
    return top_k->k <= XENT_TILE_TOP && top_k->written.real == top_k->type.real &&
           xent_rows_go_side_by_side(top_k->z, top_k->axis, &top_k->walk, XENT_TOP_K_Z, 1);
}

static void plan_tiles(struct xent_top_k_call *top_k, struct xent_drive *drive)
{
    const size_t best = (size_t)top_k->k * XENT_TILE;
    top_k->tile_best = xent_arena_need(&drive->task_bytes, best * top_k->type.real_size);
    top_k->tile_at = xent_arena_need(&drive->task_bytes, best * sizeof(int32_t));
    drive->tiled = &xent_top_k_tile_steps;
}

static void plan(void *call, const struct xent_settings *settings, struct xent_drive *drive)
{
    struct xent_top_k_call *top_k = call;
    const struct xent_tensor *z = top_k->z, *logp = top_k->logp;
    const int32_t axis = top_k->axis;
    const int64_t classes = z->shape[axis], chunks = xent_chunk_count(classes);
    const bool shares = classes / XENT_CLASSES_PER_BEST >= top_k->k;
    const struct xent_operand operands[] = {
        [XENT_TOP_K_Z] = { z, axis }, [XENT_TOP_K_INDEX] = { top_k->index, axis }, [XENT_TOP_K_LOGP] = { logp, axis }
    };
    xent_row_type_init(&top_k->type, z, classes, settings->kernels);
    xent_row_type_init(&top_k->best, z, top_k->k, settings->kernels);
    xent_row_type_init(&top_k->written, logp != NULL ? logp : z, top_k->k, settings->kernels);
    xent_walk_plan(&top_k->walk, operands, XENT_TOP_K_OPERANDS);
    top_k->gathered = top_k->picked = top_k->scattered = top_k->prepared = XENT_NOWHERE;
    xent_drive_init(drive, top_k, &steps, &top_k->type, &top_k->walk);
    xent_parallel_plan(&drive->parallel, settings, 0, top_k->walk.count, shares ? chunks : 1, z->numel);
    if (top_k->walk.count == 0) return;
    plan_memory(top_k, drive);
    if (is_tiled(top_k)) plan_tiles(top_k, drive);
}

const struct xent_operation xent_top_k_operation = { .check = check, .plan = plan };
