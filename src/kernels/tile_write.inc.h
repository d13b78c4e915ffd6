/* Tiles from reals to memory, as entries (tile_move.inc.h says what moves how). Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_TILE_WRITE_INC_H
#define XENT_KERNELS_TILE_WRITE_INC_H

#include "scale.inc.h"
#include "tile_move.inc.h"

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

/* One entry of each row from `done` on, at a class of its own. */
static inline void put_entries(const double *entry_of_row, const int32_t *class_index, size_t done, size_t rows,
                               struct xent_tile_place to)
{
    stored element[XENT_TILE];
    for (size_t r = done; r < rows; r += WIDTH) {
        vf64 parts[PARTS];
        load_row_doubles(entry_of_row + r, rows - r, parts);
        store(element + r, v_narrow(parts));
    }
    for (size_t r = done; r < rows; r++) *tile_at(to, r, (size_t)class_index[r]) = element[r];
}

/* ---- Rows that stand side by side: each line of the output is written once, as a whole. Stores of single entries would fetch it again
   where the lines of many classes fall into one set of a cache ---- */

/* The entry of each row that does not come from its term, and its class. */
struct tile_entry {
    real class_index[XENT_TILE], entry[XENT_TILE];
};

static inline void set_entry(struct tile_entry *of, const double *entry, const int32_t *class_index, size_t rows)
{
    for (size_t r = 0; r < rows; r++) of->class_index[r] = (real)class_index[r];
    for (size_t r = 0; r < rows; r += WIDTH) {
        vf64 parts[PARTS];
        load_row_doubles(entry + r, rows - r, parts);
        v_store(of->entry + r, v_narrow(parts));
    }
}

static inline bool same_classes(const int32_t *a, const int32_t *b, size_t rows)
{
    int32_t differ = 0;
    for (size_t r = 0; r < rows; r++) differ |= a[r] ^ b[r];
    return differ == 0;
}

/* Class by class, so that what is written is contiguous for as long as the rows are. */
static inline __attribute__((always_inline)) void write_runs(const real *tile, size_t rows, size_t classes,
                                                             const struct tile_scaling *by, const struct tile_entry *entry,
                                                             size_t entries, struct xent_tile_place to)
{
    const vector one = v_set((real)1);
    vector index = v_set((real)0);
    for (size_t c = 0; c < classes; c++, tile += XENT_TILE, to.at += to.class_step, index = v_add(index, one))
        for (size_t r = 0; r < rows; r += WIDTH) {
            vector x = v_mul(v_mul(v_load(tile + r), v_load(by->lower + r)), v_load(by->factor + r));
            EACH (i, entries) x = v_where_equal(v_load(entry[i].class_index + r), index, v_load(entry[i].entry + r), x);
            store((stored *)(void *)to.at + r, x);
        }
}

/* Reals that are what is written. */
static inline __attribute__((always_inline)) void write_reals(const real *tile, size_t rows, size_t classes,
                                                              struct xent_tile_place to)
{
    for (const real *end = tile + classes * XENT_TILE; tile != end; tile += XENT_TILE, to.at += to.class_step)
        for (size_t r = 0; r < rows; r += WIDTH) store((stored *)(void *)to.at + r, v_load(tile + r));
}

static inline void write_side_by_side(const real *tile, size_t rows, size_t classes, const struct tile_scaling *by,
                                      const struct xent_tile *state, struct xent_tile_place to)
{
    struct tile_entry entry[2];
    if (state == NULL && rows == XENT_TILE) {
        write_reals(tile, XENT_TILE, classes, to);
        return;
    }
    if (state == NULL) {
        write_reals(tile, rows, classes, to);
        return;
    }
    set_entry(&entry[0], state->first_entry, state->first, rows);
    if (same_classes(state->first, state->target, rows)) {
        write_runs(tile, rows, classes, by, entry, 1, to);
        return;
    }
    set_entry(&entry[1], state->target_entry, state->target, rows);
    write_runs(tile, rows, classes, by, entry, 2, to);
}

static void tile_write(const void *from, size_t rows, size_t classes, const struct xent_tile *state,
                       const struct xent_tile_place *place)
{
    const struct xent_tile_place to = *place;
    const real *tile = from;
    struct tile_scaling by;
    bool squares;
    size_t vectors = rows_in_vectors(to, rows, classes, &squares), done = squares ? 0 : vectors;
    if (state != NULL)
        set_scaling(&by, state->scale, rows);
    else
        set_no_scaling(&by, rows);
    if (squares)
        write_squares(tile, vectors, classes, &by, to);
    else if (vectors > 0)
        write_side_by_side(tile, vectors, classes, &by, state, to);
    write_left(tile, vectors, rows, classes, &by, to);
    if (state == NULL || done == rows) return;
    put_entries(state->first_entry, state->first, done, rows, to);
    put_entries(state->target_entry, state->target, done, rows, to);
}

#endif
