/* libxent-mpi on a single rank, with a communicator of it or without: what a call answers, and that it gives what one of xent.h does. */
#include <float.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#include <xent_mpi.h>

#include "contract.h"
#include "flaw.h"
#include "partial_call.h"

struct mpi_call {
    struct partial_call call;
    MPI_Comm classes, rows;
};

/* LeakSanitizer's, where there is one: what is allocated between them is no leak. MPI keeps memory for itself. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static void finalize(void) { (void)MPI_Finalize(); }

static void initialize(void)
{
    int initialized, provided;
    (void)MPI_Initialized(&initialized);
    if (initialized) return;
    if (__lsan_disable != NULL) __lsan_disable();
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS) flaw("MPI cannot be initialized");
    if (__lsan_enable != NULL) __lsan_enable();
    atexit(finalize);
}

static void mpi_call_open(struct mpi_call *m, struct bytes *b)
{
    partial_call_open(&m->call, RANKS_LOSS, RANKS_STATS, b);
    m->classes = bytes_chance(b, 2) ? MPI_COMM_SELF : MPI_COMM_NULL;
    m->rows = bytes_chance(b, 2) ? MPI_COMM_SELF : MPI_COMM_NULL;
    if (bytes_chance(b, 3)) m->call.stage.argument[PARTIAL_SHARD].given = false;
}

static xent_status make(void *call)
{
    const struct mpi_call *m = call;
    const struct partial_call *c = &m->call;
    const struct argument *argument = c->stage.argument;
    const xent_tensor *logits = argument[ROLE_INPUT].tensor, *grad_loss = argument[ROLE_GRAD_LOSS].tensor;
    const xent_tensor *target = partial_call_target(c);
    const xent_shard *shard = partial_call_struct(c, PARTIAL_SHARD);
    const xent_options *options = partial_call_struct(c, PARTIAL_OPTIONS);
    xent_tensor *loss = argument[ROLE_LOSS].tensor, *gradient = argument[ROLE_OUTPUT].tensor;
    switch (c->function) {
    case RANKS_LOSS: return xent_mpi_cross_entropy(m->classes, m->rows, logits, shard, target, options, loss);
    case RANKS_GRAD:
        return xent_mpi_cross_entropy_grad(m->classes, m->rows, logits, shard, target, options, grad_loss, loss, gradient);
    default: return xent_mpi_row_stats(m->classes, logits, shard, target, options, partial_call_struct(c, PARTIAL_STATS));
    }
}

/* ---- What xent_mpi.h says beyond xent.h ---------------------------------------------------------------------------------- */

/* A call without a shard is one with all classes that the logits have. */
static void choose_shard(struct partial_call *c)
{
    const struct argument *logits = &c->stage.argument[ROLE_INPUT];
    int32_t axis;
    if (c->stage.argument[PARTIAL_SHARD].given || !logits->given) return;
    const int64_t classes = contract_axis(logits, c->options.axis, &axis) ? logits->shape[axis] : 1;
    c->stage.argument[PARTIAL_SHARD].given = true;
    c->shard = (xent_shard){ .classes = classes, .of = classes, .dtype = (int32_t)logits->dtype };
}

/* Of a valid call: about what its mean is divided by. */
static double divisor(const struct partial_call *c)
{
    const struct argument *target = &c->stage.argument[ROLE_CLASSES], *class_weight = &c->stage.argument[ROLE_WEIGHT],
                          *row_weight = &c->stage.argument[ROLE_ROW_WEIGHT];
    double sum = 0;
    for (int64_t i = 0; i < partial_contract_rows(c); i++) {
        const int64_t y = target->given ? argument_integer(target, i) : 0;
        double weight = row_weight->given ? argument_number(row_weight, i) : 1;
        if (target->given && y == c->options.ignore_index) continue;
        if (target->given && class_weight->given) weight *= argument_number(class_weight, y);
        sum += weight;
    }
    return sum;
}

static statuses contract(const struct mpi_call *m)
{
    struct partial_call c = m->call;
    if (m->classes == MPI_COMM_NULL) choose_shard(&c);
    const statuses allowed = partial_contract(&c);
    if (allowed != STATUS_BIT(XENT_OK)) return allowed;
    if (c.shard.classes != c.shard.of) return STATUS_BIT(XENT_ERROR_SHAPE);
    if (c.function == RANKS_STATS || c.options.reduction != XENT_REDUCTION_MEAN || c.options.normalizer != 0) return allowed;
    return divisor(&c) <= DBL_MAX / 2 ? allowed : allowed | STATUS_BIT(XENT_ERROR_OVERFLOW);
}

static void print(const void *call)
{
    const struct mpi_call *m = call;
    partial_call_print(&m->call);
    fprintf(stderr, "  classes: %s, rows: %s\n", m->classes == MPI_COMM_NULL ? "none" : "one rank",
            m->rows == MPI_COMM_NULL ? "none" : "one rank");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = { data, size };
    struct mpi_call m;
    initialize();
    mpi_call_open(&m, &b);
    flaw_description = (struct description){ print, &m };
    if (judge(&m.call.stage, make, &m, contract(&m), 0) == XENT_OK) partial_call_expect(&m.call);
    flaw_description = (struct description){ NULL, NULL };
    partial_call_close(&m.call);
    return 0;
}
