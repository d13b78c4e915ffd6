#ifndef XENT_BENCH_MEASURE_H
#define XENT_BENCH_MEASURE_H

#include "options.h"
#include "peers/peer.h"

#define BENCH_MAX_PEERS 32

/* One implementation's figures for one case. */
struct bench_result {
    const char *name;
    double seconds;   /* a call, the median of the samples */
    double low, high; /* the quartiles */
    int samples;
    double ratio[BENCH_MAX_PEERS]; /* time of the implementation of this index over this one's: the median of each round's */
};

/* Times all peers on a problem whose data is ready. results[k] is of peers[k]; samples == 0: it cannot do this case. A value
   (bench_value) that is not that of the first peer is reported to standard error: did it compute the same? */
void bench_measure(const struct bench_peer *peers, int count, const struct bench_problem *p, const struct bench_effort *effort,
                   struct bench_result *results);

#endif
