#ifndef XENT_TESTS_FUZZ_LINEAR_CALL_H
#define XENT_TESTS_FUZZ_LINEAR_CALL_H

#include "judge.h"
#include "support/linear.h"

/* A call of xent_linear_cross_entropy or its gradients. Arguments of the stage are the tensors of tests/support/linear.h, and: */
enum { LINEAR_OPTIONS = LAYER_TENSORS, LINEAR_LAYER };

struct linear_call {
    struct layer layer;
    struct stage stage;
    struct gemm gemm;
    bool gradients, without_gemm;
    bool plain;        /* nothing was done to it */
    size_t layer_size; /* struct_size */
    int32_t reserved;
    unsigned char tail; /* of structs longer than this version's */
};

void linear_call_open(struct linear_call *c, struct bytes *b);
void linear_call_close(struct linear_call *c);
xent_status linear_call_make(void *call);
void linear_call_print(const void *call);

/* What xent.h says that it answers. */
statuses linear_contract(const struct linear_call *c);

#endif
