/* Tiles between memory and REAL (tile.inc.h). A template, included once per stored type. Defines S(tile_read), S(tile_write).
 *
 * Steps are in bytes. Where one of them is an element's size, WIDTH elements move at a time: rows that stand side by side as they
 * are, rows whose classes stand side by side by transposing squares. The last square of a row may overlap the one before. */

static inline const STORED *S(tile_from)(const void *z, ptrdiff_t row_step, ptrdiff_t class_step, size_t r, size_t c)
{
    return (const STORED *)(const void *)((const char *)z + (ptrdiff_t)r * row_step + (ptrdiff_t)c * class_step);
}

static inline STORED *S(tile_to)(void *out, ptrdiff_t row_step, ptrdiff_t class_step, size_t r, size_t c)
{
    return (STORED *)(void *)((char *)out + (ptrdiff_t)r * row_step + (ptrdiff_t)c * class_step);
}

/* Where the square that begins at class c lies so that it ends within the row. */
static inline size_t S(tile_square)(size_t c, size_t classes) { return c + WIDTH <= classes ? c : classes - WIDTH; }

/* How many of the rows can move WIDTH at a time, and whether by squares. */
static inline size_t S(tile_vectors)(ptrdiff_t row_step, ptrdiff_t class_step, size_t rows, size_t classes, int *squares)
{
    *squares = class_step == (ptrdiff_t)sizeof(STORED) && classes >= WIDTH;
    return *squares || row_step == (ptrdiff_t)sizeof(STORED) ? rows / WIDTH * WIDTH : 0;
}

static void S(tile_read)(const void *z, ptrdiff_t row_step, ptrdiff_t class_step, size_t rows, size_t classes, void *to)
{
    REAL *tile = to;
    int squares;
    size_t vectors = S(tile_vectors)(row_step, class_step, rows, classes, &squares);
    for (size_t r = 0; r < vectors && squares; r += WIDTH)
        for (size_t c = 0; c < classes; c += WIDTH) {
            size_t at = S(tile_square)(c, classes);
            VEC x[WIDTH];
            for (size_t k = 0; k < WIDTH; k++) x[k] = LOAD(S(tile_from)(z, row_step, class_step, r + k, at));
            V(transpose)(x);
            for (size_t k = 0; k < WIDTH; k++) V(store)(tile + (at + k) * XENT_TILE + r, x[k]);
        }
    for (size_t c = 0; c < classes && !squares; c++)
        for (size_t r = 0; r < vectors; r += WIDTH)
            V(store)(tile + c * XENT_TILE + r, LOAD(S(tile_from)(z, row_step, class_step, r, c)));
    for (size_t c = 0; c < classes && vectors < rows; c++)
        for (size_t r = vectors; r < rows; r++) tile[c * XENT_TILE + r] = GET(*S(tile_from)(z, row_step, class_step, r, c));
}

static void S(tile_write)(const void *from, size_t rows, size_t classes, void *out, ptrdiff_t row_step, ptrdiff_t class_step)
{
    const REAL *tile = from;
    int squares;
    size_t vectors = S(tile_vectors)(row_step, class_step, rows, classes, &squares);
    for (size_t r = 0; r < vectors && squares; r += WIDTH)
        for (size_t c = 0; c < classes; c += WIDTH) {
            size_t at = S(tile_square)(c, classes);
            VEC x[WIDTH];
            for (size_t k = 0; k < WIDTH; k++) x[k] = V(load)(tile + (at + k) * XENT_TILE + r);
            V(transpose)(x);
            for (size_t k = 0; k < WIDTH; k++) STORE(S(tile_to)(out, row_step, class_step, r + k, at), x[k]);
        }
    for (size_t c = 0; c < classes && !squares; c++)
        for (size_t r = 0; r < vectors; r += WIDTH)
            STORE(S(tile_to)(out, row_step, class_step, r, c), V(load)(tile + c * XENT_TILE + r));
    for (size_t c = 0; c < classes && vectors < rows; c++)
        for (size_t r = vectors; r < rows; r++) {
            STORED padded[WIDTH];
            STORE(padded, V(set)(tile[c * XENT_TILE + r]));
            *S(tile_to)(out, row_step, class_step, r, c) = padded[0];
        }
}
