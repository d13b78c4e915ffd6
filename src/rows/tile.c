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

void xent_tile_read_padded(const struct xent_row_type *type, struct xent_tile_rows *tile)
{
    struct xent_tile_place from = tile->in;
    size_t classes = (size_t)type->classes, count;
    memset(tile->reals, 0, classes * XENT_TILE * type->real_size);
    for (size_t row = 0; row < tile->rows; row += count, from.at += (ptrdiff_t)count * from.row_step) {
        count = tile->ignored_rows == 0 ? tile->rows : alike(tile, row);
        if (!tile->ignored[row]) type->kernels->tile_read(&from, count, classes, xent_tile_element(type, tile, row, 0));
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
