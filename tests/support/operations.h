#ifndef XENT_TESTS_OPERATIONS_H
#define XENT_TESTS_OPERATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xent.h>

/* Every operation of the library as data: what it takes, what it writes, how it is called. All tests that try every operation read this
   table, so that an operation is in each of them as soon as it is here. Needs libc and libxent, nothing else. */

/* The operations. What is new comes last: tests/golden/bits.txt has them in this order. */
enum op {
    OP_SOFTMAX,
    OP_LOG_SOFTMAX,
    OP_LOGSUMEXP,
    OP_LOG,
    OP_NLL_LOSS,
    OP_CROSS_ENTROPY,
    OP_CROSS_ENTROPY_GRAD,
    OP_MEAN_DIVISOR,
    OP_SOFTMAX_BACKWARD,
    OP_LOG_SOFTMAX_BACKWARD,
    OP_NLL_LOSS_BACKWARD,
    OP_TOP_K,
    OP_KL_DIV,
    OP_KL_DIV_GRAD,
    OP_ROW_STATS,
    OPS
};

/* ---- Operands ------------------------------------------------------------------------------------------------------------ */

/* What a tensor is to an operation, whatever the header calls it there; in the order in which the library checks them. */
enum role {
    ROLE_INPUT,         /* z, x, p, logp, logits; logits_p */
    ROLE_UPSTREAM,      /* grad_p, grad_logp of the backward functions; logits_q */
    ROLE_CLASSES,       /* a target of class indices */
    ROLE_PROBABILITIES, /* a target of probabilities */
    ROLE_WEIGHT,        /* of the classes, in the options */
    ROLE_ROW_WEIGHT,    /* in the options too */
    ROLE_GRAD_LOSS,
    ROLE_LOSS,   /* a result for each row, or one for all of them */
    ROLE_OUTPUT, /* a result for each logit */
    ROLE_INDEX,  /* the indices of the best classes */
    ROLE_BEST,   /* a result for each of them */
    /* statistics of each row */
    ROLE_ROW_LOSS,
    ROLE_LSE,
    ROLE_MAX,
    ROLE_ARGMAX,
    ROLE_ENTROPY,
    ROLE_RANK,
    ROLES
};
#define ROLE_BIT(role) (1U << (role))

/* The shape of an operand. */
enum extent {
    EXTENT_TABLE,   /* that of the logits */
    EXTENT_ROWS,    /* the batch shape */
    EXTENT_REDUCED, /* the batch shape with the reduction NONE, else one element */
    EXTENT_CLASSES, /* one for each class */
    EXTENT_BEST     /* that of the logits with a few classes, best_of() */
};

/* How many classes are asked for where there are so many and a test does not say: three at most. */
int64_t best_of(int64_t classes);

/* Whether such an operand has the class axis. */
bool extent_has_axis(enum extent extent);

/* The extents of an operand of a batch of rank 1; returns its rank. */
int32_t extent_shape(enum extent extent, int64_t rows, int64_t classes, int64_t shape[2]);

/* The element types that an operand may have. */
enum elements {
    ELEMENTS_INTEGER,
    ELEMENTS_FLOATING,
    ELEMENTS_OF_INPUT /* the input's dtype */,
    ELEMENTS_INDEX /* I64 or I32 */
};

/* What holds for a role in every operation, unless that says otherwise. */
struct role_rule {
    enum extent extent;
    enum elements elements;
    bool output;
};
extern const struct role_rule role_rules[ROLES];

/* Whether elements of the role are integers. */
bool role_is_integer(enum role role);

/* ---- Operations ---------------------------------------------------------------------------------------------------------- */

/* What the elements of an input mean, so that tests can give sensible ones. */
enum content { CONTENT_LOGITS, CONTENT_POSITIVE, CONTENT_PROBABILITIES, CONTENT_LOG_PROBABILITIES };

/* Which options a function takes: none; those of a batch (the others have to be at their defaults); scale and softcap too; label smoothing
   and z-loss as well. */
enum option_use { OPTIONS_NONE, OPTIONS_OF_BATCH, OPTIONS_OF_LOGITS, OPTIONS_ALL };

/* What a call allocates where the classes are strided and more than the stack has room for: nothing; a chunk of elements that are not
   of 16 bits; more than a chunk. */
enum working_memory { MEMORY_NONE, MEMORY_CHUNK, MEMORY_MORE };

/* One call's arguments. A tensor is NULL where it is not given; of the two kinds of target at most one is. */
struct arguments {
    xent_tensor *tensor[ROLES];
    const xent_options *options; /* with the class axis, and with the weights */
    int32_t axis;                /* where it is an argument of its own */
    double *divisor;
};

/* The statistics whose members these are. */
xent_stats stats_of(xent_tensor *const tensor[ROLES], size_t struct_size);

struct operation {
    const char *name; /* without xent_ */
    xent_status (*call)(const struct arguments *a);
    const char *operand[ROLES]; /* what the header calls it; NULL: the operation takes none */
    unsigned optional;          /* bits of the roles that may be NULL */
    unsigned in_place;          /* bits of the roles in whose place the output may be */
    bool pair;                  /* has two tables of logits, of any dtypes; an output is of the second one's */
    bool converts;              /* the output may be of any floating dtype; in place of the input's alone */
    bool axis;                  /* has a class axis, as an argument or in the options */
    bool divisor;               /* its result is a number, not a tensor */
    enum option_use options;
    enum content input;
    enum working_memory memory[2]; /* without a target or for class indices; for probabilities */
};
extern const struct operation operations[OPS];

bool operation_takes(const struct operation *o, enum role role);
bool operation_takes_target(const struct operation *o);
int operation_kinds_of_target(const struct operation *o); /* class indices, or probabilities too; 1 where there is none */
enum extent operation_extent(const struct operation *o, enum role role);
enum elements operation_elements(const struct operation *o, enum role role);

/* How many operands may be the output's memory too. */
int operation_places(const struct operation *o);

/* ---- Uses ---------------------------------------------------------------------------------------------------------------- */

/* A way to use an operation: with which kind of target, and with which options. Row weights come without those, so that what is
   chosen for rows without them is tried too. */
struct use {
    const struct operation *operation;
    bool probabilities;
    bool all_options; /* label smoothing, z-loss, a scale and a softcap at once */
    bool row_weights;
};
enum { USES_MAX = 6 * OPS };

/* Writes every use of every operation; returns how many there are. */
int uses_of_all(struct use uses[USES_MAX]);

/* "cross_entropy, probabilities, all options" */
enum { USE_NAME_SIZE = 64 };
void use_name(const struct use *u, char name[USE_NAME_SIZE]);

/* Whether this use takes an operand of the role. */
bool use_takes(const struct use *u, enum role role);

enum working_memory use_memory(const struct use *u);

/* Calls with those of the tensors that the use takes. divisor may be NULL where the operation gives none. */
xent_status use_call(const struct use *u, xent_tensor *const tensors[ROLES], int32_t axis, xent_reduction reduction,
                     double *divisor);

#endif
