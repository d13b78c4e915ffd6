/* A linear layer with its loss and its gradients, by xent_linear_cross_entropy_grad, beside the three products alone and PyTorch's two
   ways. A program by itself, whose command line is linear_options.h's. Everybody takes a turn in each round, and the best of the rounds counts: by the clock, and of CPU time. */
#define _GNU_SOURCE /* setenv in strict C11 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xent.h>

#include "clock.h"
#include "linear_options.h"
#include "linear_torch.h"
#include "support/random.h"

struct layer {
    const struct linear_options *options;
    void *hidden, *weight, *grad_hidden;
    float *grad_weight, *logits; /* logits: of all rows, for the products alone */
    int64_t *target;
    float loss;
    xent_linear linear;
    xent_tensor *t_target, *t_loss, *t_grad_hidden, *t_grad_weight;
};

struct best {
    double clock, cpu, megabytes;
    double gemm_clock, gemm_cpu; /* what the products of the best calls have taken of that */
};

static double gemm_clock, gemm_cpu; /* of this call */

static void fail(const char *what)
{
    fprintf(stderr, "bench_linear: %s\n", what);
    exit(1);
}

static void must(xent_status status)
{
    if (status != XENT_OK) fail(xent_error_message());
}

/* ---- The problem ------------------------------------------------------------------------------------------------------- */

static void *memory(int64_t count, size_t size)
{
    void *x = malloc((size_t)count * size);
    if (x == NULL) fail("too little memory");
    memset(x, 0, (size_t)count * size);
    return x;
}

/* Of which BF16 takes the upper halves. */
static void *numbers(xent_dtype dtype, int64_t count, uint64_t tag, double scale)
{
    struct random r = random_stream(7, tag);
    void *x = memory(count, xent_dtype_size(dtype));
    for (int64_t i = 0; i < count; i++) {
        const float number = (float)(scale * (2 * random_uniform(&r) - 1));
        uint32_t bits;
        memcpy(&bits, &number, sizeof bits);
        if (dtype == XENT_F32)
            ((float *)x)[i] = number;
        else
            ((uint16_t *)x)[i] = (uint16_t)(bits >> 16);
    }
    return x;
}

static xent_tensor *tensor(xent_dtype dtype, int32_t ndim, int64_t rows, int64_t columns, void *data)
{
    xent_tensor *t;
    must(xent_tensor_wrap(&t, dtype, ndim, (const int64_t[]){ rows, columns }, NULL, data));
    return t;
}

static int timed_gemm(void *user, int32_t transpose, int64_t m, int64_t n, int64_t k, xent_dtype a_type, const void *a,
                      int64_t lda, xent_dtype b_type, const void *b, int64_t ldb, double beta, void *c, int64_t ldc)
{
    const struct layer *l = user;
    const double clock = clock_now(), cpu = clock_cpu();
    const int answer = l->options->gemm(NULL, transpose, m, n, k, a_type, a, lda, b_type, b, ldb, beta, c, ldc);
    gemm_clock += clock_now() - clock;
    gemm_cpu += clock_cpu() - cpu;
    return answer;
}

static void make_layer(struct layer *l, const struct linear_options *o)
{
    const xent_linear init = XENT_LINEAR_INIT;
    const int64_t n = o->rows, d = o->features, c = o->classes;
    struct random r = random_stream(7, 3);
    l->options = o;
    l->hidden = numbers(o->dtype, n * d, 1, 1);
    l->weight = numbers(o->dtype, c * d, 2, 0.1);
    l->grad_hidden = memory(n * d, sizeof(float));
    l->grad_weight = memory(c * d, sizeof *l->grad_weight);
    l->logits = memory(n * c, sizeof *l->logits);
    l->target = memory(n, sizeof *l->target);
    for (int64_t i = 0; i < n; i++) l->target[i] = random_below(&r, c);
    l->linear = init;
    l->linear.hidden = tensor(o->dtype, 2, n, d, l->hidden);
    l->linear.weight = tensor(o->dtype, 2, c, d, l->weight);
    l->linear.gemm = timed_gemm;
    l->linear.user = l;
    l->linear.block_rows = o->block_rows;
    l->t_target = tensor(XENT_I64, 1, n, 1, l->target);
    l->t_loss = tensor(XENT_F32, 0, 1, 1, &l->loss);
    l->t_grad_hidden = tensor(o->dtype, 2, n, d, l->grad_hidden);
    l->t_grad_weight = tensor(XENT_F32, 2, c, d, l->grad_weight);
}

/* ---- Contenders -------------------------------------------------------------------------------------------------------- */

static void fused(struct layer *l)
{
    must(xent_linear_cross_entropy_grad(&l->linear, l->t_target, NULL, NULL, l->t_loss, l->t_grad_hidden, l->t_grad_weight,
                                        NULL));
}

static void forward_by(struct layer *l, int64_t block_classes)
{
    xent_linear linear = l->linear;
    linear.block_classes = block_classes;
    must(xent_linear_cross_entropy(&linear, l->t_target, NULL, l->t_loss));
}

static void forward(struct layer *l) { forward_by(l, 0); }
static void forward_tiles(struct layer *l) { forward_by(l, l->options->block_classes); }

static void multiply(struct layer *l, int32_t transpose, int64_t m, int64_t n, int64_t k, xent_dtype a_type, const void *a,
                     int64_t lda, const void *b, int64_t ldb, void *c, int64_t ldc)
{
    if (timed_gemm(l, transpose, m, n, k, a_type, a, lda, l->options->dtype, b, ldb, 0, c, ldc) != 0)
        fail("this gemm cannot do it");
}

static void one_product(struct layer *l)
{
    const int64_t n = l->options->rows, d = l->options->features, c = l->options->classes;
    multiply(l, 2, n, c, d, l->options->dtype, l->hidden, d, l->weight, d, l->logits, c);
}

/* With all logits at once, as two steps have them. */
static void three_products(struct layer *l)
{
    const int64_t n = l->options->rows, d = l->options->features, c = l->options->classes;
    one_product(l);
    multiply(l, 0, n, d, c, XENT_F32, l->logits, c, l->weight, d, l->grad_hidden, d);
    multiply(l, 1, c, d, n, XENT_F32, l->logits, c, l->hidden, d, l->grad_weight, d);
}

/* ---- Measuring --------------------------------------------------------------------------------------------------------- */

/* Of "VmHWM: 1234 kB" in /proc/self/status; in megabytes. */
static double status_of(const char *key)
{
    char line[256];
    double value = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0) value = strtod(line + strlen(key) + 1, NULL) / 1000;
    if (file != NULL) fclose(file);
    return value;
}

static void forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file == NULL) return;
    fputs("5", file);
    fclose(file);
}

static void measure(struct layer *l, void (*call)(struct layer *l), struct best *best)
{
    forget_peak();
    gemm_clock = gemm_cpu = 0;
    const double before = status_of("VmRSS"), clock = clock_now(), cpu = clock_cpu();
    call(l);
    const double took = clock_now() - clock, used = clock_cpu() - cpu;
    const double megabytes = status_of("VmHWM") - before;
    if (best->clock == 0 || took < best->clock) {
        best->clock = took;
        best->gemm_clock = gemm_clock;
    }
    if (best->cpu == 0 || used < best->cpu) {
        best->cpu = used;
        best->gemm_cpu = gemm_cpu;
    }
    if (megabytes > best->megabytes) best->megabytes = megabytes;
}

static void print(const char *name, const struct best *best, const struct best *unit)
{
    printf("%-36s %8.3f %8.3f %8.3f %8.3f %9.0f", name, best->clock, best->clock / unit->clock, best->cpu,
           best->cpu / unit->cpu, best->megabytes);
    if (best->gemm_cpu > 0) printf(" %8.3f %8.3f", best->clock / best->gemm_clock, best->cpu / best->gemm_cpu);
    printf("\n");
}

enum { PRODUCTS, FUSED, PRODUCT, FORWARD, TILES, OWN };
static const struct {
    const char *name;
    void (*call)(struct layer *l);
} own[OWN] = { { "three products, all logits", three_products },
               { "libxent", fused },
               { "one product, all logits", one_product },
               { "libxent, forward", forward },
               { "libxent, forward, tiles of classes", forward_tiles } };

static void run(const struct linear_options *o)
{
    struct layer layer;
    struct best best[OWN] = { { .clock = 0 } }, torch[LINEAR_TORCH_WAYS] = { { .clock = 0 } };
    struct linear_torch child;
    make_layer(&layer, o);
    const int has_torch = linear_torch_start(&child, o->python, o->rows, o->features, o->classes, o->threads,
                                             o->dtype == XENT_F32 ? "float32" : "bfloat16");
    for (int round = 0; round < o->rounds; round++) {
        for (int i = 0; i < OWN; i++) measure(&layer, own[i].call, &best[i]);
        for (int way = 0; way < LINEAR_TORCH_WAYS && has_torch; way++)
            linear_torch_time(&child, way, &torch[way].clock, &torch[way].cpu, &torch[way].megabytes);
    }
    printf("%lld rows, %lld features, %lld classes, %s, %s, %d thread%s, best of %d; loss %.6f\n", (long long)o->rows,
           (long long)o->features, (long long)o->classes, o->dtype == XENT_F32 ? "F32" : "BF16", o->gemm_name, o->threads,
           o->threads > 1 ? "s" : "", o->rounds, (double)layer.loss);
    printf("%-36s %8s %8s %8s %8s %9s %8s %8s\n", "", "seconds", "ratio", "CPU s", "ratio", "megabytes", "s/gemm", "CPU/gemm");
    for (int i = 0; i < OWN; i++) print(own[i].name, &best[i], &best[i < PRODUCT ? PRODUCTS : PRODUCT]);
    for (int way = 0; way < LINEAR_TORCH_WAYS && has_torch; way++) print(linear_torch_names[way], &torch[way], &best[PRODUCTS]);
}

/* A BLAS reads how many threads it is to have when it is loaded: the program starts once more. */
static void set_threads(int threads, char **argv)
{
    static const char *const variables[] = { "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS" };
    char text[16];
    (void)snprintf(text, sizeof text, "%d", threads);
    must(xent_set_num_threads(threads));
    if (getenv("BENCH_LINEAR_THREADS") != NULL) return;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) (void)setenv(variables[i], text, 1);
    (void)setenv("BENCH_LINEAR_THREADS", text, 1);
    (void)execv("/proc/self/exe", argv);
    fail("cannot start once more");
}

int main(int argc, char **argv)
{
    struct linear_options o;
    linear_options_parse(&o, argc, argv);
    set_threads(o.threads, argv);
    run(&o);
    return 0;
}
