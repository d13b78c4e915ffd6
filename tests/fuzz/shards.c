/* Shards and the merging of their states: xent_shard_cut, xent_partials_per_row, xent_partial_merge. */
#include <stdlib.h>
#include <string.h>

#include "faults.h"
#include "flaw.h"
#include "judge.h"
#include "partial_rows.h"

enum {
    CHUNK = 4096,
    SHARDS = PARTIAL_PARTS,
    POINTERS,
    WHOLE,
    STATES = 0
}; /* arguments of a merge; the states of each part come first */

#define REFUSED(status, condition) ((condition) ? STATUS_BIT(status) : 0)

static bool is_floating(int64_t dtype) { return dtype >= XENT_F32 && dtype <= XENT_BF16; }

static statuses of_shard(const xent_shard *s)
{
    const bool outside = s->of < 1 || s->first < 0 || s->first > s->of || s->classes < 0 || s->classes > s->of - s->first;
    return REFUSED(XENT_ERROR_INVALID_ARGUMENT, s->reserved != 0) | REFUSED(XENT_ERROR_DTYPE, !is_floating(s->dtype)) |
           REFUSED(XENT_ERROR_SHAPE, outside);
}

/* ---- Cuts ---------------------------------------------------------------------------------------------------------------- */

/* The parts of a cut lie one behind the other, each but the last of whole chunks, and none has two chunks more than another. */
static void expect_cut(int64_t of, xent_dtype dtype, int32_t parts)
{
    enum { MOST = 100 };
    int64_t end = 0, least = INT64_MAX, most = 0;
    for (int32_t part = 0; part < parts && parts <= MOST; part++) {
        xent_shard s;
        if (xent_shard_cut(of, dtype, parts, part, &s) != XENT_OK) flaw("part %d of %d is refused", (int)part, (int)parts);
        const int64_t chunks = s.classes / CHUNK + (s.classes % CHUNK != 0), states = xent_partials_per_row(&s);
        if (s.first != end || s.of != of || s.dtype != (int32_t)dtype || s.reserved != 0)
            flaw("part %d lies elsewhere", (int)part);
        if (s.classes % CHUNK != 0 && s.first + s.classes != of) flaw("part %d ends within a chunk", (int)part);
        if (states < (chunks > 0) || states > 2 * 64)
            flaw("a shard of %lld chunks has %lld states", (long long)chunks, (long long)states);
        end = s.first + s.classes;
        if (chunks == 0) continue;
        least = chunks < least ? chunks : least;
        most = chunks > most ? chunks : most;
    }
    if (parts <= MOST && (end != of || most - least > 1)) flaw("%d parts are no even cut", (int)parts);
}

static void cut_call(struct bytes *b)
{
    static const int64_t extents[] = { 1, 2, CHUNK, CHUNK + 1, 50257, 128256, INT64_MAX, INT64_MAX - 1, 0, -1, INT64_MIN };
    static const int32_t counts[] = { 1, 2, 3, 7, 16, 100, INT32_MAX, 0, -1, INT32_MIN };
    const int64_t of = bytes_chance(b, 3) ? (int64_t)bytes_number(b, 4) : BYTES_ONE_OF(b, extents);
    const xent_dtype dtype = (xent_dtype)bytes_below(b, 25);
    const int32_t parts = BYTES_ONE_OF(b, counts);
    const int32_t part = bytes_chance(b, 4) ? BYTES_ONE_OF(b, counts) : parts > 0 ? (int32_t)bytes_below(b, 100) % parts : 0;
    xent_shard s = { -7, -7, -7, -7, -7 };
    const xent_shard before = s;
    statuses allowed = REFUSED(XENT_ERROR_INVALID_ARGUMENT, parts < 1 || part < 0 || part >= parts) |
                       REFUSED(XENT_ERROR_DTYPE, !is_floating(dtype)) | REFUSED(XENT_ERROR_SHAPE, of < 1);
    if (allowed == 0) allowed = STATUS_BIT(XENT_OK);
    const xent_status status = xent_shard_cut(of, dtype, parts, part, &s);
    if ((allowed >> status & 1) == 0) flaw("a cut is %s, expected one of the set %x", xent_status_name(status), allowed);
    if (status != XENT_OK && memcmp(&s, &before, sizeof s) != 0) flaw("a cut that is refused has written a shard");
    if (status == XENT_OK) expect_cut(of, dtype, parts);
    if (xent_shard_cut(1, XENT_F32, 1, 0, NULL) != XENT_ERROR_INVALID_ARGUMENT) flaw("a cut without a shard");
}

static void per_row_call(struct bytes *b)
{
    static const int64_t numbers[] = { 0, 1, CHUNK, 3 * CHUNK, 9000, INT64_MAX, -1, INT64_MIN, INT64_MAX - CHUNK };
    const xent_shard s = { BYTES_ONE_OF(b, numbers), BYTES_ONE_OF(b, numbers), BYTES_ONE_OF(b, numbers),
                           (int32_t)bytes_below(b, 6), bytes_chance(b, 5) };
    const bool none = of_shard(&s) != 0 || s.classes == 0;
    const bool aligned = !none && s.first % CHUNK == 0 && (s.classes % CHUNK == 0 || s.first + s.classes == s.of);
    const int64_t states = xent_partials_per_row(&s);
    if (none ? states != 0 : aligned ? states < 1 || states > 2 * 64 : states != 1)
        flaw("a shard of %lld classes from %lld has %lld states", (long long)s.classes, (long long)s.first, (long long)states);
    if (xent_partials_per_row(NULL) != 0) flaw("no shard has states");
}

/* ---- Merging ------------------------------------------------------------------------------------------------------------- */

struct merge {
    struct partial_rows rows;
    struct stage stage;
    int32_t parts;
    int64_t count; /* of rows */
    xent_shard shard[PARTIAL_PARTS];
    int32_t place[PARTIAL_PARTS]; /* the argument that has a part's states */
    bool missing[PARTIAL_PARTS], spoiled, plain;
};

static const struct argument *given(const struct merge *m, int at)
{
    return m->stage.argument[at].given ? &m->stage.argument[at] : NULL;
}

static void *bytes_of(const struct merge *m, int at) { return given(m, at) != NULL ? given(m, at)->first : NULL; }

static xent_status merge_make(void *call)
{
    const struct merge *m = call;
    return xent_partial_merge(m->parts, bytes_of(m, SHARDS), bytes_of(m, POINTERS), m->count, bytes_of(m, WHOLE));
}

static void change(struct merge *m, struct bytes *b)
{
    static const int64_t numbers[] = { -1, 0, 1, CHUNK, INT64_MAX };
    const int32_t at = (int32_t)bytes_below(b, m->rows.parts), other = (int32_t)bytes_below(b, m->rows.parts);
    const xent_shard shard = m->shard[at];
    const int32_t place = m->place[at];
    switch (bytes_below(b, 10)) {
    case 0: stage_miss(&m->stage, SHARDS + (int)bytes_below(b, 3)); break;
    case 1: m->missing[at] = true; break;
    case 2: m->parts = (int32_t)bytes_below(b, m->rows.parts + 1) - 1; break;
    case 3: m->count = -1; break;
    case 4: m->shard[at].first = BYTES_ONE_OF(b, numbers); break;
    case 5: m->shard[at].of += 1; break;
    case 6: m->shard[at].dtype = (int32_t)bytes_below(b, 6); break;
    case 7: m->shard[at].reserved = 1; break;
    case 8:
        m->shard[at] = m->shard[other];
        m->place[at] = m->place[other];
        m->shard[other] = shard;
        m->place[other] = place;
        break;
    default:
        if (given(m, WHOLE) != NULL) m->stage.argument[WHOLE].host = at;
        break;
    }
}

static void merge_open(struct merge *m, struct bytes *b)
{
    static const int faults[] = { 0, 0, 1, 1, 2 };
    xent_partial *pointers[PARTIAL_PARTS];
    memset(m, 0, sizeof *m);
    partial_rows_open(&m->rows, PARTIAL_PARTS, b);
    m->parts = m->rows.parts;
    m->count = m->rows.rows;
    memcpy(m->shard, m->rows.shard, sizeof m->shard);
    for (int32_t i = 0; i < m->parts; i++) m->place[i] = i;
    for (int32_t i = 0; i < m->parts; i++)
        stage_add_bytes(&m->stage, STATES + i, false,
                        (size_t)(m->count * xent_partials_per_row(&m->shard[i])) * sizeof(xent_partial));
    stage_add_bytes(&m->stage, SHARDS, false, (size_t)m->parts * sizeof(xent_shard));
    stage_add_bytes(&m->stage, POINTERS, false, (size_t)m->parts * sizeof *pointers);
    stage_add_bytes(&m->stage, WHOLE, true, (size_t)m->count * sizeof(xent_partial));
    const int changes = BYTES_ONE_OF(b, faults);
    m->plain = changes == 0;
    for (int k = 0; k < changes; k++) change(m, b);
    stage_open(&m->stage, bytes_chance(b, 2) ? 0 : 64, (size_t)bytes_below(b, 3));
    for (int32_t i = 0; i < m->rows.parts; i++) {
        const struct argument *states = &m->stage.argument[STATES + i];
        memcpy(states->first, m->rows.states[i], (size_t)states->shape[0]);
    }
    for (int32_t i = 0; i < m->rows.parts; i++)
        pointers[i] = m->missing[i] ? NULL : (xent_partial *)(void *)m->stage.argument[STATES + m->place[i]].first;
    if (given(m, SHARDS) != NULL) memcpy(given(m, SHARDS)->first, m->shard, (size_t)m->rows.parts * sizeof(xent_shard));
    if (given(m, POINTERS) != NULL) memcpy(given(m, POINTERS)->first, pointers, (size_t)m->rows.parts * sizeof *pointers);
    const bool has_first = m->parts > 0 && m->shard[0].classes > 0 && m->count > 0 && !m->missing[0];
    m->spoiled = bytes_chance(b, 12) && has_first;
    if (m->spoiled) pointers[0]->argmax = -1;
    if (bytes_chance(b, 6) && has_first) {
        partial_state_spoil(pointers[0], b);
        m->plain = false;
    }
}

static statuses of_shards(const struct merge *m)
{
    statuses refused = 0;
    for (int32_t i = 0; i < m->parts; i++)
        refused |= of_shard(&m->shard[i]) | REFUSED(XENT_ERROR_INVALID_ARGUMENT,
                                                    m->shard[i].of != m->shard[0].of || m->shard[i].dtype != m->shard[0].dtype);
    return refused;
}

static bool covers(const struct merge *m)
{
    int64_t end = 0;
    for (int32_t i = 0; i < m->parts; i++) {
        if (m->shard[i].classes > 0 && m->shard[i].first != end) return false;
        end += m->shard[i].classes;
    }
    return end == m->shard[0].of;
}

static statuses of_memory(const struct merge *m)
{
    statuses refused = 0;
    for (int32_t i = 0; i < m->parts && m->count > 0; i++) {
        const int at = STATES + m->place[i];
        const struct argument *states = &m->stage.argument[at], *whole = given(m, WHOLE);
        refused |= REFUSED(XENT_ERROR_INVALID_ARGUMENT, m->missing[i] && m->shard[i].classes > 0);
        refused |= REFUSED(XENT_ERROR_OVERLAP, !m->missing[i] && whole->host == at && argument_elements(states) > 0);
    }
    return refused;
}

static statuses merge_contract(const struct merge *m)
{
    statuses refused = REFUSED(XENT_ERROR_INVALID_ARGUMENT, given(m, SHARDS) == NULL || given(m, POINTERS) == NULL ||
                                                                m->parts < 1 || (m->count > 0 && given(m, WHOLE) == NULL));
    if (refused == 0) refused = of_shards(m) | REFUSED(XENT_ERROR_SHAPE, m->count < 0);
    if (refused == 0) refused = REFUSED(XENT_ERROR_SHAPE, !covers(m));
    if (refused == 0) refused = of_memory(m);
    if (refused == 0) refused = REFUSED(XENT_ERROR_INVALID_ARGUMENT, m->spoiled);
    return refused != 0 ? refused : STATUS_BIT(XENT_OK);
}

static void merge_call(struct bytes *b)
{
    struct merge m;
    merge_open(&m, b);
    if (judge(&m.stage, merge_make, &m, merge_contract(&m), 0) == XENT_OK && m.plain &&
        memcmp(m.stage.answer + m.stage.argument[WHOLE].answer, m.rows.whole, (size_t)m.count * sizeof(xent_partial)) != 0)
        flaw("states merge to others than before");
    stage_close(&m.stage);
    partial_rows_close(&m.rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const families[])(struct bytes *) = { merge_call, cut_call, per_row_call };
    struct bytes b = { data, size };
    BYTES_ONE_OF(&b, families)(&b);
    return 0;
}
