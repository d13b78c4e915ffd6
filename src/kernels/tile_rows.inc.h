/* Doubles of the rows of a tile in vectors. Assumes the arithmetic of a variant (real.h).
 *
 * The kernels of a tile take WIDTH rows at a time, be there fewer: what stands behind the last row is computed like a row and
 * looked at by nobody. */
#ifndef XENT_KERNELS_TILE_ROWS_INC_H
#define XENT_KERNELS_TILE_ROWS_INC_H

#include "kernels.h"
#include "real.h"

/* Fetches, of class c, the line that a vector of rows from r on is in. */
static inline __attribute__((always_inline)) void fetch_ahead(const struct xent_tile_ahead *ahead, size_t c, size_t r)
{
    for (size_t i = 0; i < ahead->count; i++) {
        const struct xent_tile_place *place = &ahead->place[i];
        prefetch(place->at + (ptrdiff_t)c * place->class_step + (ptrdiff_t)r * place->row_step);
    }
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

#endif
