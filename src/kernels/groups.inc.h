/* Groups of 64 elements between memory and REAL. A template, included once per stored type. Defines S(read), S(write). */

/* count is at most 64; the rest of `to` becomes 0. */
static inline void S(read)(const STORED *from, size_t count, REAL *to)
{
    STORED padded[XENT_LANES];
    if (count < XENT_LANES) {
        memset(padded, 0, sizeof padded);
        memcpy(padded, from, count * sizeof(STORED));
        from = padded;
    }
    for (size_t lane = 0; lane < XENT_LANES; lane += WIDTH) V(store)(to + lane, LOAD(from + lane));
}

/* All 64 of `from` must be there. */
static inline void S(write)(const REAL *from, size_t count, STORED *to)
{
    STORED padded[XENT_LANES], *whole = count < XENT_LANES ? padded : to;
    for (size_t lane = 0; lane < XENT_LANES; lane += WIDTH) STORE(whole + lane, V(load)(from + lane));
    if (count < XENT_LANES) memcpy(to, padded, count * sizeof(STORED));
}
