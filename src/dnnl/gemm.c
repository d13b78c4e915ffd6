/* libxent-dnnl: a gemm for linear layers over oneDNN's matmul, which has products of 16 bits. It needs nothing of libxent but the header. */
#include <dnnl.h>
#include <stdbool.h>
#include <stdlib.h>

#include "xent_dnnl.h"

enum { DONE = 0, NOT_THESE_TYPES = 1, FAILED = -1, A_TRANSPOSED = 1, B_TRANSPOSED = 2 };

/* A matrix as the product sees it, whichever way it is stored. */
struct matrix {
    dnnl_memory_desc_t desc;
    dnnl_memory_t memory;
    void *own; /* a copy of 16 bits; NULL: the caller's elements */
};

static dnnl_data_type_t type_of(xent_dtype dtype)
{
    switch (dtype) {
    case XENT_F32: return dnnl_f32;
    case XENT_BF16: return dnnl_bf16;
    case XENT_F16: return dnnl_f16;
    default: return dnnl_data_type_undef;
    }
}

static int answer_of(dnnl_status_t status)
{
    switch (status) {
    case dnnl_success: return DONE;
    case dnnl_unimplemented: return NOT_THESE_TYPES;
    case dnnl_out_of_memory: return XENT_ERROR_NO_MEMORY;
    default: return FAILED;
    }
}

#define TRY(call)                                                                                                              \
    do {                                                                                                                       \
        const dnnl_status_t try_status = (call);                                                                               \
        if (try_status != dnnl_success) return try_status;                                                                     \
    } while (0)

static dnnl_status_t describe(dnnl_memory_desc_t *desc, dnnl_data_type_t type, int64_t rows, int64_t columns, int64_t ld,
                              bool transposed)
{
    const dnnl_dims_t dims = { rows, columns }, strides = { transposed ? 1 : ld, transposed ? ld : 1 };
    return dnnl_memory_desc_init_by_strides(desc, 2, dims, type, strides);
}

static dnnl_status_t wrap(struct matrix *x, dnnl_engine_t engine, const void *elements)
{
    return dnnl_memory_create(&x->memory, &x->desc, engine, (void *)(uintptr_t)elements);
}

static dnnl_status_t execute(const_dnnl_primitive_desc_t desc, dnnl_stream_t stream, int count, const dnnl_exec_arg_t *args)
{
    dnnl_primitive_t primitive = NULL;
    dnnl_status_t status = dnnl_primitive_create(&primitive, desc);
    if (status == dnnl_success) status = dnnl_primitive_execute(primitive, stream, count, args);
    if (status == dnnl_success) status = dnnl_stream_wait(stream);
    (void)dnnl_primitive_destroy(primitive);
    return status;
}

/* The other operand is of 16 bits, and there is no product of two types: this one is rounded to them. */
static dnnl_status_t narrow(struct matrix *x, dnnl_engine_t engine, dnnl_stream_t stream, dnnl_data_type_t type,
                            bool transposed)
{
    const int64_t rows = x->desc.dims[0], columns = x->desc.dims[1];
    struct matrix copy = { .memory = NULL };
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status;
    TRY(describe(&copy.desc, type, rows, columns, transposed ? rows : columns, transposed));
    copy.own = malloc(dnnl_memory_desc_get_size(&copy.desc));
    if (copy.own == NULL) return dnnl_out_of_memory;
    status = wrap(&copy, engine, copy.own);
    if (status == dnnl_success) status = dnnl_reorder_primitive_desc_create(&desc, &x->desc, engine, &copy.desc, engine, NULL);
    if (status == dnnl_success)
        status =
            execute(desc, stream, 2, (const dnnl_exec_arg_t[]){ { DNNL_ARG_FROM, x->memory }, { DNNL_ARG_TO, copy.memory } });
    (void)dnnl_primitive_desc_destroy(desc);
    (void)dnnl_memory_destroy(x->memory);
    *x = copy;
    return status;
}

static dnnl_status_t multiply(dnnl_engine_t engine, dnnl_stream_t stream, const struct matrix *a, const struct matrix *b,
                              double beta, const struct matrix *c)
{
    dnnl_matmul_desc_t matmul;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_post_ops_t behind = NULL;
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status = dnnl_matmul_desc_init(&matmul, &a->desc, &b->desc, NULL, &c->desc);
    if (status == dnnl_success) status = dnnl_primitive_attr_create(&attributes);
    if (status == dnnl_success) status = dnnl_post_ops_create(&behind);
    if (status == dnnl_success && beta != 0) status = dnnl_post_ops_append_sum(behind, (float)beta);
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(attributes, behind);
    if (status == dnnl_success) status = dnnl_primitive_desc_create(&desc, &matmul, attributes, engine, NULL);
    if (status == dnnl_success)
        status = execute(desc, stream, 3,
                         (const dnnl_exec_arg_t[]){
                             { DNNL_ARG_SRC, a->memory }, { DNNL_ARG_WEIGHTS, b->memory }, { DNNL_ARG_DST, c->memory } });
    (void)dnnl_primitive_desc_destroy(desc);
    (void)dnnl_post_ops_destroy(behind);
    (void)dnnl_primitive_attr_destroy(attributes);
    return status;
}

struct product {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    struct matrix a, b, c;
};

static void release(struct product *p)
{
    struct matrix *const matrices[] = { &p->a, &p->b, &p->c };
    for (size_t i = 0; i < sizeof matrices / sizeof matrices[0]; i++) {
        (void)dnnl_memory_destroy(matrices[i]->memory);
        free(matrices[i]->own);
    }
    (void)dnnl_stream_destroy(p->stream);
    (void)dnnl_engine_destroy(p->engine);
}

int xent_dnnl_gemm(void *user, int32_t transpose, int64_t m, int64_t n, int64_t k, xent_dtype a_type, const void *a,
                   int64_t lda, xent_dtype b_type, const void *b, int64_t ldb, double beta, void *c, int64_t ldc)
{
    const bool a_transposed = (transpose & A_TRANSPOSED) != 0, b_transposed = (transpose & B_TRANSPOSED) != 0;
    const dnnl_data_type_t left = type_of(a_type), right = type_of(b_type);
    struct product p = { .engine = NULL };
    dnnl_status_t status;
    (void)user;
    if (left == dnnl_data_type_undef || right == dnnl_data_type_undef) return NOT_THESE_TYPES;
    if (left != right && left != dnnl_f32 && right != dnnl_f32) return NOT_THESE_TYPES;
    status = dnnl_engine_create(&p.engine, dnnl_cpu, 0);
    if (status == dnnl_success) status = dnnl_stream_create(&p.stream, p.engine, dnnl_stream_default_flags);
    if (status == dnnl_success) status = describe(&p.a.desc, left, m, k, lda, a_transposed);
    if (status == dnnl_success) status = describe(&p.b.desc, right, k, n, ldb, b_transposed);
    if (status == dnnl_success) status = describe(&p.c.desc, dnnl_f32, m, n, ldc, false);
    if (status == dnnl_success) status = wrap(&p.a, p.engine, a);
    if (status == dnnl_success) status = wrap(&p.b, p.engine, b);
    if (status == dnnl_success) status = wrap(&p.c, p.engine, c);
    if (status == dnnl_success && left != right && left == dnnl_f32)
        status = narrow(&p.a, p.engine, p.stream, right, a_transposed);
    if (status == dnnl_success && left != right && right == dnnl_f32)
        status = narrow(&p.b, p.engine, p.stream, left, b_transposed);
    if (status == dnnl_success) status = multiply(p.engine, p.stream, &p.a, &p.b, beta, &p.c);
    release(&p);
    return answer_of(status);
}
