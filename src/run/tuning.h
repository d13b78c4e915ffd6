/* The thresholds between ways that compute the same: none changes a bit of a result. How long the pool's threads spin is in run/pool.c.
 * The measurements behind the work of a task are in docs/architecture.md, those behind XENT_STREAM_* in docs/performance.md. The others
 * were chosen by trial, on the machine that docs/architecture.md names there, and no table of that is kept. */
#ifndef XENT_RUN_TUNING_H
#define XENT_RUN_TUNING_H

#include <stddef.h>

/* Logits that take longer than to wake another thread: docs/architecture.md, Threads. */
#define XENT_WORK_PER_TASK 32768

/* Rows side by side: a tile of at most so many strided classes stays in the second-level cache. */
#define XENT_TILED_CLASSES 1024
/* A contiguous row of so many bytes of reals, of all operands that are read class by class, is as fast alone. */
#define XENT_SHORT_BYTES 1600
/* A row alone takes as long as this many classes of a tile, whatever its length: so many rows make a tile of it worthwhile. */
#define XENT_CLASSES_PER_ROW 12
/* Fewer strided rows side by side are faster one by one, each copied first. */
#define XENT_ROWS_TOGETHER 6

/* Rows that go through each step together, so that none waits for the chain of another's sum, logarithm and quotient. */
#define XENT_BLOCK 8
/* The terms of a block's rows stay in a cache until the gradient is written. */
#define XENT_BLOCK_CLASSES 8192
/* Bytes that the rows of a block of the backwards have in both operands: half of a first-level cache. */
#define XENT_BLOCK_OPERANDS 16384

/* A row of so many classes for each that top_k is to find is worth selecting from by several tasks, whose selections are joined. */
#define XENT_CLASSES_PER_BEST 512

/* So many rows are worth a pass over the coefficients that they have in common. */
#define XENT_ROWS_TO_SUM 4

/* An output of so many bytes is gone from the caches before anybody reads it, so it goes past them (docs/performance.md). It is not
   read from memory first then, but memory waits for it where a line is left half written, at the ends of a row; its terms must stay
   in a cache. Elements of 16 bits gain nothing. */
#define XENT_STREAM_BYTES ((size_t)32 << 20)
#define XENT_STREAM_ROW_LEAST ((size_t)8 << 10)
#define XENT_STREAM_ROW_MOST ((size_t)4 << 20)

#endif
