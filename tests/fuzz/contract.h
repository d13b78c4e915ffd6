#ifndef XENT_TESTS_FUZZ_CONTRACT_H
#define XENT_TESTS_FUZZ_CONTRACT_H

#include "call.h"

/* What xent.h says that a call answers, written from its words alone. Its checks come in stages; the first stage in which something is
   wrong tells what the answer may be, more than one status where the header does not say which of its faults comes first. */
statuses contract_of(const struct call *c);

/* Parts of it for calls that are no operation of the table. */

/* Options as they are given: XENT_ERROR_INVALID_ARGUMENT or nothing. tail: the last byte of what is longer than this version's struct. */
statuses contract_options(const xent_options *o, unsigned char tail);
bool contract_struct_size(size_t given, size_t size, unsigned char tail);

bool contract_floating(const struct argument *a);
bool contract_same_shape(const struct argument *a, const struct argument *b);

/* The shape of `a` without its dimension `axis`. */
bool contract_batch_shape(const struct argument *batch, const struct argument *a, int32_t axis);

/* Whether an axis is in range; *resolved is the dimension. */
bool contract_axis(const struct argument *a, int32_t axis, int32_t *resolved);

/* Whether no two elements share memory, by the header's test of strides. */
bool contract_injective(const struct argument *a);
bool contract_overlap(const struct argument *a, const struct argument *b);
bool contract_in_place(const struct argument *a, const struct argument *b);

/* Whether all elements are finite and >= 0. */
bool contract_weights(const struct argument *a);

/* Whether all indices are in [0, classes) or ignore_index. */
bool contract_indices(const struct argument *a, int64_t classes, int64_t ignore_index);

#endif
