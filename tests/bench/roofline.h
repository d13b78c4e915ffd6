#ifndef XENT_BENCH_ROOFLINE_H
#define XENT_BENCH_ROOFLINE_H

#include "peers/peer.h"

/* What memory allows, as an entry of the same interleaved run: forward reads the logits, in place reads and rewrites them,
   out of place reads them and writes the gradient, by the C library's memcpy, which streams past the caches where that is
   faster. */
void bench_roofline(struct bench_peer *peer);

/* Bytes that a pass has to move, whoever computes it. */
double bench_bytes_moved(const struct bench_problem *p);

#endif
