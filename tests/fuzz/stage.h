#ifndef XENT_TESTS_FUZZ_STAGE_H
#define XENT_TESTS_FUZZ_STAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <xent.h>

#include "bytes.h"

/* The arguments of one call as tensors, and all memory that they lie in: between guard bytes, in strides, in each other's place. What is
   no tensor to the call (options, states) is an argument as well, of bytes, so that its surroundings are watched too. */
enum { STAGE_ARGUMENTS = 24 };

struct argument {
    bool given, output, read_only;
    bool aligned; /* as structs are, wherever else tensors lie */
    xent_dtype dtype;
    int32_t ndim;
    int64_t shape[XENT_MAX_NDIM], strides[XENT_MAX_NDIM];
    int host;             /* the argument in whose memory it lies: its own, or one that does so */
    size_t shift;         /* bytes from the host's lowest element to this one's */
    unsigned char *first; /* the element at index 0 */
    xent_tensor *tensor;  /* NULL where it is not given */
    size_t answer;        /* where its elements begin in the stage's answer */
};

struct block {
    unsigned char *memory, *before;
    size_t size;
};

struct stage {
    struct argument argument[STAGE_ARGUMENTS];
    struct block block[STAGE_ARGUMENTS];
    unsigned char *answer; /* what a call that succeeded has written: the elements of the outputs, one after the other */
    size_t answer_size;
};

/* Adds an argument: row-major, in memory of its own. */
struct argument *stage_add(struct stage *s, int at, bool output, xent_dtype dtype, int32_t ndim, const int64_t *shape);

/* Adds `size` bytes, aligned as structs are. */
struct argument *stage_add_bytes(struct stage *s, int at, bool output, size_t size);

/* Any order of the dimensions, either direction, gaps; 0 along some dimensions of an input. */
void argument_stride(struct argument *a, struct bytes *b);
void argument_row_major(struct argument *a);

/* Allocates, fills with a pattern and wraps all that is given. guard: bytes before and behind each block; offset: by how many
   elements a block begins past an aligned address. Ends the program where the library refuses what xent_tensor_wrap must take. */
void stage_open(struct stage *s, size_t guard, size_t offset);
void stage_close(struct stage *s);

/* The tensors of the first `count` arguments. */
void stage_tensors(const struct stage *s, int count, xent_tensor **out);

int64_t argument_elements(const struct argument *a);
void *argument_at(const struct argument *a, int64_t i); /* in row-major order */
double argument_number(const struct argument *a, int64_t i);
void argument_store(const struct argument *a, int64_t i, double value);          /* of a floating dtype */
void argument_store_integer(const struct argument *a, int64_t i, int64_t value); /* its lower bytes */
void argument_poison(const struct argument *a, int64_t i); /* a signalling NaN, which leaves no sum a number */

/* An integer as its value; what int64_t does not hold is INT64_MAX, which is no class. */
int64_t argument_integer(const struct argument *a, int64_t i);

/* The bytes from the lowest to the highest element; none without elements. */
struct range {
    uintptr_t begin, end;
};
struct range argument_range(const struct argument *a);

/* Prints an argument, if it is given. */
void stage_print(const struct stage *s, int at, const char *name);

/* Remembers all memory; whether it still is as it was then. */
void stage_keep(struct stage *s);
bool stage_untouched(const struct stage *s);

/* Moves the elements of outputs, a bit each, to `answer`, of answer_size bytes, and puts back what was there. */
void stage_take(struct stage *s, unsigned char *answer, unsigned outputs);

/* The i-th element of an output of the stage's answer. */
double answer_number(const struct stage *s, int at, int64_t i);
int64_t answer_integer(const struct stage *s, int at, int64_t i);

#endif
