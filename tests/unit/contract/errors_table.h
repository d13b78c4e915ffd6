/* The table of public functions and checks: what a call is made of, how each check is provoked, what each function answers. Operations
   are those of support/operations: what they answer follows from what they take (errors_table_operations.c). The other functions have
   rows that are written out (errors_table_functions.c). errors_table.c walks through it all. */
#ifndef XENT_TESTS_ERRORS_TABLE_H
#define XENT_TESTS_ERRORS_TABLE_H

#include "support/operations.h"
#include "support/tensors.h"

/* ---- The checks -------------------------------------------------------------------------------------------------------- */

/* In the contract's order: NULL arguments; options; element types; ranks, axis and shapes; size overflow (then a tensor's data);
   outputs and overlap; values; backend; memory. */
enum check {
    NULL_OUT,
    NULL_EXTENTS,
    NULL_TENSOR,
    NULL_NAME,
    NULL_CALLBACK,
    NULL_SHARD,
    NULL_OPERAND, /* for each role */
    NULL_OPTIONS,
    NULL_DIVISOR,

    NUMBER_RANGE,
    OPTIONS_SIZE,
    OPTIONS_TAIL,
    OPTIONS_REDUCTION,
    OPTIONS_SMOOTHING,
    OPTIONS_Z_LOSS,
    OPTIONS_SCALE,
    OPTIONS_SOFTCAP,
    OPTIONS_NORMALIZER,
    OPTIONS_THREADS,
    OPTIONS_RESERVED,
    OPTIONS_IGNORE_INDEX,
    USED_SMOOTHING, /* a value in range */
    USED_Z_LOSS,
    USED_SCALE,
    USED_SOFTCAP,
    PARTS_RANGE,
    SHARD_RESERVED,
    SHARD_DTYPE,
    SHARD_EXTENTS,
    SHARDS_DIFFER,
    SHARDS_COVER,

    DTYPE_MADE,
    DTYPE, /* for each role */

    RANK_MADE,
    EXTENT_MADE,
    RANK_ZERO,
    AXIS_RANGE,
    KIND_OF_TARGET, /* class indices in the shape of probabilities, or the other way round */
    SHAPE,          /* for each role; those behind the targets come after NO_CLASSES */
    NO_CLASSES,

    PRODUCT_MADE,
    STRIDES_MADE,
    STATES_COUNT,
    STATES_MISALIGNED,
    DATA_OWNED,
    DATA_NULL,
    DATA_MISALIGNED,

    READ_ONLY,   /* for each output, and for inputs, which may be */
    OVER_ITSELF, /* for each output */
    OVER,        /* an output over an input, or over an output before it */
    IN_PLACE,    /* for each role; in its place where that is allowed */
    INPUTS_OVER, /* two inputs */
    STATES_OVER, /* an output and states */

    VALUE_WEIGHT,
    VALUE_ROW_WEIGHT,
    VALUE_TARGET,
    SHARD_TARGET,
    STATES_CLASS,
    STATES_TARGET,

    NAME_UNKNOWN,
    BACKEND,
    THREADS,

    MEMORY,
    CHECKS
};

/* ---- A call ------------------------------------------------------------------------------------------------------------ */

/* What functions take besides operands. */
enum thing {
    OPTIONS,
    DIVISOR,
    OUT, /* where a new tensor's handle goes */
    EXTENTS,
    STRIDES,
    DATA,
    TENSOR, /* to be pointed elsewhere */
    NAME,
    NUMBER,
    CALLBACK,
    SHARDS,
    THINGS
};
#define TAKES(thing) (1U << (thing))

/* A tensor to be made, in the memory of its role or of another one. */
struct operand {
    xent_dtype dtype;
    int32_t ndim;
    int64_t shape[XENT_MAX_NDIM + 1], strides[XENT_MAX_NDIM + 1];
    bool read_only;
    enum role over;
    ptrdiff_t past_over; /* bytes from where that one begins */
};

enum { ROWS = 2, CLASSES = 3000, OPTIONS_SIZE_MAX = 4096, BAD_WEIGHT = 7 };

/* What must be so in the environment at first use: XENT_BACKEND and XENT_NUM_THREADS that cannot be honoured. */
enum { BAD_BACKEND = 1, BAD_THREADS = 2, ENVIRONMENTS = 4 };

struct scene {
    unsigned absent_roles, absent; /* what is NULL; bits of roles, of things */
    unsigned environment;          /* what the scene needs of it */
    struct operand operands[ROLES], made;
    union {
        xent_options options;
        unsigned char bytes[OPTIONS_SIZE_MAX];
    } given;
    int32_t axis, number;
    const char *name;
    double weight;     /* of class BAD_WEIGHT */
    double row_weight; /* of row 1 */
    bool bad_target, misaligned, owner, no_memory;
    bool shard_fault[CHECKS]; /* what is wrong of the functions of shards alone */
    /* built from it */
    xent_tensor *tensors[ROLES], *handle;
    double divisor;
};

enum { NAME_SIZE = 48, TEXT_SIZE = 192 };

/* A row. Of an operation with a target there are two, for class indices and for probabilities. */
struct function {
    char name[NAME_SIZE];
    const struct operation *operation; /* NULL: the rest says what it is */
    bool probabilities;
    xent_status (*call)(struct scene *s);
    unsigned takes;           /* bits by TAKES */
    const struct cell *cells; /* by check */
};

bool function_takes(const struct function *f, enum role role);

/* A call of f in which nothing is wrong. */
void scene_begin(struct scene *s, const struct function *f);

/* Where an output of the role lies unless it has been put elsewhere: memory that nothing may change in a call that fails. */
void *scene_memory(enum role role);

/* Makes the tensors and calls. *changed names what the call has changed; NULL if nothing: not one byte of all memory that the
   tensors lie in, not the divisor, not what a setter sets; a maker's handle is to be NULL after failure. */
xent_status scene_call(struct scene *s, const struct function *f, const char **changed);

/* ---- Provoking -------------------------------------------------------------------------------------------------------- */

/* One way to fail a check. */
struct column {
    enum check check;
    enum role role, other; /* whose check it is; what it is over */
    int variant;           /* pairs of checks are made of variants 0 */
};
enum { COLUMNS_MAX = 1600 };

/* All of them, in the order in which a function looks at them; returns how many there are. */
int columns_of_all(struct column columns[COLUMNS_MAX]);

void column_name(const struct column *c, char name[NAME_SIZE]);
void column_provoke(const struct column *c, struct scene *s);

/* Whether the two cannot be provoked at once. */
bool columns_exclude(const struct column *a, const struct column *b);

/* ---- The table --------------------------------------------------------------------------------------------------------- */

struct cell {
    enum {
        MISSING,
        REPORTED, /* this status and message; in the text # stands for sizeof(xent_options), * for anything */
        ALLOWED,  /* provoked all the same, the call succeeds; the text says why */
        NEVER     /* cannot be provoked; the text says why */
    } kind;
    xent_status status;
    char text[TEXT_SIZE];
};

/* Cells that are written out. */
#define SAYS(status_, text_)                                                                                                   \
    {                                                                                                                          \
        REPORTED, XENT_ERROR_##status_, text_                                                                                  \
    }
#define ALLOWS(why)                                                                                                            \
    {                                                                                                                          \
        ALLOWED, XENT_OK, why                                                                                                  \
    }
#define CANNOT(why)                                                                                                            \
    {                                                                                                                          \
        NEVER, XENT_OK, why                                                                                                    \
    }

enum { FUNCTIONS_MAX = 2 * OPS + 24 };

/* All rows; the setters come last, since they repair what is wrong with the environment. Returns how many there are. */
int functions_of_all(struct function functions[FUNCTIONS_MAX]);

/* What f answers to this scene, in which nothing but the check has been provoked, or later ones too. */
struct cell cell_of(const struct function *f, const struct column *c, const struct scene *s);
struct cell cell_of_operation(const struct function *f, const struct column *c, const struct scene *s);

/* The functions of rows in parts (errors_table_shards.c), and what is provoked of them alone. */
enum { SHARD_FUNCTIONS = 7 };
extern const struct function shard_functions[SHARD_FUNCTIONS];
bool is_of_shards(enum check check);

#endif
