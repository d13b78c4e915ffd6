/* What can be wrong with a call of the linear layer's functions, in the order in which it is found: errors_linear.c goes through it. */
#ifndef XENT_TESTS_ERRORS_LINEAR_H
#define XENT_TESTS_ERRORS_LINEAR_H

#include "support/linear.h"

/* So many that a block needs more memory than the stack has for it. */
enum { ROWS = 4, CLASSES = 3000, FEATURES = 3, STRUCT_SIZE_MAX = 4096 };

/* What must be so in the environment at first use. */
enum { BAD_BACKEND = 1, BAD_THREADS = 2, ENVIRONMENTS = 4 };

struct described {
    xent_dtype dtype;
    int32_t ndim;
    int64_t shape[3], strides[3];
    bool absent, read_only;
    int over; /* the tensor whose memory it lies in */
};

struct scene {
    bool forward;
    struct described tensors[LAYER_TENSORS];
    union {
        xent_linear layer;
        unsigned char bytes[STRUCT_SIZE_MAX];
    } given;
    xent_options options;
    struct gemm gemm;
    bool no_layer, no_gemm, bad_class_weight, bad_row_weight, bad_target, no_memory;
    unsigned environment;
};

/* One thing wrong. Two of the same group cannot be at once. */
struct fault {
    void (*provoke)(struct scene *s, int which);
    int which;
    enum { BOTH, FORWARD, GRADIENT } of; /* the functions that find it */
    unsigned group;
    xent_status status;
    const char *text; /* * stands for anything */
};
enum { FAULTS_MAX = 128, TEXTS_MAX = 64 };

/* A call of either function in which nothing is wrong. */
void scene_begin(struct scene *s, bool forward);

/* Makes the tensors and calls. *changed: whether a byte of the tensors' memory has changed. */
xent_status scene_call(struct scene *s, bool *changed);

int faults_of_all(struct fault faults[FAULTS_MAX]);

#endif
