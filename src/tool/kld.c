/* llama.cpp's file of a base model's log-probabilities. */
#include "kld.h"

#include <math.h>
#include <string.h>

static const char magic[] = "_logits_";

enum { MAGIC = sizeof magic - 1, ROW_PREFIX = 8 };

/* Less than the 16 nats that a row has been cut off at, by more than F32 makes of them. */
static const double nearly_cut_off = 15.98;

/* More than F32 makes of a log-probability of 0. */
static const double rounding = 1e-3;

bool kld_is(const unsigned char *bytes, size_t size) { return size >= MAGIC && memcmp(bytes, magic, MAGIC) == 0; }

static int32_t number(const unsigned char *bytes)
{
    int32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

bool kld_parse(struct kld *kld, const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why)
{
    if (size < KLD_HEADER) return refuse(why, "ends after %zu bytes, inside the header of a KLD base file", size);
    const int32_t context = number(bytes + MAGIC), classes = number(bytes + MAGIC + 4), chunks = number(bytes + MAGIC + 8);
    if (context < 3 || classes < 1 || chunks < 1)
        return refuse(why, "has a context of %ld tokens, %ld classes and %ld chunks, expected at least 3, 1 and 1",
                      (long)context, (long)classes, (long)chunks);
    const uint64_t codes = 2 * (((uint64_t)classes + 1) / 2), tokens = (uint64_t)context * (uint64_t)chunks;
    *kld = (struct kld){ .context = context, .classes = classes, .chunks = chunks };
    kld->chunk_rows = context - 1 - context / 2;
    kld->row_bytes = ROW_PREFIX + 2 * codes;
    kld->tokens = KLD_HEADER;
    kld->rows = KLD_HEADER + 4 * tokens;
    const uint64_t rows = (uint64_t)kld->chunk_rows * (uint64_t)chunks; /* below 2^61 */
    if (file_size < kld->rows || (file_size - kld->rows) / kld->row_bytes != rows ||
        (file_size - kld->rows) % kld->row_bytes != 0)
        return refuse(why, "has %llu bytes, expected %llu of header and tokens and %llu rows of %llu bytes",
                      (unsigned long long)file_size, (unsigned long long)kld->rows, (unsigned long long)rows,
                      (unsigned long long)kld->row_bytes);
    return true;
}

bool kld_read_row(struct kld_row *row, const unsigned char *bytes, struct reason *why)
{
    memcpy(&row->scale, bytes, sizeof row->scale);
    memcpy(&row->smallest, bytes + 4, sizeof row->smallest);
    row->codes = bytes + ROW_PREFIX;
    const double span = (double)row->scale * KLD_TOP_CODE, largest = span + (double)row->smallest;
    row->cut_off = span > nearly_cut_off;
    if (!isfinite(row->scale) || row->scale < 0 || !isfinite(row->smallest))
        return refuse(why, "has the scale %g and the smallest log-probability %g, expected finite ones", (double)row->scale,
                      (double)row->smallest);
    return largest <= rounding || refuse(why, "has log-probabilities up to %g, expected none above 0", largest);
}

unsigned kld_code(const struct kld_row *row, int64_t c)
{
    uint16_t code;
    memcpy(&code, row->codes + 2 * c, sizeof code);
    return code;
}

int64_t kld_target_position(const struct kld *kld, int64_t i) { return kld->context / 2 + 1 + i; }
