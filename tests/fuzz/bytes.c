#include "bytes.h"

uint64_t bytes_number(struct bytes *b, int count)
{
    uint64_t number = 0;
    for (int i = 0; i < count && b->left > 0; i++, b->left--) number |= (uint64_t)*b->at++ << (8 * i);
    return number;
}

int64_t bytes_below(struct bytes *b, int64_t n) { return (int64_t)bytes_number(b, n <= 256 ? 1 : 2) % n; }

bool bytes_chance(struct bytes *b, int64_t n) { return bytes_below(b, n) == n - 1; }
