/* libxent: tensors of other frameworks, by DLPack, without a copy.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 *
 * Include <dlpack/dlpack.h> of DLPack 0.6 or newer first, or a framework's own copy of it. Valid C99 and C++11. All of it is inline:
 * the library knows nothing of DLPack. */
#ifndef XENT_DLPACK_H
#define XENT_DLPACK_H

#include "xent.h"

#if !defined DLPACK_VERSION && !defined DLPACK_MAJOR_VERSION
#error "include <dlpack/dlpack.h>, or another copy of it, before <xent_dlpack.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The xent_dtype of an element, or 0, which is none: for complex numbers, Booleans, floating-point numbers of 8 bits and fewer, vectors
   (lanes other than 1), and whatever DLPack may add. */
static inline xent_dtype xent_dtype_from_dlpack(DLDataType type)
{
    if (type.lanes != 1) return (xent_dtype)0;
    switch (type.code << 8 | type.bits) {
    case kDLFloat << 8 | 32: return XENT_F32;
    case kDLFloat << 8 | 64: return XENT_F64;
    case kDLFloat << 8 | 16: return XENT_F16;
    case kDLBfloat << 8 | 16: return XENT_BF16;
    case kDLInt << 8 | 64: return XENT_I64;
    case kDLInt << 8 | 32: return XENT_I32;
    case kDLInt << 8 | 16: return XENT_I16;
    case kDLInt << 8 | 8: return XENT_I8;
    case kDLUInt << 8 | 8: return XENT_U8;
    case kDLUInt << 8 | 16: return XENT_U16;
    case kDLUInt << 8 | 32: return XENT_U32;
    case kDLUInt << 8 | 64: return XENT_U64;
    default: return (xent_dtype)0;
    }
}

/* *out = a new tensor over t's memory, as xent_tensor_wrap makes it; if writable is 0, as xent_tensor_wrap_const does. t is the DLTensor
   inside a DLManagedTensor or a DLManagedTensorVersioned, or one of the caller's. Shape and strides are copied, so only t's memory must
   outlive the tensor: call a managed tensor's deleter after xent_tensor_destroy. Whether memory may be written, only the versioned
   struct tells (DLPACK_FLAG_BITMASK_READ_ONLY). On failure *out is NULL.
   Errors: as xent_tensor_wrap: an element without an xent_dtype is XENT_ERROR_DTYPE, a rank above 8 XENT_ERROR_SHAPE. Before these, without
   a message: XENT_ERROR_INVALID_ARGUMENT where t is NULL; XENT_ERROR_UNSUPPORTED where it is not in memory that the CPU reads (kDLCPU,
   kDLCUDAHost, kDLROCMHost); XENT_ERROR_OVERFLOW where its byte_offset does not fit ptrdiff_t. */
static inline xent_status xent_tensor_from_dlpack(xent_tensor **out, const DLTensor *t, int writable)
{
    void *data;
    if (out != NULL) *out = NULL;
    if (t == NULL) return XENT_ERROR_INVALID_ARGUMENT;
    if (t->device.device_type != kDLCPU && t->device.device_type != kDLCUDAHost && t->device.device_type != kDLROCMHost)
        return XENT_ERROR_UNSUPPORTED;
    if (t->byte_offset > PTRDIFF_MAX) return XENT_ERROR_OVERFLOW;
    data = t->data != NULL ? (char *)t->data + (ptrdiff_t)t->byte_offset : NULL;
    return writable ? xent_tensor_wrap(out, xent_dtype_from_dlpack(t->dtype), t->ndim, t->shape, t->strides, data)
                    : xent_tensor_wrap_const(out, xent_dtype_from_dlpack(t->dtype), t->ndim, t->shape, t->strides, data);
}

#ifdef __cplusplus
}
#endif

#endif
