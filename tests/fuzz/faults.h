#ifndef XENT_TESTS_FUZZ_FAULTS_H
#define XENT_TESTS_FUZZ_FAULTS_H

#include "stage.h"

/* What may be wrong with a call, whatever it is. Nothing lies in memory yet. */

/* One of the first `count` arguments that are given; -1: none. */
int stage_pick(const struct stage *s, int count, struct bytes *b);

/* One of the first `count` arguments is missing, of another dtype, shape or layout, read-only, or in the memory of another one. */
void stage_fault(struct stage *s, int count, struct bytes *b);

/* An argument is missing, unless another one lies in its memory. */
void stage_miss(struct stage *s, int at);

/* A field has a value at or beyond the end of its range, or none at all. */
void option_fault(xent_options *o, struct bytes *b);

/* A struct_size that may be wrong, for a struct of `size` bytes; the argument, its bytes, has as much memory as may be read. */
size_t size_fault(struct argument *a, size_t size, struct bytes *b);

/* Writes a struct to an argument, if it is given, whose size may be less than it is, or more; its last byte is `tail` then. */
void struct_fill(const struct argument *a, const void *from, size_t size, unsigned char tail);

/* The same for options and a struct of statistics, which have the tensors of their roles. */
void structs_fill(const struct stage *s, xent_options *options, int options_at, size_t stats_size, int stats_at,
                  unsigned char tail);

#endif
