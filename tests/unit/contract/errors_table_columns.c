/* The checks in the contract's order, each for every operand that it is made of and in every variant. */
#include <stdio.h>

#include "errors_table.h"

static const char *const check_names[CHECKS] = {
    "NULL_OUT",
    "NULL_EXTENTS",
    "NULL_TENSOR",
    "NULL_NAME",
    "NULL_CALLBACK",
    "NULL_SHARD",
    "NULL",
    "NULL_OPTIONS",
    "NULL_DIVISOR",
    "NUMBER_RANGE",
    "OPTIONS_SIZE",
    "OPTIONS_TAIL",
    "OPTIONS_REDUCTION",
    "OPTIONS_SMOOTHING",
    "OPTIONS_Z_LOSS",
    "OPTIONS_SCALE",
    "OPTIONS_SOFTCAP",
    "OPTIONS_NORMALIZER",
    "OPTIONS_THREADS",
    "OPTIONS_RESERVED",
    "OPTIONS_IGNORE_INDEX",
    "USED_SMOOTHING",
    "USED_Z_LOSS",
    "USED_SCALE",
    "USED_SOFTCAP",
    "PARTS_RANGE",
    "SHARD_RESERVED",
    "SHARD_DTYPE",
    "SHARD_EXTENTS",
    "SHARDS_DIFFER",
    "SHARDS_COVER",
    "DTYPE_MADE",
    "DTYPE",
    "RANK_MADE",
    "EXTENT_MADE",
    "RANK_ZERO",
    "AXIS_RANGE",
    "KIND_OF_TARGET",
    "SHAPE",
    "NO_CLASSES",
    "PRODUCT_MADE",
    "STRIDES_MADE",
    "STATES_COUNT",
    "STATES_MISALIGNED",
    "DATA_OWNED",
    "DATA_NULL",
    "DATA_MISALIGNED",
    "READ_ONLY",
    "OVER_ITSELF",
    "OVER",
    "IN_PLACE",
    "INPUTS_OVER",
    "STATES_OVER",
    "VALUE_WEIGHT",
    "VALUE_ROW_WEIGHT",
    "VALUE_TARGET",
    "SHARD_TARGET",
    "STATES_CLASS",
    "STATES_TARGET",
    "NAME_UNKNOWN",
    "BACKEND",
    "THREADS",
    "MEMORY",
};
static const char *const role_names[ROLES] = { "input",     "upstream", "classes", "probabilities", "weight", "row_weight",
                                               "grad_loss", "loss",     "output",  "index",         "best",   "row loss",
                                               "lse",       "max",      "argmax",  "entropy",       "rank" };

void column_name(const struct column *c, char name[NAME_SIZE])
{
    (void)snprintf(name, NAME_SIZE, "%s of %s over %s, %d", check_names[c->check], role_names[c->role], role_names[c->other],
                   c->variant);
}

struct list {
    struct column *columns;
    int count;
};

static void add(struct list *l, enum check check, enum role role, enum role other, int variants)
{
    for (int v = 0; v < variants; v++) {
        assert_in_range(l->count, 0, COLUMNS_MAX - 1);
        l->columns[l->count++] = (struct column){ check, role, other, v };
    }
}

static void add_each(struct list *l, enum check first, enum check last)
{
    for (int check = (int)first; check <= (int)last; check++) add(l, (enum check)check, ROLE_INPUT, ROLE_INPUT, 1);
}

static void add_shapes(struct list *l, enum role first, enum role last)
{
    static const int variants[] = {
        [EXTENT_TABLE] = 4, [EXTENT_ROWS] = 4, [EXTENT_REDUCED] = 7, [EXTENT_CLASSES] = 3, [EXTENT_BEST] = 6
    };
    for (int role = (int)first; role <= (int)last; role++)
        add(l, SHAPE, (enum role)role, ROLE_INPUT, variants[role_rules[role].extent]);
}

static void add_outputs(struct list *l)
{
    for (int role = 0; role < ROLES; role++) {
        if (!role_rules[role].output) {
            add(l, READ_ONLY, (enum role)role, ROLE_INPUT, 1);
            for (int other = 0; other < role; other++) add(l, INPUTS_OVER, (enum role)role, (enum role)other, 1);
            continue;
        }
        add(l, READ_ONLY, (enum role)role, ROLE_INPUT, 2);
        add(l, OVER_ITSELF, (enum role)role, ROLE_INPUT, 1);
        for (int other = 0; other < role; other++) add(l, OVER, (enum role)role, (enum role)other, 6);
        for (int other = 0; other < role; other++) add(l, IN_PLACE, (enum role)role, (enum role)other, 2);
    }
}

int columns_of_all(struct column columns[COLUMNS_MAX])
{
    struct list l = { columns, 0 };
    add_each(&l, NULL_OUT, NULL_SHARD);
    for (int role = 0; role < ROLES; role++) add(&l, NULL_OPERAND, (enum role)role, ROLE_INPUT, 1);
    add_each(&l, NULL_OPTIONS, DTYPE_MADE);
    for (int role = 0; role < ROLES; role++)
        add(&l, DTYPE, (enum role)role, ROLE_INPUT, role_rules[role].elements == ELEMENTS_OF_INPUT ? 3 : 2);
    add_each(&l, RANK_MADE, EXTENT_MADE);
    add(&l, RANK_ZERO, ROLE_INPUT, ROLE_INPUT, 4);
    add(&l, AXIS_RANGE, ROLE_INPUT, ROLE_INPUT, 5);
    add_each(&l, KIND_OF_TARGET, KIND_OF_TARGET);
    add_shapes(&l, ROLE_UPSTREAM, ROLE_PROBABILITIES);
    add_each(&l, NO_CLASSES, NO_CLASSES);
    add_shapes(&l, ROLE_WEIGHT, (enum role)(ROLES - 1));
    add_each(&l, PRODUCT_MADE, DATA_MISALIGNED);
    add_outputs(&l);
    add_each(&l, STATES_OVER, STATES_OVER);
    add(&l, VALUE_WEIGHT, ROLE_WEIGHT, ROLE_INPUT, 16);
    add(&l, VALUE_ROW_WEIGHT, ROLE_ROW_WEIGHT, ROLE_INPUT, 16);
    add_each(&l, VALUE_TARGET, MEMORY);
    return l.count;
}

/* What checks that exclude each other have in common; 0: nothing. */
static int exclusion(const struct column *c)
{
    switch (c->check) {
    case OPTIONS_SIZE:
    case OPTIONS_TAIL: return 1;
    case OPTIONS_SMOOTHING:
    case USED_SMOOTHING: return 2;
    case OPTIONS_Z_LOSS:
    case USED_Z_LOSS: return 3;
    case OPTIONS_SCALE:
    case USED_SCALE: return 4;
    case OPTIONS_SOFTCAP:
    case USED_SOFTCAP: return 5;
    case KIND_OF_TARGET: return 6;
    case SHAPE: return c->role == ROLE_CLASSES || c->role == ROLE_PROBABILITIES ? 6 : 0;
    case NULL_TENSOR:
    case DATA_OWNED: return 7;
    case DATA_NULL:
    case DATA_MISALIGNED: return 8;
    case OVER: return 9 + (int)c->other;
    default: return 0;
    }
}

/* What is put over an output that is no larger than two elements is put over whatever else is: that is another output's check. */
static bool meet_over_rows(const struct column *a, const struct column *b)
{
    return a->check == OVER && b->check == OVER && a->role == b->role && role_rules[a->role].extent == EXTENT_ROWS;
}

bool columns_exclude(const struct column *a, const struct column *b)
{
    if (meet_over_rows(a, b)) return true;
    return exclusion(a) != 0 && exclusion(a) == exclusion(b);
}
