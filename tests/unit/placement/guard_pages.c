/* Every use of every operation, in place and not, on buffers that end at an unmapped page or begin just after one: nothing outside of
   them is read, nothing outside of the outputs is written, and where they lie does not change a bit. Class counts are those around the
   sizes at which kernels change: 1 to 200 (lanes, groups of 64, rows in the lanes) and 4096 (chunks). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/backend.h"
#include "support/effort.h"
#include "support/guarded.h"
#include "support/operations.h"
#include "support/tensors.h"

enum arrangement {
    ROWS,       /* classes contiguous */
    COLUMNS,    /* rows contiguous, classes strided, as in images */
    SPACED_OUT, /* every second element of a row-major array */
    ARRANGEMENTS
};

/* A buffer for each role. */
struct problem {
    xent_dtype dtype, class_dtype;
    enum arrangement arrangement;
    int64_t rows, classes;
    struct guarded memory[ROLES];
    unsigned char *content[ROLES]; /* what inputs hold */
    size_t bytes[ROLES];
    void *data[ROLES];
    xent_tensor *tensor[ROLES]; /* NULL where the use under test takes none */
};

/* An operation at work: the role that the output's memory is of, which is another's where it is in place. */
struct work {
    const struct use *use;
    enum role place;
};

/* For the report of a crash. */
static char doing[200];

static bool has_buffer(const struct work *w, int role)
{
    return use_takes(w->use, (enum role)role) && (role != ROLE_OUTPUT || w->place == ROLE_OUTPUT);
}

static bool is_written(const struct work *w, int role)
{
    return role_rules[role].output || (role == (int)w->place && operation_takes(w->use->operation, ROLE_OUTPUT));
}

/* ---- Problems -------------------------------------------------------------------------------------------------- */

/* The shape and strides of a buffer; returns the number of bytes from its first element to the end of its last. */
static size_t geometry(const struct problem *p, int role, xent_dtype *dtype, int32_t *ndim, int64_t *shape, int64_t *strides)
{
    const int64_t step = p->arrangement == SPACED_OUT ? 2 : 1;
    *dtype = role == ROLE_CLASSES ? p->class_dtype : role_rules[role].elements == ELEMENTS_INDEX ? XENT_I32 : p->dtype;
    *ndim = extent_shape(role_rules[role].extent, p->rows, p->classes, shape);
    strides[0] = step * (*ndim == 2 && p->arrangement != COLUMNS ? shape[1] : 1);
    strides[1] = step * (p->arrangement == COLUMNS ? p->rows : 1);
    const int64_t numel = *ndim == 2 ? p->rows * shape[1] : shape[0];
    return (size_t)((numel - 1) * step + 1) * xent_dtype_size(*dtype);
}

/* Fills the content of a buffer, gaps included. */
static void fill(const struct problem *p, int role)
{
    int64_t shape[2], strides[2];
    int32_t ndim;
    xent_dtype dtype;
    memset(p->content[role], GUARDED_PATTERN, p->bytes[role]);
    if (role_rules[role].output) return;
    geometry(p, role, &dtype, &ndim, shape, strides);
    xent_tensor *t = tensor_strided(dtype, ndim, shape, strides, p->content[role]);
    for (int64_t i = 0; i < xent_tensor_numel(t); i++)
        tensor_set(t, i, role == ROLE_CLASSES ? (double)((i * 5 + 1) % p->classes) : (double)(1 + i * (7 + role) % 11) / 8);
    xent_tensor_destroy(t);
}

static struct problem open_problem(xent_dtype dtype, enum arrangement arrangement, int64_t rows, int64_t classes)
{
    const xent_dtype class_dtypes[] = { XENT_I8, XENT_U8, XENT_I16, XENT_U16, XENT_I32, XENT_U32, XENT_I64, XENT_U64 };
    struct problem p = { .dtype = dtype, .arrangement = arrangement, .rows = rows, .classes = classes };
    p.class_dtype = class_dtypes[classes <= 128 ? classes % 8 : 2 + classes % 6];
    for (int role = 0; role < ROLES; role++) {
        int64_t shape[2], strides[2];
        int32_t ndim;
        xent_dtype its_dtype;
        p.bytes[role] = geometry(&p, role, &its_dtype, &ndim, shape, strides);
        p.memory[role] = guarded_new(p.bytes[role]);
        p.content[role] = malloc(p.bytes[role]);
        assert_non_null(p.content[role]);
        fill(&p, role);
    }
    return p;
}

static void close_problem(struct problem *p)
{
    for (int role = 0; role < ROLES; role++) {
        free(p->content[role]);
        guarded_free(&p->memory[role]);
    }
}

/* Places every buffer that is used against one unmapped page or the other, outputs against the one that inputs are not, and wraps it. */
static void place(struct problem *p, const struct work *w, int inputs_at_end)
{
    for (int role = 0; role < ROLES; role++) {
        int64_t shape[2], strides[2];
        int32_t ndim;
        xent_dtype dtype;
        p->tensor[role] = NULL;
        if (!has_buffer(w, role)) continue;
        geometry(p, role, &dtype, &ndim, shape, strides);
        const int at_end = role_rules[role].output ? !inputs_at_end : inputs_at_end;
        p->data[role] = (at_end ? guarded_at_end : guarded_at_start)(&p->memory[role], p->bytes[role]);
        memcpy(p->data[role], p->content[role], p->bytes[role]);
        p->tensor[role] = tensor_strided(dtype, ndim, shape, strides, p->data[role]);
    }
}

/* ---- Checks ---------------------------------------------------------------------------------------------------- */

/* Nothing around the buffers was written, no input was, and no gap between the elements of an output. */
static void check_untouched(const struct problem *p, const struct work *w)
{
    for (int role = 0; role < ROLES; role++) {
        if (!has_buffer(w, role)) continue;
        const size_t size = xent_dtype_size(xent_tensor_dtype(p->tensor[role])), bytes = p->bytes[role];
        if (!guarded_intact(&p->memory[role], p->data[role], bytes)) fail_msg("%s: writes around buffer %d", doing, role);
        if (!is_written(w, role) && memcmp(p->data[role], p->content[role], bytes) != 0)
            fail_msg("%s: writes input %d", doing, role);
        for (size_t i = size; p->arrangement == SPACED_OUT && i < bytes; i += 2 * size) {
            const unsigned char *gap = (const unsigned char *)p->data[role] + i;
            for (size_t k = 0; k < size; k++)
                if (gap[k] != GUARDED_PATTERN) fail_msg("%s: writes between the elements of buffer %d", doing, role);
        }
    }
}

/* What the two placements must agree on. */
struct results {
    unsigned char *bytes[ROLES];
    double divisor;
};

static void compare(const struct problem *p, const struct work *w, struct results *first, double divisor, int placement)
{
    if (placement == 0) first->divisor = divisor;
    if (memcmp(&first->divisor, &divisor, sizeof divisor) != 0) fail_msg("%s: another divisor than elsewhere", doing);
    for (int role = 0; role < ROLES; role++) {
        if (!has_buffer(w, role) || !is_written(w, role)) continue;
        if (placement == 0) memcpy(first->bytes[role], p->data[role], p->bytes[role]);
        if (memcmp(first->bytes[role], p->data[role], p->bytes[role]) != 0) fail_msg("%s: other bits than elsewhere", doing);
    }
}

/* One use in both placements. */
static void check_work(struct problem *p, const struct work *w)
{
    struct results first = { { NULL }, 0 };
    char name[USE_NAME_SIZE];
    use_name(w->use, name);
    for (int role = 0; role < ROLES; role++) assert_non_null(first.bytes[role] = malloc(p->bytes[role]));
    for (int placement = 0; placement < 2; placement++) {
        double divisor = 0;
        snprintf(doing, sizeof doing,
                 "%s, output in the place of %d, dtype %d, %d rows of %d classes, arrangement %d, placement %d\n", name,
                 (int)w->place, (int)p->dtype, (int)p->rows, (int)p->classes, (int)p->arrangement, placement);
        place(p, w, placement);
        xent_tensor *const output = p->tensor[ROLE_OUTPUT];
        p->tensor[ROLE_OUTPUT] = p->tensor[w->place];
        expect_ok(use_call(w->use, p->tensor, 1, XENT_REDUCTION_NONE, &divisor));
        p->tensor[ROLE_OUTPUT] = output;
        check_untouched(p, w);
        compare(p, w, &first, divisor, placement);
        for (int role = 0; role < ROLES; role++) xent_tensor_destroy(p->tensor[role]);
    }
    for (int role = 0; role < ROLES; role++) free(first.bytes[role]);
}

static const struct parameters {
    const char *name;
    xent_dtype dtype;
    enum arrangement arrangement;
} parameters[] = {
    { "F32, rows", XENT_F32, ROWS },   { "F32, columns", XENT_F32, COLUMNS },   { "F32, spaced", XENT_F32, SPACED_OUT },
    { "F64, rows", XENT_F64, ROWS },   { "F64, columns", XENT_F64, COLUMNS },   { "F64, spaced", XENT_F64, SPACED_OUT },
    { "F16, rows", XENT_F16, ROWS },   { "F16, columns", XENT_F16, COLUMNS },   { "F16, spaced", XENT_F16, SPACED_OUT },
    { "BF16, rows", XENT_BF16, ROWS }, { "BF16, columns", XENT_BF16, COLUMNS }, { "BF16, spaced", XENT_BF16, SPACED_OUT },
};
enum { PARAMETERS = sizeof parameters / sizeof parameters[0] };

static void check_shape(void **state, int64_t rows, int64_t classes)
{
    const struct parameters *its = *state;
    struct use uses[USES_MAX];
    const int count = uses_of_all(uses);
    struct problem p = open_problem(its->dtype, its->arrangement, rows, classes);
    for (int i = 0; i < count; i++) {
        for (int role = 0; role < ROLES; role++) {
            const struct work w = { &uses[i], (enum role)role };
            if (role == ROLE_OUTPUT || uses[i].operation->in_place & ROLE_BIT(role)) check_work(&p, &w);
        }
    }
    close_problem(&p);
}

static void test_all_operations(void **state)
{
    const struct parameters *its = *state;
    const int64_t thinned = 10 / effort(10), first = (its - parameters) % thinned; /* other counts for other parameters */
    const int64_t step = thinned * (its->arrangement == ROWS ? 1 : 3); /* gathered classes: kernels see no buffer's end */
    guarded_report(doing);
    for (int64_t classes = 1 + first; classes <= 70; classes += thinned) {
        check_shape(state, 1, classes);
        check_shape(state, 17, classes); /* one more than the rows that are taken together */
    }
    for (int64_t classes = 71 + first; classes <= 200; classes += step) check_shape(state, 2, classes);
    for (int64_t classes = 4090 + first; classes <= 4102; classes += step) check_shape(state, 1, classes);
}

int main(void)
{
    struct CMUnitTest tests[PARAMETERS];
    require_backend();
    for (int i = 0; i < PARAMETERS; i++)
        tests[i] =
            (struct CMUnitTest){ parameters[i].name, test_all_operations, NULL, NULL, (void *)(uintptr_t)&parameters[i] };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
