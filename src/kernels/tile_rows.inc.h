/* Doubles of the rows of a tile in vectors. Assumes the arithmetic of a variant (real.h).
 *
 * The kernels of a tile take WIDTH rows at a time, be there fewer: what stands behind the last row is computed like a row and
 * looked at by nobody. */
#ifndef XENT_KERNELS_TILE_ROWS_INC_H
#define XENT_KERNELS_TILE_ROWS_INC_H

#include "kernels.h"
#include "real.h"

/* How many vectors of rows go through sums side by side: each is a chain, and beside it there is much that is done once for all. */
enum { BESIDE = WIDTH > 1 ? 2 : 1 };

/* The lines that some rows have in a class, as places of their first bytes in class 0. */
enum { LINES_AHEAD = 16 };
struct tile_lines {
    size_t count;
    const char *at[LINES_AHEAD];
    ptrdiff_t class_step[LINES_AHEAD];
};

/* Those of `rows` rows from r on; each line is found once, by the rows that it begins with. */
static inline void find_lines(const struct xent_tile_ahead *ahead, size_t r, size_t rows, struct tile_lines *lines)
{
    lines->count = 0;
    for (size_t i = 0; i < ahead->count; i++) {
        const struct xent_tile_place *place = &ahead->place[i];
        const size_t step = (size_t)place->row_step;
        for (size_t at = (r * step + XENT_LINE - 1) / XENT_LINE * XENT_LINE; at < (r + rows) * step; at += XENT_LINE) {
            lines->at[lines->count] = place->at + at;
            lines->class_step[lines->count++] = place->class_step;
        }
    }
}

/* Fetches those of class c. */
static inline __attribute__((always_inline)) void fetch_lines(const struct tile_lines *lines, size_t c)
{
    _Pragma("GCC unroll 1") for (size_t i = 0; i < lines->count; i++)
        prefetch(lines->at[i] + (ptrdiff_t)c * lines->class_step[i]);
}

/* Rows up to the end of the last vector of doubles. */
static inline size_t whole_rows(size_t rows) { return (rows + VF64_WIDTH - 1) / VF64_WIDTH * VF64_WIDTH; }

/* The rows' doubles in plain C, which becomes vector code whatever the instruction set. Arrays must be known to be apart. */
#define EACH_ROW(r, rows) for (size_t r = 0, end_row = whole_rows(rows); r < end_row; r++)

/* Clears the last vector, before its rows are written one by one. */
static inline void clear_last(double *of_row, size_t rows)
{
    vf64_store(of_row + whole_rows(rows) - VF64_WIDTH, vf64_set(0.0));
}

/* A double of each of WIDTH rows, of which there are `left`: PARTS vectors, 0 where no row begins. */
static inline void load_row_doubles(const double *of_row, size_t left, vf64 *parts)
{
    EACH (k, PARTS) parts[k] = k * VF64_WIDTH < left ? vf64_load(of_row + k * VF64_WIDTH) : vf64_set(0.0);
}

/* Numbers of WIDTH rows as doubles. */
static inline void store_row_doubles(double *of_row, vector x)
{
    EACH (k, PARTS) vf64_store(of_row + k * VF64_WIDTH, v_widen(x, k));
}

/* ---- The tree in which lanes are joined, by halves. Its leaves, the pairs that are joined first, are met in the order of a walk through
   it: then a few sums wait for their other halves at a time, one a level ---- */

enum { TREE_LEVELS = 6 }; /* of XENT_LANES / 2 leaves */

/* How many leaves there are, and the distance of the two lanes of each, of which the second may not exist: the largest power of two that
   is smaller than the number of lanes. */
static inline size_t tile_half(size_t lanes) { return lanes < 3 ? 1 : (size_t)1 << (63 - __builtin_clzll(lanes - 1)); }

/* The leaf behind leaf i of a walk, which has completed `level` levels: that of a number whose bits are read from behind, plus 1. */
static inline size_t tree_next(size_t i, size_t half, size_t level) { return i ^ (half - (half >> (level + 1))); }

#endif
