/* Tiles between memory and the kernels. The rows of a tile are neighbours of one run of a walk. */
#include "rows/tile.h"

#include <string.h>

/* The rows from `from` on that are ignored, or not, like the first of them. */
static size_t alike(const struct xent_tile_rows *tile, size_t from)
{
    size_t to = from + 1;
    while (to < tile->rows && tile->ignored[to] == tile->ignored[from]) to++;
    return to - from;
}

void xent_tile_read_around(const struct xent_row_type *type, const struct xent_tile_rows *tile,
                           const struct xent_tile_place *place, void *reals)
{
    struct xent_tile_place from = *place;
    size_t classes = (size_t)type->classes, count;
    memset(reals, 0, classes * XENT_TILE * type->real_size);
    for (size_t row = 0; row < tile->rows; row += count, from.at += (ptrdiff_t)count * from.row_step) {
        count = alike(tile, row);
        if (!tile->ignored[row]) type->kernels->tile_read(&from, count, classes, false, (char *)reals + row * type->real_size);
    }
}

/* Class by class, as far as the rows go; what the last vector has beside them gets slopes of 0. */
void xent_tile_prepare(const struct xent_row_type *type, struct xent_tile_rows *tile)
{
    const struct xent_stored_kernels *kernels = type->real_kernels;
    bool full = tile->rows == XENT_TILE;
    size_t calls = full ? 1 : (size_t)type->classes, n = full ? (size_t)type->classes * XENT_TILE : tile->rows;
    size_t beside = (XENT_TILE_VECTOR - 1 - (tile->rows + XENT_TILE_VECTOR - 1) % XENT_TILE_VECTOR) * type->real_size;
    for (size_t i = 0; i < calls; i++) {
        size_t at = i * XENT_TILE * type->real_size;
        char *z = (char *)tile->reals + at, *slopes = tile->slopes == NULL ? NULL : (char *)tile->slopes + at;
        if (slopes != NULL) kernels->slopes(z, slopes, n, type->scale, type->softcap);
        if (slopes != NULL && !full) memset(slopes + n * type->real_size, 0, beside);
        kernels->prepare(z, z, n, type->scale, type->softcap);
    }
}

/* Backwards, so that class 0 is what first_entry and target_entry hold in the end. */
void xent_tile_take_back(const struct xent_row_type *type, struct xent_tile_rows *tile, size_t row, const struct xent_line *out)
{
    struct xent_tile *state = &tile->state;
    for (int64_t c = type->classes; c-- > 0;) {
        double entry = xent_load_float(type->dtype, xent_class_at(out, c));
        xent_store_float(type->real, xent_tile_element(type, tile, row, (size_t)c), entry);
        state->first_entry[row] = state->target_entry[row] = entry;
    }
    state->first[row] = state->target[row] = 0;
    state->scale[row] = 0x1p64;
}
