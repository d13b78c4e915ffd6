/* Tiles between memory and reals (tile.inc.h): places, and reading. Assumes the elements of a variant (element.h).
 *
 * Where one of the steps is an element's size, WIDTH elements move at a time: rows that stand side by side as they are, rows
 * whose classes stand side by side by transposing squares. The last square of a row may overlap the one before it. A square
 * that is wider than a row reaches into the rows behind that, where these follow each other without a gap. Rows side by side
 * have each class in lines of its own, which the kernels that compute have fetched before (struct xent_tile_ahead). */
#ifndef XENT_KERNELS_TILE_MOVE_INC_H
#define XENT_KERNELS_TILE_MOVE_INC_H

#include <string.h>

#include "element.h"
#include "tile_rows.inc.h"

/* The place is handed over by value, so that no store of an element can change it. */
static inline stored *tile_at(struct xent_tile_place place, size_t r, size_t c)
{
    return (stored *)(void *)(place.at + (ptrdiff_t)r * place.row_step + (ptrdiff_t)c * place.class_step);
}

/* Where the square that begins at class c lies so that it ends within the row. */
static inline size_t square_at(size_t c, size_t classes) { return c + WIDTH <= classes ? c : classes - WIDTH; }

/* How many of the rows can move WIDTH at a time, and whether by squares. A square wider than the rows must overlap them by more
   than half, so that each of its rows but the last one ends within the square. */
static inline size_t rows_in_vectors(struct xent_tile_place place, size_t rows, size_t classes, bool *squares)
{
    bool close = place.class_step == (ptrdiff_t)sizeof(stored);
    bool packed = place.row_step == (ptrdiff_t)(classes * sizeof(stored)) && classes > WIDTH / 2;
    *squares = close && (classes >= WIDTH || packed);
    return *squares || place.row_step == (ptrdiff_t)sizeof(stored) ? rows / WIDTH * WIDTH : 0;
}

/* A square of WIDTH rows and classes: NARROW, where the row is shorter than that, or within the row. */
enum square { WITHIN, NARROW };

static inline __attribute__((always_inline)) void read_square(struct xent_tile_place from, size_t r, size_t c, size_t classes,
                                                              enum square square, real *tile)
{
    static const char none[XENT_LINE];
    const stored *last = tile_at(from, r + WIDTH - 1, c);
    stored copy[XENT_LINE / sizeof(stored)];
    vector x[WIDTH];
    if (square == NARROW) {
        copy_padded(copy, last, classes * sizeof(stored), sizeof copy, none);
        last = copy;
    }
    EACH (k, WIDTH) x[k] = load(k + 1 == WIDTH ? last : tile_at(from, r + k, c));
    v_transpose(x);
    EACH (k, WIDTH)
        if (square == WITHIN || k < classes) v_store(tile + (c + k) * XENT_TILE + r, x[k]);
}

/* An element of each of `count` rows, at most WIDTH; where there are fewer, the others are the last one again. They meet in a
   register, so that no vector is read that narrow stores have made. */
static inline vector read_few(const char *at, ptrdiff_t row_step, size_t count)
{
    static const real lane[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
    _Static_assert(WIDTH <= sizeof lane / sizeof lane[0], "lanes have numbers");
    vector x = v_set(real_of(*(const stored *)(const void *)at));
    _Pragma("GCC unroll 1") for (size_t k = 1; k < count; k++)
    {
        at += row_step;
        x = v_where_less(v_load(lane), v_set(lane[k]), x, v_set(real_of(*(const stored *)(const void *)at)));
    }
    return x;
}

/* The rows from `done` on, and those that the last vector has beside them. */
static inline void read_left_padded(struct xent_tile_place from, size_t done, size_t rows, size_t classes, real *tile)
{
    for (size_t r = done; r < rows; r += WIDTH) {
        const char *at = (const char *)tile_at(from, r, 0);
        const size_t count = rows - r < WIDTH ? rows - r : WIDTH;
        for (real *x = tile + r; x != tile + r + classes * XENT_TILE; x += XENT_TILE, at += from.class_step)
            v_store(x, read_few(at, from.row_step, count));
    }
}

/* Rows side by side, class by class. */
static inline __attribute__((always_inline)) void read_runs(struct xent_tile_place from, size_t rows, size_t classes,
                                                            real *tile)
{
    for (const real *end = tile + classes * XENT_TILE; tile != end; tile += XENT_TILE, from.at += from.class_step) {
        const stored *x = (const stored *)(const void *)from.at;
        for (size_t r = 0; r < rows; r += WIDTH) v_store(tile + r, load(x + r));
    }
}

static void tile_read(const struct xent_tile_place *place, size_t rows, size_t classes, bool padded, void *to)
{
    const struct xent_tile_place from = *place;
    real *tile = to;
    bool squares;
    size_t vectors = rows_in_vectors(from, rows, classes, &squares);
    for (size_t r = 0; r < vectors && squares; r += WIDTH)
        for (size_t c = 0; c < classes; c += WIDTH)
            if (classes < WIDTH)
                read_square(from, r, c, classes, NARROW, tile);
            else
                read_square(from, r, square_at(c, classes), classes, WITHIN, tile);
    if (vectors == XENT_TILE && !squares)
        read_runs(from, XENT_TILE, classes, tile);
    else if (vectors > 0 && !squares)
        read_runs(from, vectors, classes, tile);
    if (padded) {
        read_left_padded(from, vectors, rows, classes, tile);
        return;
    }
    for (size_t c = 0; c < classes && vectors < rows; c++)
        for (size_t r = vectors; r < rows; r++) tile[c * XENT_TILE + r] = real_of(*tile_at(from, r, c));
}

#endif
