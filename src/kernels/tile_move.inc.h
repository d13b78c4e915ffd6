/* Tiles between memory and REAL (tile.inc.h). A template, included once per stored type. Defines S(tile_read), S(tile_write).
 *
 * Where one of the steps is an element's size, WIDTH elements move at a time: rows that stand side by side as they
 * are, rows whose classes stand side by side by transposing squares. The last square of a row may overlap the one before; a square that
 * is wider than a row reaches into the rows behind it, where these follow each other without a gap. Rows side by side have each class in
 * lines of its own, often at a distance that is a power of two: those of the next tile are fetched meanwhile. */

/* By value, so that no store can change it. */
static inline STORED *S(tile_at)(struct xent_tile_place place, size_t r, size_t c)
{
    return (STORED *)(void *)(place.at + (ptrdiff_t)r * place.row_step + (ptrdiff_t)c * place.class_step);
}

/* Where the square that begins at class c lies so that it ends within the row. */
static inline size_t S(tile_square)(size_t c, size_t classes) { return c + WIDTH <= classes ? c : classes - WIDTH; }

/* How many of the rows can move WIDTH at a time, and whether by squares. Of one that is wider than the rows more than half must be
   theirs, so that each of its rows but the last one ends within the square. */
static inline size_t S(tile_vectors)(struct xent_tile_place place, size_t rows, size_t classes, int *squares)
{
    int close = place.class_step == (ptrdiff_t)sizeof(STORED);
    int packed = place.row_step == (ptrdiff_t)(classes * sizeof(STORED)) && classes > WIDTH / 2;
    *squares = close && (classes >= WIDTH || packed);
    return *squares || place.row_step == (ptrdiff_t)sizeof(STORED) ? rows / WIDTH * WIDTH : 0;
}

/* narrow: the row is shorter than WIDTH. */
static inline __attribute__((always_inline)) void S(tile_read_square)(struct xent_tile_place from, size_t r, size_t c,
                                                                      size_t classes, int narrow, REAL *tile)
{
    static const char none[XENT_LINE];
    const STORED *last = S(tile_at)(from, r + WIDTH - 1, c);
    STORED copy[XENT_LINE / sizeof(STORED)];
    VEC x[WIDTH];
    if (narrow) {
        copy_padded(copy, last, classes * sizeof(STORED), sizeof copy, none);
        last = copy;
    }
    EACH (k, WIDTH) x[k] = LOAD(k + 1 == WIDTH ? last : S(tile_at)(from, r + k, c));
    V(transpose)(x);
    EACH (k, WIDTH)
        if (!narrow || k < classes) V(store)(tile + (c + k) * XENT_TILE + r, x[k]);
}

static void S(tile_read)(const struct xent_tile_place *place, size_t rows, size_t classes, void *to)
{
    const struct xent_tile_place from = *place;
    REAL *tile = to;
    int squares;
    size_t vectors = S(tile_vectors)(from, rows, classes, &squares);
    for (size_t r = 0; r < vectors && squares; r += WIDTH)
        for (size_t c = 0; c < classes; c += WIDTH)
            if (classes < WIDTH)
                S(tile_read_square)(from, r, c, classes, 1, tile);
            else
                S(tile_read_square)(from, r, S(tile_square)(c, classes), classes, 0, tile);
    for (size_t c = 0; c < classes && !squares; c++)
        for (size_t r = 0; r < vectors; r += WIDTH) {
            VECTOR_PREFETCH(S(tile_at)(from, r + XENT_TILE, c));
            V(store)(tile + c * XENT_TILE + r, LOAD(S(tile_at)(from, r, c)));
        }
    for (size_t c = 0; c < classes && vectors < rows; c++)
        for (size_t r = vectors; r < rows; r++) tile[c * XENT_TILE + r] = GET(*S(tile_at)(from, r, c));
}

/* Row after row, so that what reaches into the next one is overwritten by it. */
static inline __attribute__((always_inline)) void S(tile_write_square)(const REAL *tile, size_t r, size_t c, size_t classes,
                                                                       int narrow, VEC lower, VEC factor,
                                                                       struct xent_tile_place to)
{
    STORED copy[WIDTH], *last = S(tile_at)(to, r + WIDTH - 1, c);
    VEC x[WIDTH];
    EACH (k, WIDTH) x[k] = V(load)(tile + (c + (!narrow || k < classes ? k : 0)) * XENT_TILE + r);
    EACH (k, WIDTH) x[k] = V(mul)(V(mul)(x[k], lower), factor);
    V(transpose)(x);
    EACH (k, WIDTH) STORE(k + 1 != WIDTH ? S(tile_at)(to, r + k, c) : narrow ? copy : last, x[k]);
    if (narrow) memcpy(last, copy, classes * sizeof(STORED));
}

static inline void S(tile_write_squares)(const REAL *tile, size_t rows, size_t classes, const REAL *lower, const REAL *factor,
                                         struct xent_tile_place to)
{
    for (size_t r = 0; r < rows; r += WIDTH) {
        VEC by = V(load)(lower + r), times = V(load)(factor + r);
        for (size_t c = 0; c < classes; c += WIDTH)
            if (classes < WIDTH)
                S(tile_write_square)(tile, r, c, classes, 1, by, times, to);
            else
                S(tile_write_square)(tile, r, S(tile_square)(c, classes), classes, 0, by, times, to);
    }
}

/* The rows from `done` on, of which there are fewer than WIDTH or which are apart. */
static inline void S(tile_write_rest)(const REAL *tile, size_t done, size_t rows, size_t classes, const REAL *lower,
                                      const REAL *factor, struct xent_tile_place to)
{
    STORED entry[WIDTH];
    for (size_t r = done; r < rows; r++) {
        VEC by = V(set)(lower[r]), times = V(set)(factor[r]);
        for (size_t c = 0; c < classes; c++) {
            STORE(entry, V(mul)(V(mul)(V(set)(tile[c * XENT_TILE + r]), by), times));
            *S(tile_at)(to, r, c) = entry[0];
        }
    }
}

static inline void S(tile_put)(const double *entry, const int32_t *class_index, size_t rows, struct xent_tile_place to)
{
    REAL rounded[XENT_TILE] = { 0 };
    STORED stored[XENT_TILE];
    for (size_t r = 0; r < rows; r++) rounded[r] = (REAL)entry[r];
    for (size_t r = 0; r < rows; r += WIDTH) STORE(stored + r, V(load)(rounded + r));
    for (size_t r = 0; r < rows; r++) *S(tile_at)(to, r, (size_t)class_index[r]) = stored[r];
}

static void S(tile_write)(const void *from, size_t rows, size_t classes, const struct xent_tile *state,
                          const struct xent_tile_place *place)
{
    const struct xent_tile_place to = *place;
    const REAL *tile = from;
    REAL lower[XENT_TILE], factor[XENT_TILE];
    int squares;
    size_t vectors = S(tile_vectors)(to, rows, classes, &squares);
    F(tile_factors)(state->scale, rows, lower, factor);
    if (squares) S(tile_write_squares)(tile, vectors, classes, lower, factor, to);
    for (size_t c = 0; c < classes && !squares; c++)
        for (size_t r = 0; r < vectors; r += WIDTH) {
            VEC term = V(mul)(V(load)(tile + c * XENT_TILE + r), V(load)(lower + r));
            VECTOR_PREFETCH(S(tile_at)(to, r + XENT_TILE, c));
            STORE(S(tile_at)(to, r, c), V(mul)(term, V(load)(factor + r)));
        }
    S(tile_write_rest)(tile, vectors, rows, classes, lower, factor, to);
    S(tile_put)(state->first_entry, state->first, rows, to);
    S(tile_put)(state->target_entry, state->target, rows, to);
}
