#ifndef XENT_BENCH_ROOFLINE_H
#define XENT_BENCH_ROOFLINE_H

#include "peers/peer.h"

/* What memory allows, as an entry of the same interleaved run. Of what a workload has to read (bench_reads): forward reads it, in
   place reads it and rewrites the first of it, out of place reads it and writes the output. That is the C library's memcpy of one
   array, which streams past the caches where that is faster; two are combined by whichever of both ways is faster. */
void bench_roofline(struct bench_peer *peer);

/* Bytes that a pass has to move, whoever computes it. */
double bench_bytes_moved(const struct bench_problem *p);

#endif
