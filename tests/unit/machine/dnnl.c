/* libxent-dnnl where oneDNN fails: each of its calls in turn, and the memory for a copy. The answer is what xent_gemm may say, everything is
   given back, and the next product is right. */
#include <dnnl.h>
#include <stdbool.h>
#include <string.h>
#include <xent_dnnl.h>

#include "support/expect.h"
#include "unit/allocations.h"

static int calls, failing; /* counted from 1; 0: none fails */
static dnnl_status_t failure;
static int kept; /* made, and not yet destroyed */

static bool fails(void) { return ++calls == failing; }

#define CALL(name, parameters, arguments)                                                                                      \
    dnnl_status_t __real_##name parameters;                                                                                    \
    dnnl_status_t __wrap_##name parameters;                                                                                    \
    dnnl_status_t __wrap_##name parameters { return fails() ? failure : __real_##name arguments; }

#define CREATE(name, parameters, arguments)                                                                                    \
    dnnl_status_t __real_##name parameters;                                                                                    \
    dnnl_status_t __wrap_##name parameters;                                                                                    \
    dnnl_status_t __wrap_##name parameters                                                                                     \
    {                                                                                                                          \
        const dnnl_status_t status = fails() ? failure : __real_##name arguments;                                              \
        kept += status == dnnl_success;                                                                                        \
        return status;                                                                                                         \
    }

#define DESTROY(name, type)                                                                                                    \
    dnnl_status_t __real_##name(type object);                                                                                  \
    dnnl_status_t __wrap_##name(type object);                                                                                  \
    dnnl_status_t __wrap_##name(type object)                                                                                   \
    {                                                                                                                          \
        kept -= object != NULL;                                                                                                \
        return __real_##name(object);                                                                                          \
    }

CREATE(dnnl_engine_create, (dnnl_engine_t * engine, dnnl_engine_kind_t kind, size_t index), (engine, kind, index))
CREATE(dnnl_stream_create, (dnnl_stream_t * stream, dnnl_engine_t engine, unsigned flags), (stream, engine, flags))
CREATE(dnnl_memory_create, (dnnl_memory_t * memory, const dnnl_memory_desc_t *desc, dnnl_engine_t engine, void *handle),
       (memory, desc, engine, handle))
CREATE(dnnl_primitive_create, (dnnl_primitive_t * primitive, const_dnnl_primitive_desc_t desc), (primitive, desc))
CREATE(dnnl_primitive_desc_create,
       (dnnl_primitive_desc_t * desc, const_dnnl_op_desc_t op, const_dnnl_primitive_attr_t attributes, dnnl_engine_t engine,
        const_dnnl_primitive_desc_t hint),
       (desc, op, attributes, engine, hint))
CREATE(dnnl_reorder_primitive_desc_create,
       (dnnl_primitive_desc_t * desc, const dnnl_memory_desc_t *from, dnnl_engine_t from_engine, const dnnl_memory_desc_t *to,
        dnnl_engine_t to_engine, const_dnnl_primitive_attr_t attributes),
       (desc, from, from_engine, to, to_engine, attributes))
CREATE(dnnl_primitive_attr_create, (dnnl_primitive_attr_t * attributes), (attributes))
CREATE(dnnl_post_ops_create, (dnnl_post_ops_t * behind), (behind))
CALL(dnnl_memory_desc_init_by_strides,
     (dnnl_memory_desc_t * desc, int ndims, const dnnl_dims_t dims, dnnl_data_type_t type, const dnnl_dims_t strides),
     (desc, ndims, dims, type, strides))
CALL(dnnl_matmul_desc_init,
     (dnnl_matmul_desc_t * desc, const dnnl_memory_desc_t *a, const dnnl_memory_desc_t *b, const dnnl_memory_desc_t *bias,
      const dnnl_memory_desc_t *c),
     (desc, a, b, bias, c))
CALL(dnnl_post_ops_append_sum, (dnnl_post_ops_t behind, float scale), (behind, scale))
CALL(dnnl_primitive_attr_set_post_ops, (dnnl_primitive_attr_t attributes, const_dnnl_post_ops_t behind), (attributes, behind))
CALL(dnnl_primitive_execute,
     (const_dnnl_primitive_t primitive, dnnl_stream_t stream, int count, const dnnl_exec_arg_t *arguments),
     (primitive, stream, count, arguments))
CALL(dnnl_stream_wait, (dnnl_stream_t stream), (stream))
DESTROY(dnnl_engine_destroy, dnnl_engine_t)
DESTROY(dnnl_stream_destroy, dnnl_stream_t)
DESTROY(dnnl_memory_destroy, dnnl_memory_t)
DESTROY(dnnl_primitive_destroy, dnnl_primitive_t)
DESTROY(dnnl_primitive_desc_destroy, dnnl_primitive_desc_t)
DESTROY(dnnl_primitive_attr_destroy, dnnl_primitive_attr_t)
DESTROY(dnnl_post_ops_destroy, dnnl_post_ops_t)

/* What is multiplied: one operand of F32 and one of BF16, so that a copy is made, added to what is there. */
enum { N = 2 };
static const float wide[N * N] = { 1, 2, 3, 4 }, right_answer[N * N] = { 8, 9, 14, 15 };
static const uint16_t narrow[N * N] = { 0x3f80, 0x3f80, 0x4000, 0x4000 }; /* 1, 1, 2, 2 */
static const float there[N * N] = { 3, 4, 3, 4 };

static int multiply(float c[N * N], bool wide_first)
{
    int answer;
    calls = 0;
    memcpy(c, there, sizeof there);
    allocations_begin(failing < 0 ? 0 : 1000);
    if (wide_first)
        answer = xent_dnnl_gemm(NULL, 0, N, N, N, XENT_F32, wide, N, XENT_BF16, narrow, N, 1, c, N);
    else
        answer = xent_dnnl_gemm(NULL, 3, N, N, N, XENT_BF16, narrow, N, XENT_F32, wide, N, 1, c, N);
    assert_int_equal(allocations_end(), 0);
    assert_int_equal(kept, 0);
    return answer;
}

/* Each call of oneDNN, with each way to fail; then once without a failure. */
static void test_each_call(void **state)
{
    static const struct {
        dnnl_status_t status;
        int answer;
    } ways[] = { { dnnl_out_of_memory, XENT_ERROR_NO_MEMORY }, { dnnl_unimplemented, 1 }, { dnnl_runtime_error, -1 } };
    float c[N * N];
    (void)state;
    for (int order = 0; order < 2; order++) {
        failing = 0;
        const int usual = multiply(c, order == 0), most = calls; /* 1: oneDNN has no such product on this CPU */
        assert_in_range(usual, 0, 1);
        assert_in_range(most, 10, 100);
        for (int way = 0; way < 3; way++) {
            failure = ways[way].status;
            for (failing = 1; failing <= most; failing++) assert_int_equal(multiply(c, order == 0), ways[way].answer);
        }
        failing = 0;
        assert_int_equal(multiply(c, order == 0), usual);
        if (usual == 0 && order == 0) assert_memory_equal(c, right_answer, sizeof c);
    }
}

static void test_no_memory(void **state)
{
    float c[N * N];
    (void)state;
    failing = -1;
    assert_int_equal(multiply(c, true), XENT_ERROR_NO_MEMORY);
    assert_int_equal(multiply(c, false), XENT_ERROR_NO_MEMORY);
    assert_memory_equal(c, there, sizeof c);
    failing = 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_call), cmocka_unit_test(test_no_memory) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
