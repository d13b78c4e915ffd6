/* The backward of softmax and log_softmax: the first pass sums up the upstream gradient, for softmax times p; the second reads both
 * again. */
#include "ops/softmax_backward.h"

#include "args/check.h"
#include "kernels/two_sum.h"
#include "ops/side_by_side.h"
#include "ops/terms.h"
#include "run/tuning.h"

static struct xent_buffers buffers_of(const struct xent_softmax_backward *backward, char *task_memory)
{
    return (struct xent_buffers){ .copy = xent_arena_at(task_memory, backward->copy),
                                  .upstream = xent_arena_at(task_memory, backward->upstream_copy),
                                  .prepared = xent_arena_at(task_memory, backward->multiplied) };
}

/* The line of an operand that begins so many bytes behind the first row's. */
static struct xent_line line_at(const struct xent_softmax_backward *backward, const struct xent_position *position,
                                int32_t operand)
{
    struct xent_line line = backward->line[operand];
    line.at += position->offset[operand];
    return line;
}

static void begin(const void *call, const struct xent_position *position, const struct xent_memory *memory,
                  struct xent_row *row)
{
    const struct xent_softmax_backward *backward = call;
    (void)memory;
    row->in = line_at(backward, position, XENT_BACKWARD_RESULT);
    row->upstream = line_at(backward, position, XENT_BACKWARD_UPSTREAM);
    row->out = line_at(backward, position, XENT_BACKWARD_OUT);
}

/* The upstream gradient takes the place of the coefficients of a row whose maximum is 0: its sum is that of these, and the sum of its
   products with p is -gap. Of softmax, the sum of the coefficients counts the chunks that are odd. */
static void reduce(const void *call, const struct xent_row *row, char *task_memory, int64_t chunk, struct xent_chunk *to)
{
    const struct xent_softmax_backward *backward = call;
    const struct xent_stored_kernels *kernels = backward->type.kernels;
    struct xent_buffers buffers = buffers_of(backward, task_memory);
    int64_t from = chunk * XENT_CHUNK;
    size_t n = xent_chunk_size(backward->type.classes, from);
    const void *gradient = xent_chunk_read(&row->upstream, from, n, buffers.upstream, false);
    to->state = (struct xent_state){ .max = 0 };
    if (backward->kind->of_logarithm) {
        to->state.coef = kernels->upstream_sum(gradient, n);
    } else {
        bool odd;
        to->state.gap = 0 - kernels->upstream_dot(xent_chunk_read(&row->in, from, n, buffers.copy, false), gradient, n, &odd);
        to->state.coef = odd;
    }
}

/* The sum that the entries need: of the upstream gradient, for softmax times p. */
static double sum_of(const struct xent_softmax_backward *backward, const struct xent_state *state)
{
    return backward->kind->of_logarithm ? state->coef : -state->gap;
}

/* The same sum over the whole row, of F64, of the upstream gradient times `scale`, in plain order. An element of the gradient that is
   0 adds nothing. */
static double scaled_sum(const struct xent_softmax_backward *backward, const struct xent_row *row, double scale)
{
    double sum = 0, error = 0;
    for (int64_t c = 0; c < backward->type.classes; c++) {
        double gradient = xent_load_float(XENT_F64, xent_class_at(&row->upstream, c));
        double p = backward->kind->of_logarithm ? 1 : xent_load_float(XENT_F64, xent_class_at(&row->in, c));
        if (gradient != 0) add_two(&sum, &error, gradient * scale * p);
    }
    return sum - sum == 0 ? sum + error : sum;
}

/* row->factor is what entries are to be multiplied with: 1, or a power of two where the gradients of an F64 row add up to more than
   a double holds although the entries do not. They are then computed of gradients that are smaller by it. */
static void finish(const void *call, struct xent_row *rows, size_t count)
{
    const struct xent_softmax_backward *backward = call;
    for (size_t i = 0; i < count; i++) {
        double sum = sum_of(backward, &rows[i].state), scale = 0.25;
        rows[i].result = sum;
        rows[i].factor = 1;
        if (sum - sum == 0 || backward->type.dtype != XENT_F64) continue;
        for (int64_t classes = backward->type.classes; classes > 1; classes = (classes + 1) / 2) scale /= 2;
        sum = scaled_sum(backward, &rows[i], scale);
        if (sum - sum != 0) continue;
        rows[i].result = sum;
        rows[i].factor = 1 / scale;
    }
}

/* n elements of F64, times a power of two. */
static void multiply(const double *from, double factor, double *to, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i] = from[i] * factor;
}

static void write(const void *call, const struct xent_row *row, char *task_memory, struct xent_span span)
{
    const struct xent_softmax_backward *backward = call;
    const struct xent_stored_kernels *kernels = backward->type.kernels;
    struct xent_buffers buffers = buffers_of(backward, task_memory);
    const int64_t end = xent_span_end(backward->type.classes, span), most = backward->streams ? XENT_PIECE : XENT_CHUNK;
    for (int64_t from = span.from * XENT_CHUNK; from < end; from += most) {
        const size_t n = (size_t)(end - from < most ? end - from : most);
        const void *value = xent_chunk_read(&row->in, from, n, buffers.copy, false);
        const void *gradient = xent_chunk_read(&row->upstream, from, n, buffers.upstream, false);
        void *to = backward->streams ? buffers.copy : xent_chunk_place(&row->out, from, buffers.copy);
        if (row->factor != 1) {
            multiply(gradient, 1 / row->factor, buffers.prepared, n);
            gradient = buffers.prepared;
        }
        if (backward->kind->of_logarithm)
            kernels->log_softmax_backward(value, gradient, to, n, row->result);
        else
            kernels->softmax_backward(value, gradient, to, n, row->result, row->state.coef != 0);
        if (row->factor != 1) multiply(to, row->factor, to, n);
        if (backward->streams)
            backward->type.backend->stream(xent_class_at(&row->out, from), to, n * backward->type.size);
        else
            xent_chunk_put(to, n, &row->out, from);
    }
    if (backward->streams) backward->type.backend->end_stream();
}

static const struct xent_row_steps steps = { .begin = begin, .reduce = reduce, .finish = finish, .write = write };

const struct xent_softmax_backward_kind xent_of_softmax = { "p", "grad_p", "that of p", false };
const struct xent_softmax_backward_kind xent_of_log_softmax = { "logp", "grad_logp", "that of logp", true };

static xent_status check(void *call)
{
    struct xent_softmax_backward *backward = call;
    const struct xent_softmax_backward_kind *name = backward->kind;
    const struct xent_tensor *result = backward->result, *upstream = backward->upstream, *out = backward->out;
    XENT_TRY(xent_check_not_null(name->result, result));
    XENT_TRY(xent_check_not_null(name->upstream, upstream));
    XENT_TRY(xent_check_not_null("grad_z", out));
    XENT_TRY(xent_check_floating(name->result, result));
    XENT_TRY(xent_check_same_dtype(name->upstream, upstream, name->result, result));
    XENT_TRY(xent_check_same_dtype("grad_z", out, name->result, result));
    XENT_TRY(xent_check_axis(name->result, result, backward->given_axis, &backward->axis));
    XENT_TRY(xent_check_shape(name->upstream, upstream, result, XENT_NO_AXIS, name->like_result));
    XENT_TRY(xent_check_shape("grad_z", out, result, XENT_NO_AXIS, name->like_result));
    XENT_TRY(xent_check_output("grad_z", out));
    XENT_TRY(xent_check_apart("grad_z", out, name->result, result, true));
    return xent_check_apart("grad_z", out, name->upstream, upstream, true);
}

/* Whether the output, which has memory of its own, goes past the caches. Three times its bytes are what the call goes through. The
   second pass of log_softmax reads logp from memory, which stores past the caches hold up (128 x 32000 of F32, Zen 5: 8 % slower). */
static bool streams(const struct xent_softmax_backward *backward)
{
    const struct xent_tensor *out = backward->out;
    if (backward->kind->of_logarithm || out->data == backward->result->data || out->data == backward->upstream->data)
        return false;
    return xent_lines_are_contiguous(out, backward->axis) &&
           xent_output_streams(&backward->type, 3 * (size_t)out->numel * out->size);
}

static void plan_memory(struct xent_softmax_backward *backward, struct xent_drive *drive)
{
    int32_t axis = backward->axis;
    size_t chunk = xent_chunk_most(backward->type.classes), bytes = chunk * backward->type.size;
    bool gathered = !xent_lines_are_contiguous(backward->result, axis);
    if (gathered || backward->streams || !xent_lines_are_contiguous(backward->out, axis))
        backward->copy = xent_arena_need(&drive->task_bytes, bytes);
    if (!xent_lines_are_contiguous(backward->upstream, axis))
        backward->upstream_copy = xent_arena_need(&drive->task_bytes, bytes);
    if (backward->type.dtype == XENT_F64) backward->multiplied = xent_arena_need(&drive->task_bytes, bytes);
}

static int64_t block_of(const struct xent_softmax_backward *backward)
{
    const int64_t bytes = 2 * backward->type.classes * (int64_t)backward->type.size;
    const int64_t rows = bytes > XENT_BLOCK_OPERANDS / XENT_BLOCK ? XENT_BLOCK_OPERANDS / bytes : XENT_BLOCK;
    return rows < 1 ? 1 : rows;
}

/* Whether each row is a matter of two calls of kernels. The rare sums that F64 takes again go row by row. */
static bool is_plain(const struct xent_softmax_backward *backward)
{
    const struct xent_line *line = backward->line;
    return backward->type.dtype != XENT_F64 && backward->type.classes > 0 && backward->type.classes <= XENT_CHUNK &&
           !backward->streams && line[XENT_BACKWARD_RESULT].contiguous && line[XENT_BACKWARD_UPSTREAM].contiguous &&
           line[XENT_BACKWARD_OUT].contiguous;
}

static void plan(void *call, const struct xent_settings *settings, struct xent_drive *drive)
{
    struct xent_softmax_backward *backward = call;
    const struct xent_tensor *result = backward->result;
    int64_t classes = result->shape[backward->axis], rows;
    const struct xent_operand operands[] = { [XENT_BACKWARD_RESULT] = { result, backward->axis },
                                             [XENT_BACKWARD_UPSTREAM] = { backward->upstream, backward->axis },
                                             [XENT_BACKWARD_OUT] = { backward->out, backward->axis } };
    xent_row_type_init(&backward->type, result, classes, settings->kernels);
    xent_walk_plan(&backward->walk, operands, XENT_BACKWARD_OPERANDS);
    for (int32_t i = 0; i < XENT_BACKWARD_OPERANDS; i++)
        backward->line[i] = xent_line_of(operands[i].tensor, backward->axis, 0);
    backward->streams = streams(backward);
    backward->copy = backward->upstream_copy = backward->multiplied = backward->tile_upstream = XENT_NOWHERE;
    xent_drive_init(drive, backward, &steps, &backward->type, &backward->walk);
    rows = result->numel == 0 ? 0 : backward->walk.count; /* without classes there may be 2^60 of them, and nothing to write */
    xent_parallel_plan(&drive->parallel, settings, 0, rows, xent_chunk_count(classes), result->numel);
    if (result->numel > 0) plan_memory(backward, drive);
    drive->block = backward->block = block_of(backward);
    if (xent_rows_go_side_by_side(result, backward->axis, &backward->walk, XENT_BACKWARD_RESULT, 2)) {
        drive->tiled = &xent_softmax_backward_tile_steps;
        backward->tile_upstream = xent_arena_need(&drive->task_bytes, (size_t)classes * XENT_TILE * backward->type.real_size);
    } else if (is_plain(backward)) {
        drive->find = xent_softmax_backward_rows;
    }
}

const struct xent_operation xent_softmax_backward_operation = { .check = check, .plan = plan };
