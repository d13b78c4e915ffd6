/* libxent: softmax, log-softmax, cross entropy and KL divergence, with gradients, statistics of rows and their largest classes, on the CPU.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 *
 * This header is the reference. It is valid C99 and C++11 and needs nothing but <stddef.h> and <stdint.h>.
 *
 * In one page
 *   1. Wrap your arrays as tensors (xent_tensor_wrap borrows memory, xent_tensor_create owns it).
 *   2. Call an operation. Every operation returns an xent_status; XENT_OK is 0.
 *   3. On failure xent_error_message() tells what was wrong, in one sentence.
 *
 *     float z[6] = { 1, 0.5f, 2, 0.5f, 3, 1 }, loss;
 *     int64_t y[2] = { 2, 1 };
 *     xent_tensor *logits, *target, *out;
 *     xent_tensor_wrap(&logits, XENT_F32, 2, (int64_t[]){ 2, 3 }, NULL, z);
 *     xent_tensor_wrap(&target, XENT_I64, 1, (int64_t[]){ 2 }, NULL, y);
 *     xent_tensor_wrap(&out, XENT_F32, 0, NULL, NULL, &loss);
 *     xent_cross_entropy(logits, target, NULL, out);          loss is now 0.3306
 *
 * What holds for every function
 *   All or nothing   A call that returns anything but XENT_OK has not written one byte of any output (one exception:
 *                    xent_linear_cross_entropy_grad). All arguments are checked, targets included, before the first write, in
 *                    this order: NULL arguments; options; element types; ranks, axis and shapes; size overflow; outputs and
 *                    overlap; values (class weights, then row weights and then targets in row-major order); backend; memory.
 *                    The first failure is the one reported.
 *   Same bits        The same inputs and options give the same bits on every backend, CPU, number of threads, alignment
 *                    and memory layout. They change between releases only together with xent_numerics_version(). What a
 *                    caller's gemm computes is its own.
 *   NaN              Every NaN written is the canonical quiet one (0x7FC00000, 0x7FF8000000000000, 0x7E00, 0x7FC0; on MIPS, where
 *                    the NaN of before IEEE 754-2008 are in use, F32 and F64 have 0x7FBFFFFF and 0x7FF7FFFFFFFFFFFF).
 *   Environment      A call computes under round-to-nearest, with subnormals and masked traps, whatever the caller's
 *                    floating-point control word holds, and leaves control word and exception flags as it found them. A
 *                    caller's parallel_for, or gemm, runs under its caller's.
 *   Threads          Operations may run concurrently from any threads. Tensors are only read, outputs excepted; destroying
 *                    or re-pointing (xent_tensor_set_data) a tensor that another thread uses is the caller's race.
 *                    Strings and arrays returned live as long as the library, a tensor's shape and strides as long as the
 *                    tensor, a message as xent_error_message says. Nothing is async-signal-safe.
 *   Stack            A call needs at most 32 KiB of the caller's stack, beside what the caller's functions take.
 *   Return           Every call returns. To leave one otherwise, by longjmp, a C++ exception or the end of the thread, out of a
 *                    caller's function (parallel_for, gemm, exchange) or a signal handler, is undefined behaviour.
 *
 * Words
 *   logits     unnormalised scores z; C of them, the classes, lie along the class axis
 *   row        the C logits of one batch position
 *   batch shape  the logits' shape without the class axis (rank 0 for rank-1 logits)
 *   log-sum-exp  lse = ln(sum_c exp(z_c)); log-probabilities are q_c = z_c - lse, probabilities p_c = exp(q_c)
 */
#ifndef XENT_H
#define XENT_H

#include <stddef.h>
#include <stdint.h>

#if defined XENT_STATIC
#define XENT_API
#elif defined _WIN32 && defined XENT_BUILDING_LIBRARY
#define XENT_API __declspec(dllexport)
#elif defined _WIN32
#define XENT_API __declspec(dllimport)
#elif defined __GNUC__
#define XENT_API __attribute__((visibility("default")))
#else
#define XENT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version ------------------------------------------------------------------------------------------------------ */

#define XENT_VERSION_MAJOR 0
#define XENT_VERSION_MINOR 1
#define XENT_VERSION_PATCH 0
#define XENT_VERSION_STRING "0.1.0"
/* 10000 * major + 100 * minor + patch: for comparisons in the preprocessor. */
#define XENT_VERSION_NUMBER (10000 * XENT_VERSION_MAJOR + 100 * XENT_VERSION_MINOR + XENT_VERSION_PATCH)

/* The version of the library that runs, which may be newer than the header compiled against. */
XENT_API const char *xent_version(void);
XENT_API int32_t xent_version_number(void);

/* Version of the arithmetic. Two libraries with the same number give the same bits for the same inputs, on whatever
   machine; a release that changes any bit of any result raises it. */
XENT_API int32_t xent_numerics_version(void);

/* ---- Types -------------------------------------------------------------------------------------------------------- */

/* What a call answers. Values never change and are never reused; new ones may be added. The FORCE_INT members of the
   enums here are never returned nor accepted; they fix the types' size. */
typedef enum xent_status {
    XENT_OK = 0,
    XENT_ERROR_INVALID_ARGUMENT = 1, /* NULL, misaligned data, unknown reduction, an option or a weight out of range, a
                                        read-only tensor as output */
    XENT_ERROR_SHAPE = 2,            /* rank, extents or axis out of range, or shapes that do not fit together */
    XENT_ERROR_DTYPE = 3,            /* unknown element type, or one that is not allowed here */
    XENT_ERROR_TARGET = 4,           /* a class index outside [0, C) that is not ignore_index */
    XENT_ERROR_OVERLAP = 5,          /* an output overlaps an input, another output or itself in a way not allowed */
    XENT_ERROR_OVERFLOW = 6,         /* the product of the extents, or the bytes spanned, exceed what can be addressed */
    XENT_ERROR_NO_MEMORY = 7,        /* an allocation failed */
    XENT_ERROR_UNSUPPORTED = 8,      /* backend or number of threads that cannot be had here; a gemm that failed */
    XENT_ERROR_COMMUNICATION = 9, /* of xent_mpi.h alone: an MPI call failed, or processes gave what contradicts each other */
    XENT_STATUS_FORCE_INT = 0x7fffffff
} xent_status;

/* Element types. Floating: logits, probabilities, weights, losses, gradients. Integer: class indices.
   F16 and BF16 are computed as F32 and rounded once, to nearest even, when they are stored. */
typedef enum xent_dtype {
    XENT_F32 = 1,  /* IEEE binary32, C's float */
    XENT_F64 = 2,  /* IEEE binary64, C's double */
    XENT_F16 = 3,  /* IEEE binary16 */
    XENT_BF16 = 4, /* the upper half of a binary32 */
    XENT_I64 = 16, /* int64_t, and so on */
    XENT_I32 = 17,
    XENT_I16 = 18,
    XENT_I8 = 19,
    XENT_U8 = 20,
    XENT_U16 = 21,
    XENT_U32 = 22,
    XENT_U64 = 23,
    XENT_DTYPE_FORCE_INT = 0x7fffffff
} xent_dtype;

/* How the losses of the rows become the result. */
typedef enum xent_reduction {
    XENT_REDUCTION_MEAN = 0, /* their sum over a divisor (see xent_options.normalizer): one element */
    XENT_REDUCTION_SUM = 1,  /* their sum: one element */
    XENT_REDUCTION_NONE = 2, /* each of them: the batch shape */
    XENT_REDUCTION_FORCE_INT = 0x7fffffff
} xent_reduction;

/* A dtype, a rank, a shape, strides, and memory that it owns or borrows. */
typedef struct xent_tensor xent_tensor;

#define XENT_MAX_NDIM 8             /* the largest rank */
#define XENT_AXIS_DEFAULT INT32_MIN /* as PyTorch has it: axis 1, or axis 0 of a rank-1 tensor; allowed wherever an axis is */

/* ---- Options ------------------------------------------------------------------------------------------------------ */

/* What a loss takes beside its tensors. Start from XENT_OPTIONS_INIT (or xent_options_init) and set what differs:
       xent_options options = XENT_OPTIONS_INIT;
       options.reduction = XENT_REDUCTION_SUM;
   NULL in place of a pointer to options means XENT_OPTIONS_INIT. Every field is checked, used by the call or not.
   The struct grows at its end in later releases; struct_size tells the library which of them the caller knows. */
typedef struct xent_options {
    size_t struct_size;              /* sizeof(xent_options): a size that some release published, or a larger one of at most
                                        4096 bytes whose further bytes are all zero; else XENT_ERROR_INVALID_ARGUMENT */
    int32_t reduction;               /* an xent_reduction; XENT_REDUCTION_MEAN */
    int32_t axis;                    /* class axis, negative from the end; XENT_AXIS_DEFAULT */
    int64_t ignore_index;            /* rows with this class index count for nothing and their logits are not read; it may lie
                                        inside [0, C); not looked at for probability targets; -100 */
    const xent_tensor *class_weight; /* NULL: all ones; else shape (C), any floating dtype, every one finite and >= 0 */
    double label_smoothing;          /* 0.0, in [0, 1]: targets become (1 - e) * target + e / C, in double */
    double z_loss;                   /* 0.0: adds z_loss * lse^2 to each row's loss; finite, >= 0 */
    double logit_scale;              /* 1.0: multiplies every logit first (1 / temperature); in [1e-30, 1e30] */
    double softcap;                  /* 0.0: off; else z becomes softcap * tanh(z / softcap), after logit_scale;
                                        in [1e-30, 1e30] */
    double normalizer;               /* 0.0: automatic; else MEAN divides by exactly this (finite, > 0): for gradient
                                        accumulation and data-parallel training */
    int32_t num_threads;             /* 0: as set for the process; else, up to 4096, at most this many for this call */
    int32_t reserved;                /* 0 */
    const xent_tensor *row_weight;   /* NULL: all ones; else the batch shape, any floating dtype, every one finite and >= 0:
                                        multiplies each row's loss and gradient; the automatic divisor of MEAN adds these
                                        weights up, so equal ones above 0 change a mean by roundings at most, unless a sum
                                        overflows; a row of weight 0 counts for nothing and neither its logits nor its
                                        probabilities are read */
} xent_options;

#define XENT_OPTIONS_INIT                                                                                                      \
    {                                                                                                                          \
        sizeof(xent_options), XENT_REDUCTION_MEAN, XENT_AXIS_DEFAULT, -100, NULL, 0.0, 0.0, 1.0, 0.0, 0.0, 0, 0, NULL          \
    }

/* The same for languages without the macro: fills the first min(struct_size, 4096) bytes: struct_size, the defaults, then
   zeros. With NULL, or a size below sizeof(xent_options) that no release published, nothing is written. */
XENT_API void xent_options_init(xent_options *options, size_t struct_size);

/* ---- Tensors ------------------------------------------------------------------------------------------------------ */

/* *out = a new tensor that owns zeroed, 64-byte aligned, row-major memory.
   shape: ndim extents >= 0, copied; may be NULL where ndim is 0 (a scalar, one element). On failure *out is NULL.
   XENT_ERROR_INVALID_ARGUMENT: out or shape is NULL. XENT_ERROR_DTYPE: unknown dtype. XENT_ERROR_SHAPE: ndim outside 0..8, or a
   negative extent. XENT_ERROR_OVERFLOW: the product of the non-zero extents, in bytes, does not fit ptrdiff_t.
   XENT_ERROR_NO_MEMORY. */
XENT_API xent_status xent_tensor_create(xent_tensor **out, xent_dtype dtype, int32_t ndim, const int64_t *shape);

/* *out = a new tensor over memory of the caller's, which must outlive it.
   strides: in elements, one for each dimension, copied; zero and negative ones are fine; NULL: row-major. data: the element
   at index (0, ..., 0), aligned as a struct's member of its type is; may be NULL if the tensor has no elements. On failure *out is
   NULL.
   Errors: as xent_tensor_create, and XENT_ERROR_OVERFLOW where an offset that the strides reach, in bytes, does not fit
   ptrdiff_t; then XENT_ERROR_INVALID_ARGUMENT where data is NULL or misaligned. */
XENT_API xent_status xent_tensor_wrap(xent_tensor **out, xent_dtype dtype, int32_t ndim, const int64_t *shape,
                                      const int64_t *strides, void *data);

/* The same over memory that is only read: as an output such a tensor is XENT_ERROR_INVALID_ARGUMENT. */
XENT_API xent_status xent_tensor_wrap_const(xent_tensor **out, xent_dtype dtype, int32_t ndim, const int64_t *shape,
                                            const int64_t *strides, const void *data);

/* Points a wrapped tensor at other memory, shape and strides unchanged; one from xent_tensor_wrap_const stays read-only.
   Nothing is allocated: a training loop wraps once. On failure the tensor is unchanged.
   XENT_ERROR_INVALID_ARGUMENT: t is NULL, t owns its memory, or data is NULL (with elements) or misaligned. */
XENT_API xent_status xent_tensor_set_data(xent_tensor *t, void *data);

/* Frees the tensor and the memory it owns, never memory that it borrows. NULL is fine. */
XENT_API void xent_tensor_destroy(xent_tensor *t);

/* What a tensor is. All answer 0 or NULL for NULL. */
XENT_API xent_dtype xent_tensor_dtype(const xent_tensor *t);
XENT_API int32_t xent_tensor_ndim(const xent_tensor *t);
XENT_API const int64_t *xent_tensor_shape(const xent_tensor *t);   /* ndim extents */
XENT_API const int64_t *xent_tensor_strides(const xent_tensor *t); /* ndim strides, in elements */
XENT_API int64_t xent_tensor_numel(const xent_tensor *t);          /* product of the extents; 1 for rank 0 */
XENT_API void *xent_tensor_data(const xent_tensor *t);             /* NULL for a tensor from xent_tensor_wrap_const */
XENT_API const void *xent_tensor_const_data(const xent_tensor *t);

/* Bytes of one element; 0 for an unknown dtype. */
XENT_API size_t xent_dtype_size(xent_dtype dtype);

/* Outputs and overlap, the rule for all operations below.
   An output must be writable, and injective by this test: sort its dimensions longer than 1 by |stride|; each |stride| must
   exceed the sum of (extent - 1) * |stride| of the smaller ones. Two tensors overlap if the byte ranges from their lowest to
   their highest element intersect; empty tensors overlap nothing. No output may overlap an input (target, class_weight,
   row_weight and grad_loss are inputs) or another output, except in place where a function says so: same data pointer, dtype,
   shape, and same strides on dimensions longer than 1. Anything else is XENT_ERROR_OVERLAP, an output that is not injective included.
   Inputs are never modified, except in place. */

/* ---- Softmax and its kin ------------------------------------------------------------------------------------------ */

/* p = softmax(z) along axis: p_c = exp(z_c) / sum_k exp(z_k).
   z: floating, rank >= 1. p: z's shape, any floating dtype; may be z itself, of z's dtype then: a p of another
   dtype in z's memory is XENT_ERROR_OVERLAP. axis: in [-rank, rank) or XENT_AXIS_DEFAULT. A row that holds NaN or +inf, or
   nothing but -inf, becomes NaN. Else -inf has probability 0. Within 4 * 2^-24 (F64 z: about 6 * 2^-53) of the exact value,
   relative, however small, and 2^-149 (F64 z: 2^-1074) besides, a step between subnormal numbers: in F32, for F64 z in F64,
   from which a p of another dtype is rounded once.
   XENT_ERROR_INVALID_ARGUMENT: a NULL, or p is read-only. XENT_ERROR_DTYPE: an integer tensor.
   XENT_ERROR_SHAPE: rank 0, axis out of range, or shapes differ. XENT_ERROR_OVERLAP. XENT_ERROR_UNSUPPORTED:
   XENT_BACKEND or XENT_NUM_THREADS in the environment cannot be honoured. XENT_ERROR_NO_MEMORY. */
XENT_API xent_status xent_softmax(const xent_tensor *z, int32_t axis, xent_tensor *p);

/* logp = log_softmax(z) along axis: logp_c = z_c - lse. Within 2 ulp of the storage type (F64: 4 ulp and
   (1 + C / 2048) * 2^-1074); an F64 logp of other logits is the double that an F32 one is rounded from, off by 2^-24.5 times the
   row's largest logp, 2^-51 of its own and (1 + C) * 2^-190. Arguments, special values, other dtypes and errors as xent_softmax. */
XENT_API xent_status xent_log_softmax(const xent_tensor *z, int32_t axis, xent_tensor *logp);

/* out = ln(sum_c exp(z_c)) along axis. out: z's shape without the axis, any floating dtype.
   A NaN in the row gives NaN, else a +inf gives +inf; a row of nothing but -inf, and one without classes, gives -inf.
   Errors as xent_softmax; out never overlaps z. */
XENT_API xent_status xent_logsumexp(const xent_tensor *z, int32_t axis, xent_tensor *out);

/* The k largest classes of each row along axis, in descending order, and their log-probabilities. index: the classes, I64 or I32.
   logp: any floating dtype, with the bits that xent_log_softmax gives these classes. Either may be NULL: not wanted, not computed.
   Both have z's shape but k in place of C, and k, their extent along axis, is 1 to the smaller of C and 1024. NaN comes first, then
   +inf; -0.0 equals +0.0; of equal logits the one whose class comes first is first. A row that holds NaN or +inf, or nothing but -inf,
   has NaN for logp, and an index all the same. Each logit is read once.
   XENT_ERROR_INVALID_ARGUMENT: z is NULL, index and logp both are, or one is read-only. XENT_ERROR_DTYPE: z or logp is not floating,
   index neither I64 nor I32. XENT_ERROR_SHAPE: rank 0, axis out of range, no classes, shapes that do not fit, k out of range, more
   classes than an index of I32 counts. XENT_ERROR_OVERLAP: an output overlaps z, the other one or itself. XENT_ERROR_UNSUPPORTED: as xent_softmax.
   XENT_ERROR_NO_MEMORY. */
XENT_API xent_status xent_top_k(const xent_tensor *z, int32_t axis, xent_tensor *index, xent_tensor *logp);

/* out = ln(x), element by element, within 2 ulp (F64: 4) of the storage type. x: floating, any rank. out: x's shape and
   dtype; may be x itself. ln 0 = -inf, ln of a negative number is NaN: results, not errors. Errors as xent_softmax, but that
   rank 0 is none, and that an out of another dtype than x is XENT_ERROR_DTYPE. */
XENT_API xent_status xent_log(const xent_tensor *x, xent_tensor *out);

/* ---- Losses ------------------------------------------------------------------------------------------------------- */

/* Shared by the functions below.
   logits, logp   floating, rank >= 1; the class axis (options->axis) has C >= 1 classes (C == 0 is XENT_ERROR_SHAPE unless the
                  batch is empty)
   target         integer dtype and the batch shape: a class index per row, in [0, C) or equal to ignore_index
                  or floating dtype (any) and the logits' shape: a probability per class (one-hot included), taken as it is,
                  neither normalised nor checked
   options        NULL: XENT_OPTIONS_INIT
   loss           any floating dtype, whatever the logits are; NONE: the batch shape; MEAN, SUM: exactly one element, any rank

   The loss of one row, with v = softcap(logit_scale * z), lse = ln(sum_c exp(v_c)), q = v - lse, smoothing e, class weights w and
   the row's weight r:
     class index y     r * ((1-e) * w[y] * -q[y] + (e/C) * sum_c w[c] * -q[c] + z_loss * lse^2); 0 if y is ignore_index
     probabilities t   r * (sum_c w[c] * s[c] * -q[c] + z_loss * lse^2), s = (1-e) * t + e/C
   and its gradient, with the coefficients k[c] = w[c] * s[c] (t one-hot for a class index) and p = exp(q); the divisor is that
   of MEAN below, else 1
     r * grad_loss / divisor * logit_scale * dv/dx * ((sum_c k[c] + 2 * z_loss * lse) * p[c] - k[c]), x = logit_scale * z
   logit_scale and softcap are rounded to F32 (not for F64 logits), and logit_scale * z is one product of that type. dv/dx is
   4 * e / (1 + e)^2 with e = exp(-2 * |x / softcap|), of the quotient as it rounds; 1 without a softcap.
   r multiplies the loss that the row has without it, in double: one rounding more. In the gradient it comes last among the factors
   before dv/dx, which then neither overflow nor underflow on the way to their product. r = 1 changes no bit. A row of weight 0 is
   ignored, as one with ignore_index is: neither its logits nor its probabilities are read. Its class index is checked all the
   same; ignore_index alone exempts from that.
   SUM adds the rows up. MEAN = SUM / divisor; the divisor is the sum of r * w[y] over the rows not ignored (class indices) or the
   sum of r (probabilities: without row weights the number of rows), or options->normalizer where that is not 0. An empty or
   wholly ignored batch has MEAN NaN (0 with a normalizer) and SUM 0. A loss of zero is +0.0.

   Special values, judged on logit_scale * z, for rows that are not ignored. A NaN or +inf, or a row of nothing but -inf, makes
   the row's loss and its whole gradient row NaN. Else -inf, which a softcap leaves as it is with a derivative of 1, has
   probability 0; a coefficient of exactly 0 contributes 0 even against it, a positive one makes the loss +inf, a negative one
   -inf (both: NaN), while the gradient stays finite. A grad_loss of NaN makes its row's gradient NaN. Where grad_loss / divisor
   overflows, entries are infinite, but one whose bracket above is exactly 0 is still 0, unless the divisor is 0.

   XENT_ERROR_INVALID_ARGUMENT: a NULL that is not allowed, an option out of range, a read-only output, a class weight or a
   row weight that is negative or not finite; the message names the first ("row_weight[3][17] = -1, expected a finite number >= 0").
   XENT_ERROR_DTYPE: integer logits, weights or losses. XENT_ERROR_SHAPE: rank 0, axis out of range, a target, class_weight,
   row_weight, grad_loss or output whose shape does not fit. XENT_ERROR_TARGET: a class index outside [0, C) that is not
   ignore_index; the message names the first. XENT_ERROR_OVERLAP. XENT_ERROR_UNSUPPORTED: as xent_softmax.
   XENT_ERROR_NO_MEMORY. */

/* Negative log likelihood of log-probabilities: class index y: -w[y] * logp[y]; floating t: sum_c w[c] * t[c] * -logp[c]; both
   times the row's weight. Reads only what has a coefficient other than 0: for a class index logp[y] alone, whatever the rest of
   the row holds. The products are IEEE's, so -inf at y gives +inf. Of a class index each of the two products is rounded to double; of
   floating t the loss is within 2^-46 (F64 logp: 2^-48) of the sum of the sizes of what it adds up, and r * C * 2^-1074 besides; then it
   is rounded. label_smoothing, z_loss, logit_scale and softcap must be at their defaults (else XENT_ERROR_INVALID_ARGUMENT). */
XENT_API xent_status xent_nll_loss(const xent_tensor *logp, const xent_tensor *target, const xent_options *options,
                                   xent_tensor *loss);

/* Cross entropy straight from logits: reads each logit once and never forms the probabilities. The loss of a row with a class
   index is within 1 ulp of F32 of the exact value for F32, F16 and BF16 logits, within 4 ulp for F64, however confident the
   row; and off by w[y] * (1 + C) * 2^-190 besides (F64: w[y] * (1 + C / 2048) * 2^-1074), where classes far below the maximum
   count as 0. Label smoothing and probabilities: within 1.2 * 2^-25 (F64: 8 * 2^-53) of sum_c |k[c] * q[c]|, then rounded. z_loss:
   its term is that of an lse which is off by 2^-24.5 (F64: 2^-51) * log1p(rest), where rest is the sum of exp(v_c - max) over all
   classes but the largest; so where lse is next to 0 the term has no digits of its own. A softcap: all of this holds for some v
   within 2^-22 (F64: 2^-50) of the exact one, relative. A row weight multiplies all of that, and the product is rounded once. */
XENT_API xent_status xent_cross_entropy(const xent_tensor *logits, const xent_tensor *target, const xent_options *options,
                                        xent_tensor *loss);

/* Loss and d(loss)/d(logits) together; the loss has the bits of xent_cross_entropy.
   grad_loss: d(result)/d(loss), NULL for ones; any floating dtype; the batch shape for NONE, exactly one element of any rank
   for MEAN and SUM. loss: may be NULL. grad_logits: the logits' shape and dtype; may be the logits themselves, which are then
   replaced. The gradient of an ignored row is +0.0; that of counted rows with a total weight of 0 under MEAN is NaN. */
XENT_API xent_status xent_cross_entropy_grad(const xent_tensor *logits, const xent_tensor *target, const xent_options *options,
                                             const xent_tensor *grad_loss, xent_tensor *loss, xent_tensor *grad_logits);

/* *divisor = the automatic divisor of MEAN, whatever options->normalizer says. For gradient accumulation: add it up over
   batches and processes and give the sum as `normalizer`. The target comes without logits: class indices are checked against
   [0, C) only where class_weight tells C; a floating target needs the axis, for class indices it is not looked at. row_weight has
   the shape of class indices, or that of a floating target without the axis. */
XENT_API xent_status xent_mean_divisor(const xent_tensor *target, const xent_options *options, double *divisor);

/* The Kullback-Leibler divergence of two sets of logits: kl = sum_c p[c] * (ln p[c] - ln q[c]) of each row, with p = softmax(v) of
   logits_p, the reference (a teacher, a base model), and q = softmax(v) of logits_q; v = softcap(logit_scale * z) on both sides. The
   reference comes first, which F.kl_div of PyTorch takes last. logits_p, logits_q: floating, of one shape; their dtypes may differ: where
   either is F64, both are computed as F64. target: NULL, or class indices of the batch shape, which tell with ignore_index which rows
   count, and must be in [0, C) else. options: reduction, axis, ignore_index, logit_scale, softcap, normalizer, num_threads and row_weight,
   all as above; MEAN divides by the rows that count, or by the sum of their weights (PyTorch's `batchmean`; its `mean` divides by the
   elements). class_weight must be NULL, label_smoothing and
   z_loss 0 (else XENT_ERROR_INVALID_ARGUMENT). kl: any floating dtype; NONE: the batch shape; MEAN, SUM: exactly one element.
   A divergence is never negative, and +0.0 for equal rows, whatever their dtypes. Within 2^-20 * kl + 2^-46 of the exact value (where
   either is F64: 2^-48 * kl + 2^-96), then rounded; with a softcap, of that of some v within 2^-22 (2^-50) of the exact ones, relative.
   Special values of rows that are not ignored: a NaN, a +inf or nothing but -inf on either side makes kl NaN. Else p[c] = 0 adds 0, and
   q[c] = 0 < p[c], a -inf of logits_q alone, makes kl +inf. A p[c] below 2^-190 (F64: 2^-1086) may count as 0.
   Errors: as above; target of a floating dtype is XENT_ERROR_DTYPE. */
XENT_API xent_status xent_kl_div(const xent_tensor *logits_p, const xent_tensor *logits_q, const xent_tensor *target,
                                 const xent_options *options, xent_tensor *kl);

/* The same together with its gradient in logits_q: r * grad_kl / divisor * logit_scale * dv/dx * (q[c] - p[c]), each within
   8 * 2^-24 (F64: 16 * 2^-53) of that factor times (p[c] + q[c]), and off by 2^-148 (2^-1073) besides, and by the factor times
   2^-189 (2^-1010), since p[c] and q[c] that are smaller may count as 0; p has none. It stays finite where kl is +inf; where kl is NaN,
   or grad_kl, the row is NaN; in an ignored row, in one that is equal on both sides, and where p[c] = q[c] = 0, it is +0.0.
   grad_kl: NULL for ones; else as grad_loss of xent_cross_entropy_grad. kl: may be NULL; else it has the bits of xent_kl_div.
   grad_logits_q: logits_q's shape and dtype; may be logits_q itself, never logits_p. */
XENT_API xent_status xent_kl_div_grad(const xent_tensor *logits_p, const xent_tensor *logits_q, const xent_tensor *target,
                                      const xent_options *options, const xent_tensor *grad_kl, xent_tensor *kl,
                                      xent_tensor *grad_logits_q);

/* ---- Statistics of rows ------------------------------------------------------------------------------------------- */

/* What is wanted of each row; NULL: not wanted, and not computed. Every tensor has the batch shape. With tau the value v_y of the
   target y, the rank is how many classes come before it: those with v_c > tau, and those with v_c == tau and c < y. So `rank < k` is
   top-k accuracy, `rank == 0` accuracy, and `rank` classes are likelier than the target.
   Start from XENT_STATS_INIT (or xent_stats_init) and set what is wanted. The struct grows as xent_options does. */
typedef struct xent_stats {
    size_t struct_size; /* as in xent_options */
    xent_tensor *loss;  /* floating: what xent_cross_entropy gives with NONE, to the bit */
    xent_tensor *lse; /* floating: ln(sum_c exp(v_c)); without logit_scale and softcap what xent_logsumexp gives, to the bit */
    xent_tensor *max; /* floating: the largest v_c; a zero is +0.0 */
    xent_tensor *argmax;  /* I64 or I32: the first class at it */
    xent_tensor *entropy; /* floating: -sum_c p_c * ln(p_c), in nats, p = softmax(v) */
    xent_tensor *rank;    /* I64 or I32: of the target */
} xent_stats;

#define XENT_STATS_INIT                                                                                                        \
    {                                                                                                                          \
        sizeof(xent_stats), NULL, NULL, NULL, NULL, NULL, NULL                                                                 \
    }

/* The same for languages without the macro; as xent_options_init. */
XENT_API void xent_stats_init(xent_stats *stats, size_t struct_size);

/* Any of these of every row, for evaluation, distillation and reinforcement learning: reads each logit once, whichever are wanted. Each
   has the same bits whether it is wanted alone or with others. logits, options, v and row_weight as for xent_cross_entropy.
   target: may be NULL where neither loss nor rank is wanted; no row has an ignored target then. A floating target gives a loss and no
   rank. options: the class axis, ignore_index, logit_scale and softcap, row_weight and num_threads concern all members, the others the
   loss alone; the reduction and the normalizer are checked and not looked at. A row that is ignored, by ignore_index or a weight of 0,
   has 0 in floating outputs and -1 in integer ones, and its logits are not read; other row weights multiply the loss alone.
   argmax and rank are exact, judged on v as it is computed. The entropy is within 4 * 2^-24 of the exact value, relative, however
   confident the row (F64 logits: 16 * 2^-53, and 5 * 2^-53 more for each doubling of C beyond 4096), and off by C * 2^-182 besides
   (F64: C * 2^-1063), where classes far below the maximum count as 0; a softcap: for some v as near as xent_cross_entropy says. It is
   never negative. A class of probability 0 adds 0.
   Special values, of a row that is not ignored. A NaN: lse, max and entropy NaN, argmax the first NaN, rank -1. Else +inf: lse and
   max +inf, entropy NaN, argmax the first +inf, rank as defined. Nothing but -inf: lse and max -inf, entropy NaN, argmax 0, rank y.
   Errors as xent_cross_entropy, in its order, and the stats are checked with the NULL arguments. XENT_ERROR_INVALID_ARGUMENT: no member
   set, struct_size as in xent_options, a target that is NULL where needed. XENT_ERROR_DTYPE: an argmax or rank that is not I64 or
   I32, another output that is not floating, a floating target where rank is wanted. XENT_ERROR_SHAPE: an output without the batch
   shape, or more classes than an I32 argmax or rank can tell. XENT_ERROR_OVERLAP: outputs overlap neither inputs nor each other. */
XENT_API xent_status xent_row_stats(const xent_tensor *logits, const xent_tensor *target, const xent_options *options,
                                    const xent_stats *stats);

/* ---- Partial rows ------------------------------------------------------------------------------------------------- */

/* Where no process holds whole rows, each reduces the classes it has to states (xent_partial_reduce), sends these as bytes to all
   others, merges everybody's (xent_partial_merge), and has the rows: their losses and statistics (xent_partial_finish), and the gradient of
   its own classes (xent_partial_grad). xent_partial_exchange does this for blocks of rows and is faster. 64 bytes for each row and state
   are exchanged, by MPI_Allgather, sockets, files; no collective may add or compare. A stream of classes too long for memory is the same
   calls in one process.

   A cut at multiples of 4096 classes gives the bits that xent_cross_entropy, xent_cross_entropy_grad and xent_row_stats give whole rows:
   losses, statistics, every entry of the gradient. xent_shard_cut makes such cuts. A shard that begins or ends elsewhere makes the cut
   an unaligned one: its results are within the bounds of whole rows (an entropy of F64 logits 5 * 2^-53 more for each doubling of the
   shards), and their bits depend on the cut.
   A vocabulary is padded by logits of -inf, which have probability 0. */

/* The classes [first, first + classes) of a row of `of` classes. Fill in all fields, or let xent_shard_cut do it. */
typedef struct xent_shard {
    int64_t first, classes, of;
    int32_t dtype;    /* the logits' xent_dtype, the same in all shards */
    int32_t reserved; /* 0 */
} xent_shard;

/* The state of a run of a row's classes, with v, k (coefficients) and p as for a loss. Plain data of 64 bytes without padding: copy it,
   send it, store it, to machines of the same byte order and the same xent_numerics_version(). Every NaN in it is the canonical one. */
typedef struct xent_partial {
    double max;    /* the largest v; -inf: nothing but -inf; +inf: a NaN or +inf is among them */
    double rest;   /* sum of exp(v - max) over all classes but the first at max; NaN with a NaN */
    double heat;   /* sum of exp(v - max) * (max - v) over the same; NaN with a NaN, and where nobody has asked */
    double coef;   /* sum of the coefficients that every class may have; 0 without probabilities and label smoothing */
    double gap;    /* sum of such a coefficient times (max - v); NaN with a NaN */
    double peak;   /* the largest such coefficient, as a magnitude */
    double target; /* v of the target, where it is a class index among these classes; else NaN */
    int64_t
        argmax; /* the first class at max, or the first NaN, counted from 0 in `of`; the first class where nothing was read */
} xent_partial;

/* *shard = part `part` of `parts`: cut at multiples of 4096 classes, as evenly as that allows; the last parts may be empty.
   XENT_ERROR_INVALID_ARGUMENT: shard is NULL, parts < 1, part outside [0, parts). XENT_ERROR_DTYPE: dtype is not floating.
   XENT_ERROR_SHAPE: of < 1. */
XENT_API xent_status xent_shard_cut(int64_t of, xent_dtype dtype, int32_t parts, int32_t part, xent_shard *shard);

/* States that a row of the shard has: 1 where it is not aligned, else the nodes of the row's tree of chunks that it is made of, at most
   twice the binary logarithm of its chunks. 0 for an empty shard, NULL, and a shard that no function accepts. */
XENT_API int64_t xent_partials_per_row(const xent_shard *shard);

/* Shared by the functions below, where they have such an argument
   logits    floating, of the shard's dtype, with shard->classes classes along the class axis
   target    class indices in [0, of), the same in all shards, whichever classes these hold; or the shard's slice of the probabilities.
             NULL where no loss is wanted: then no row has an ignored target
   options   as for xent_cross_entropy, the same in all shards; C is `of`, class_weight has shape (of) everywhere
   partials, whole   in row-major order of the batch, in memory aligned as an array of them; may be NULL where there are none

   An empty shard has no states; its logits have no classes, and nothing is written. An ignored row is not read. All functions are all or
   nothing, check in the order above, `shard` with the options, and use threads as other operations do.
   XENT_ERROR_INVALID_ARGUMENT: shard->reserved is not 0; states that are misaligned, or cannot be of these rows and classes: an argmax
   that is none of its classes ("partials[2][17] has argmax 9000, expected one of its classes, 12288 to 16383"). XENT_ERROR_DTYPE:
   shard->dtype is not floating, logits of another dtype. XENT_ERROR_SHAPE: of < 1, first or classes outside the row, logits or
   probabilities with other than shard->classes classes. XENT_ERROR_OVERFLOW: more states than can be addressed.
   XENT_ERROR_OVERLAP: `partials` and `whole` are an output or an input as any other. The rest as for xent_cross_entropy. */

/* partials: room for rows * xent_partials_per_row(shard); the states of a row stand one behind the other. Reads each logit once. */
XENT_API xent_status xent_partial_reduce(const xent_tensor *logits, const xent_shard *shard, const xent_tensor *target,
                                         const xent_options *options, xent_partial *partials);

/* whole: one state for each of `rows` rows. shards[i], partials[i]: all parts of the rows, in the order of their classes; empty shards
   anywhere.
   XENT_ERROR_INVALID_ARGUMENT: parts < 1, shards that differ in `of` or dtype, states as above. XENT_ERROR_SHAPE: rows < 0, shards that do
   not cover [0, of) once, in order. */
XENT_API xent_status xent_partial_merge(int32_t parts, const xent_shard *shards, const xent_partial *const *partials,
                                        int64_t rows, xent_partial *whole);

/* Loss and statistics of merged rows; either may be NULL, not both. shard: any of them. target, options: as they were reduced; without
   a target the batch shape is that of the statistics. loss, stats: as for xent_cross_entropy and xent_row_stats.
   XENT_ERROR_INVALID_ARGUMENT: stats->rank is wanted, which states do not tell; a row that counts has no target in its state though a loss is
   wanted: it was reduced with another target, or without; a row has no heat though an entropy is wanted. */
XENT_API xent_status xent_partial_finish(const xent_partial *whole, const xent_shard *shard, const xent_tensor *target,
                                         const xent_options *options, const xent_stats *stats, xent_tensor *loss);

/* The gradient of the shard's logits, given merged rows. logits, target, options: as they were reduced; of others the entries may be
   anything, NaN of any kind among them. grad_loss: as for xent_cross_entropy_grad. grad_logits: the logits' shape and dtype; may be the
   logits themselves. */
XENT_API xent_status xent_partial_grad(const xent_tensor *logits, const xent_shard *shard, const xent_tensor *target,
                                       const xent_options *options, const xent_partial *whole, const xent_tensor *grad_loss,
                                       xent_tensor *grad_logits);

/* What makes one state of each row out of those of all shards: the caller's. `partials` are this shard's states of `rows` rows from the row
   `first` on, as xent_partial_reduce gives them; NULL where there are none. It fills in whole[0] to whole[rows - 1], most easily by
   xent_partial_merge. Blocks of rows come one after the other, from the first row to the last.
   The first call of all has no rows: every argument has been checked and all memory taken, and nothing has been written, so that processes
   which share rows can still agree not to begin.
   Returns XENT_OK. Any other status ends the call with that status; the message is then the caller's to set (xent_set_error_message).
   It is called on the thread that called the library, while no thread of the library computes, in the floating-point environment of that
   thread, and may call the library. */
typedef xent_status (*xent_exchange_states)(void *user, int64_t first, int64_t rows, const xent_partial *partials,
                                            xent_partial *whole);

/* Start from XENT_EXCHANGE_INIT (or xent_exchange_init) and set run. The struct grows as xent_options does. */
typedef struct xent_exchange {
    size_t struct_size; /* as in xent_options */
    xent_exchange_states run;
    void *user;         /* for run */
    int64_t block_rows; /* rows of a block, the same on all shards; 0: all, and more than there are likewise */
    int32_t entropy;    /* 1: the merged rows' entropies are to be had; 0: their heat is NaN, and the states take less time */
    int32_t reserved;   /* 0 */
} xent_exchange;

#define XENT_EXCHANGE_INIT                                                                                                     \
    {                                                                                                                          \
        sizeof(xent_exchange), NULL, NULL, 0, 0, 0                                                                             \
    }

/* The same for languages without the macro; as xent_options_init. */
XENT_API void xent_exchange_init(xent_exchange *exchange, size_t struct_size);

/* xent_partial_reduce, the exchange and xent_partial_grad, a block of rows at a time: all bits are theirs. The second pass over a block has
   the exponentials of the first, and finds its logits in a cache if the block is small. whole: one state for each row, an output; for
   xent_partial_finish. grad_logits: as for xent_partial_grad; NULL: no gradient, and the target may be NULL as for xent_partial_reduce.
   Beside 64 bytes for each state of a block the call needs, for a gradient that is not of F32 or F64 in place, or that is strided, four
   bytes (F64: eight) for each logit of a block. Blocks of some 2^17 logits of the largest shard serve well.
   The one exception from all or nothing: where `run` fails for rows, or gives states that cannot be of these rows, grad_logits and whole
   are undefined, and so are logits in whose place the gradient goes.
   XENT_ERROR_INVALID_ARGUMENT: exchange or its run is NULL, struct_size as in xent_options, block_rows < 0, entropy neither 0 nor 1, or 1 with a
   gradient, reserved not 0; merged states as above. The exchange is checked with the NULL arguments, its numbers behind the shard. */
XENT_API xent_status xent_partial_exchange(const xent_tensor *logits, const xent_shard *shard, const xent_tensor *target,
                                           const xent_options *options, const xent_exchange *exchange,
                                           const xent_tensor *grad_loss, xent_partial *whole, xent_tensor *grad_logits);

/* Computes nothing: whether xent_partial_finish and xent_partial_grad will accept these arguments, all but the states, at least one output
   among them (stats, loss, grad_logits). For processes that share rows: who knows it before states are exchanged can tell the others
   in time. Beside what those two check, outputs must not overlap what the other one reads or writes. */
XENT_API xent_status xent_partial_check(const xent_tensor *logits, const xent_shard *shard, const xent_tensor *target,
                                        const xent_options *options, const xent_stats *stats, const xent_tensor *grad_loss,
                                        xent_tensor *loss, xent_tensor *grad_logits);

/* ---- A linear layer and its loss ---------------------------------------------------------------------------------- */

/* A product of matrices, the caller's: c = a * b + beta * c. c has m rows of n, a has m rows of k, b has k rows of n; all are stored row by
   row, with lda, ldb and ldc elements from one row to the next. transpose: bit 0: a is stored transposed, as k rows of m; bit 1: b is,
   as n rows of k. m, n and k are at least 1. beta is 0, and then nothing of c is read, or 1. a and b have the dtypes that are named; c
   is F64 where one of them is F64, else F32.
   Returns 0: done. 1: these types it cannot multiply, and it has written nothing; the library then widens a and b to the type of c,
   and asks again. XENT_ERROR_OVERFLOW: an extent is too large for it, and XENT_ERROR_NO_MEMORY: the call ends with that. Anything else,
   and a 1 for types that are wide, ends it with XENT_ERROR_UNSUPPORTED.
   It is called on the thread that called the library, while no thread of the library computes, in the floating-point environment of that
   caller, as often as the call needs. `user` is that of the layer. libxent-blas has one over CBLAS (xent_blas.h). */
typedef int (*xent_gemm)(void *user, int32_t transpose, int64_t m, int64_t n, int64_t k, xent_dtype a_type, const void *a,
                         int64_t lda, xent_dtype b_type, const void *b, int64_t ldb, double beta, void *c, int64_t ldc);

/* The last layer of a network, whose N rows of C logits are hidden * weight^T + bias. They exist for a block at a time.
   Start from XENT_LINEAR_INIT (or xent_linear_init) and set hidden, weight and gemm. The struct grows as xent_options does. */
typedef struct xent_linear {
    size_t struct_size;        /* as in xent_options */
    const xent_tensor *hidden; /* (N, D), floating; the D numbers of a row contiguous, and rows one behind the other */
    const xent_tensor *weight; /* (C, D), likewise; its dtype may be another */
    const xent_tensor *bias;   /* NULL: none; else (C), floating, rounded to the type of the logits */
    xent_gemm gemm;
    void *user;            /* for gemm */
    int64_t block_rows;    /* rows of a block; 0: as many as have 64 MiB of logits, at least 16; more than N are N */
    int64_t block_classes; /* classes of a block; 0: all, else a multiple of 4096; more than C are C. 0 for gradients */
    int32_t accumulate;    /* 1: the gradients of weight and bias are added to what is there, for micro-batches; 0 */
    int32_t reserved;      /* 0 */
} xent_linear;

#define XENT_LINEAR_INIT                                                                                                       \
    {                                                                                                                          \
        sizeof(xent_linear), NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0                                                          \
    }

/* The same for languages without the macro; as xent_options_init. */
XENT_API void xent_linear_init(xent_linear *layer, size_t struct_size);

/* The cross entropy of the layer's logits, without N * C of them in memory: a block takes block_rows * block_classes. Target, options,
   loss and their errors are those of xent_cross_entropy for logits of shape (N, C), whose class axis is 1. The logits are F64 where hidden
   or weight is F64, else F32, also those of 16-bit hidden and weight; they are what gemm makes them. Given them, the loss has the bits of
   xent_cross_entropy, whatever the blocks are. So the same gemm that gives the same bits on each call, and the same blocks, give the
   same bits. What the library can find wrong it finds before the first product. Where gemm fails, loss is not written.
   Blocks of some of the classes take little memory however many classes there are: a row goes through them one after the other and
   keeps the states of each, as xent_partial_reduce finds them.
   Beside a block the call needs 8 bytes a row; where block_classes is less than C, for each of a block's rows 64 bytes and 64 for
   each 4096 classes; where gemm does not take 16 bits, wide copies of a block's hidden rows and of 4096 rows of weight.
   XENT_ERROR_INVALID_ARGUMENT: layer, its hidden, weight or gemm is NULL, struct_size as in xent_options, block_rows < 0, block_classes
   < 0 or no multiple of 4096, accumulate neither 0 nor 1, reserved not 0. XENT_ERROR_DTYPE: hidden, weight or bias is not floating.
   XENT_ERROR_SHAPE: a rank, an extent or strides other than above, a class axis other than 1. XENT_ERROR_OVERFLOW: N * C exceeds what
   int64_t counts, a row has more than 2^31 - 1 blocks, or gemm says so. XENT_ERROR_UNSUPPORTED: gemm failed, and as xent_softmax. Else
   as xent_cross_entropy, in its order; the layer is checked with the NULL arguments, its numbers with the options. */
XENT_API xent_status xent_linear_cross_entropy(const xent_linear *layer, const xent_tensor *target, const xent_options *options,
                                               xent_tensor *loss);

/* Loss and gradients together; the loss has the bits of xent_linear_cross_entropy. With G = d(loss)/d(logits), which has the bits of
   xent_cross_entropy_grad and the type of the logits: grad_hidden = G * weight, grad_weight = G^T * hidden, grad_bias = sum_n G[n].
   Each of loss, grad_hidden, grad_weight and grad_bias may be NULL: not wanted, and not computed; not all of them.
   grad_hidden: (N, D), any floating dtype. grad_weight: (C, D), rows as those of weight. grad_bias: (C), added up in double in the order
   of the rows, then rounded. These two have the type of the logits. grad_loss: as for xent_cross_entropy_grad. What gemm writes keeps
   its NaNs. The hidden rows of ignored rows meet a gradient of +0.0.
   The one exception from all or nothing: where gemm fails after its first product, what grad_hidden and grad_weight hold is undefined. loss
   and grad_bias are not written then.
   Errors: as xent_linear_cross_entropy. XENT_ERROR_INVALID_ARGUMENT: no output, grad_bias for a layer without bias, a gradient where
   block_classes is not 0, for which the logits would have to be computed twice. XENT_ERROR_DTYPE: grad_weight or grad_bias is not of the
   type of the logits. XENT_ERROR_OVERLAP: outputs overlap neither inputs nor each other. */
XENT_API xent_status xent_linear_cross_entropy_grad(const xent_linear *layer, const xent_tensor *target,
                                                    const xent_options *options, const xent_tensor *grad_loss,
                                                    xent_tensor *loss, xent_tensor *grad_hidden, xent_tensor *grad_weight,
                                                    xent_tensor *grad_bias);

/* ---- Backward of the pieces, for those who keep p or logp --------------------------------------------------------- */

/* grad_z = p * (grad_p - sum_c grad_p[c] * p[c]) along axis, for p = softmax(z).
   p: floating, rank >= 1. grad_p: d(result)/d(p). Both, and grad_z, are of one shape and dtype; grad_z may be p or grad_p. A
   grad_p of exactly 0 contributes 0 to the sum. Within 4 * 2^-24 (F64: 8 * 2^-53) of p * (|grad_p| + sum_c |grad_p[c] * p[c]|), and 2^-149
   (2^-1074, and p * C * 2^-1074) besides, for p in [0, 1]; 16 bits: that, rounded once.
   Special values: a NaN of grad_p makes its row NaN; a NaN of p its entry, and its row unless its grad_p is 0. Else the formula is
   IEEE's: an infinite grad_p makes entries infinite, and NaN where infinities cancel or meet a p of 0.
   Errors as xent_softmax, and XENT_ERROR_DTYPE where dtypes differ: nothing is converted here. */
XENT_API xent_status xent_softmax_backward(const xent_tensor *p, const xent_tensor *grad_p, int32_t axis, xent_tensor *grad_z);

/* grad_z = grad_logp - exp(logp) * sum_c grad_logp[c] along axis, for logp = log_softmax(z). Arguments and errors as
   xent_softmax_backward; grad_z may be logp or grad_logp. Within 4 * 2^-24 (F64: 8 * 2^-53) of |grad_logp| + exp(logp) * sum_c
   |grad_logp[c]|, and 2^-149 (2^-1074) besides, for logp <= 0. Both: besides by C * 2^-1070 in F64 where a row's sum of such sizes is
   more than the largest double.
   Special values: a NaN of grad_logp makes its row NaN, one of logp its entry. exp(-inf) is 0, so that grad_logp is left. Else the
   formula is IEEE's: an infinite sum makes entries infinite, and NaN where infinities cancel or meet an exp(logp) of 0, as of a logp
   below -1400 (F64: -1508). A logp above 0 is no log-probability; above 131 (F64: 752) its exp may be infinite. */
XENT_API xent_status xent_log_softmax_backward(const xent_tensor *logp, const xent_tensor *grad_logp, int32_t axis,
                                               xent_tensor *grad_z);

/* grad_logp = -coefficient * r * grad_loss / divisor, r the row's weight, for xent_nll_loss; +0.0 where there is no coefficient,
   and in ignored rows.
   Nothing of logp but its shape and dtype matters. grad_logp: logp's shape and dtype; may be logp itself. grad_loss as for
   xent_cross_entropy_grad. Where the counted rows have a total weight of 0 under MEAN, their targets' entries are NaN. */
XENT_API xent_status xent_nll_loss_backward(const xent_tensor *logp, const xent_tensor *target, const xent_options *options,
                                            const xent_tensor *grad_loss, xent_tensor *grad_logp);

/* ---- Errors ------------------------------------------------------------------------------------------------------- */

/* The enumerator's name, "XENT_ERROR_SHAPE"; "unknown" outside the enum. */
XENT_API const char *xent_status_name(xent_status s);

/* This thread's last failure in one sentence, "" if there was none; successes leave it. It names the argument, what was found
   and what was expected: "target[3][17] = 50257 is outside [0, 50257)". Valid until this thread's next call that fails. */
XENT_API const char *xent_error_message(void);

/* Makes `message` this thread's last failure, cut off after 255 bytes; NULL is "". For libraries on top of this one, whose callers then
   ask one function, whoever failed. */
XENT_API void xent_set_error_message(const char *message);

/* ---- Backends and threads ----------------------------------------------------------------------------------------- */

/* The setters here are process-wide: for the application, not for libraries (those use options->num_threads). They may be called
   at any time from any thread; calls that have begun finish with the setting they began with. XENT_BACKEND and
   XENT_NUM_THREADS in the environment set the same, read once at first use; an empty value counts as unset. A value that cannot
   be honoured makes operations fail with XENT_ERROR_UNSUPPORTED until its setter succeeds (NULL and 0 count). */

/* The backends usable on this CPU, best first, NULL-terminated; "scalar", plain C for any CPU, is always among them. */
XENT_API const char *const *xent_backends(void);

/* The one in use; NULL if XENT_BACKEND names none that is usable. */
XENT_API const char *xent_backend(void);

/* Uses the backend of this name; NULL: the best again. XENT_ERROR_UNSUPPORTED: no such backend here; nothing changes. */
XENT_API xent_status xent_set_backend(const char *name);

/* How many threads a call may use; 0 while XENT_NUM_THREADS holds a value that cannot be honoured. */
XENT_API int32_t xent_num_threads(void);

/* n in 1..4096; 0: the default, the number of CPUs that this process may use: those of its affinity, and on Linux no more than the
   CPU quota of its control groups under /sys/fs/cgroup (cpu.max, cpu.cfs_quota_us), as a container's, keeps busy, rounded up; the
   quota is read once, at first use. The affinity is on Linux the calling thread's, which threads that it starts have too: a program
   that binds its threads sets a number. XENT_ERROR_INVALID_ARGUMENT: any other. A call that is too small to gain by it uses fewer. The
   library's own threads are started when a call first needs them and sleep between calls; they work for one caller at a time, and
   a second one meanwhile computes on its own thread. The child of a fork starts its own. */
XENT_API xent_status xent_set_num_threads(int32_t n);

/* A caller's own thread pool. fn(user, n, body, ctx) must call body(ctx, i) once for every i in [0, n), in any order and on any
   threads, all on one too, and return when all are done. It is called on the thread that called the operation, once per
   operation, or twice where threads share rows of many classes, and not for calls too small to gain. The number of threads then
   only bounds n. fn runs under the floating-point control word and flags of its caller; what it does to them is undone when it
   returns, and neither that nor what its threads have set reaches a result. The simplest one:
       static void in_order(void *user, int64_t n, xent_parallel_body body, void *ctx)
       {
           for (int64_t i = 0; i < n; i++) body(ctx, i);
       } */
typedef void (*xent_parallel_body)(void *ctx, int64_t i);
typedef void (*xent_parallel_for)(void *user, int64_t n, xent_parallel_body body, void *ctx);

/* Runs the library on fn from now on; fn and user change together. NULL: the built-in way again. Cannot fail. */
XENT_API xent_status xent_set_parallel_for(xent_parallel_for fn, void *user);

#ifdef __cplusplus
}
#endif

#endif
