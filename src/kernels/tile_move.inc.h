/* Tiles between memory and reals (tile.inc.h). Assumes the elements of a variant (element.h).
 *
 * Where one of the steps is an element's size, WIDTH elements move at a time: rows that stand side by side as they are, rows
 * whose classes stand side by side by transposing squares. The last square of a row may overlap the one before it. A square
 * that is wider than a row reaches into the rows behind that, where these follow each other without a gap. Rows side by side
 * have each class in lines of its own, which the kernels that compute have fetched before (struct xent_tile_ahead). */
#ifndef XENT_KERNELS_TILE_MOVE_INC_H
#define XENT_KERNELS_TILE_MOVE_INC_H

#include <string.h>

#include "element.h"
#include "scale.inc.h"
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
    for (size_t c = 0; c < classes && vectors > 0 && !squares; c++)
        for (size_t r = 0; r < vectors; r += WIDTH) v_store(tile + c * XENT_TILE + r, load(tile_at(from, r, c)));
    if (padded) {
        read_left_padded(from, vectors, rows, classes, tile);
        return;
    }
    for (size_t c = 0; c < classes && vectors < rows; c++)
        for (size_t r = vectors; r < rows; r++) tile[c * XENT_TILE + r] = real_of(*tile_at(from, r, c));
}

/* Writes row after row, so that what reaches into the next row is overwritten by it. */
static inline __attribute__((always_inline)) void write_square(const real *tile, size_t r, size_t c, size_t classes,
                                                               enum square square, vector lower, vector factor,
                                                               struct xent_tile_place to)
{
    stored copy[WIDTH], *last = tile_at(to, r + WIDTH - 1, c);
    vector x[WIDTH];
    EACH (k, WIDTH) x[k] = v_load(tile + (c + (square == WITHIN || k < classes ? k : 0)) * XENT_TILE + r);
    EACH (k, WIDTH) x[k] = v_mul(v_mul(x[k], lower), factor);
    v_transpose(x);
    EACH (k, WIDTH) store(k + 1 != WIDTH ? tile_at(to, r + k, c) : square == NARROW ? copy : last, x[k]);
    if (square == NARROW) memcpy(last, copy, classes * sizeof(stored));
}

static inline void write_squares(const real *tile, size_t rows, size_t classes, const struct tile_scaling *by,
                                 struct xent_tile_place to)
{
    for (size_t r = 0; r < rows; r += WIDTH) {
        vector lower = v_load(by->lower + r), factor = v_load(by->factor + r);
        for (size_t c = 0; c < classes; c += WIDTH)
            if (classes < WIDTH)
                write_square(tile, r, c, classes, NARROW, lower, factor, to);
            else
                write_square(tile, r, square_at(c, classes), classes, WITHIN, lower, factor, to);
    }
}

/* The rows from `done` on, of which there are fewer than WIDTH or which are apart. */
static inline void write_left(const real *tile, size_t done, size_t rows, size_t classes, const struct tile_scaling *by,
                              struct xent_tile_place to)
{
    for (size_t r = done; r < rows; r += WIDTH) {
        const vector lower = v_load(by->lower + r), factor = v_load(by->factor + r);
        const size_t count = rows - r < WIDTH ? rows - r : WIDTH;
        char *class_at = (char *)tile_at(to, r, 0);
        for (const real *x = tile + r; x != tile + r + classes * XENT_TILE; x += XENT_TILE, class_at += to.class_step) {
            stored element[WIDTH];
            char *at = class_at;
            store(element, v_mul(v_mul(v_load(x), lower), factor));
            _Pragma("GCC unroll 1") for (size_t k = 0; k < count; k++, at += to.row_step) * (stored *)(void *)at = element[k];
        }
    }
}

/* One entry of each row, at a class of its own. */
static inline void put_entries(const double *entry_of_row, const int32_t *class_index, size_t rows, struct xent_tile_place to)
{
    stored element[XENT_TILE];
    for (size_t r = 0; r < rows; r += WIDTH) {
        vf64 parts[PARTS];
        load_row_doubles(entry_of_row + r, rows - r, parts);
        store(element + r, v_narrow(parts));
    }
    for (size_t r = 0; r < rows; r++) *tile_at(to, r, (size_t)class_index[r]) = element[r];
}

static void tile_write(const void *from, size_t rows, size_t classes, const struct xent_tile *state,
                       const struct xent_tile_place *place)
{
    const struct xent_tile_place to = *place;
    const real *tile = from;
    struct tile_scaling by;
    bool squares;
    size_t vectors = rows_in_vectors(to, rows, classes, &squares);
    if (state != NULL)
        set_scaling(&by, state->scale, rows);
    else
        set_no_scaling(&by, rows);
    if (squares) write_squares(tile, vectors, classes, &by, to);
    for (size_t c = 0; c < classes && vectors > 0 && !squares; c++)
        for (size_t r = 0; r < vectors; r += WIDTH) {
            vector term = v_mul(v_load(tile + c * XENT_TILE + r), v_load(by.lower + r));
            store(tile_at(to, r, c), v_mul(term, v_load(by.factor + r)));
        }
    write_left(tile, vectors, rows, classes, &by, to);
    if (state == NULL) return;
    put_entries(state->first_entry, state->first, rows, to);
    put_entries(state->target_entry, state->target, rows, to);
}

#endif
