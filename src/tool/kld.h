/* llama.cpp's file of a base model's log-probabilities, as `llama-perplexity --kl-divergence-base` writes it: a header, the tokens, and
   for each chunk of tokens the rows that predict those of its second half. */
#ifndef XENT_TOOL_KLD_H
#define XENT_TOOL_KLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reason.h"

enum { KLD_HEADER = 20, KLD_TOP_CODE = 65535 };

struct kld {
    int64_t context, classes, chunks;
    int64_t chunk_rows; /* of each chunk */
    uint64_t tokens;    /* where they begin, int32_t each, context of them for each chunk */
    uint64_t rows;      /* where the rows begin */
    uint64_t row_bytes;
};

/* One row: ln p = scale * code + smallest. Where a row is cut off, 16 nats below its top, code 0 stands for all that lay lower. */
struct kld_row {
    float scale, smallest;
    bool cut_off;
    const unsigned char *codes; /* uint16_t each, not aligned */
};

bool kld_is(const unsigned char *bytes, size_t size);

/* bytes: the first `size` of a file of file_size bytes; KLD_HEADER of them at least, if the file is any. */
bool kld_parse(struct kld *kld, const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why);

/* bytes: row_bytes of them. false, with the reason: no log-probabilities. */
bool kld_read_row(struct kld_row *row, const unsigned char *bytes, struct reason *why);

unsigned kld_code(const struct kld_row *row, int64_t c);

/* What a token stands for among those of its chunk: row i of a chunk predicts this one. */
int64_t kld_target_position(const struct kld *kld, int64_t i);

#endif
