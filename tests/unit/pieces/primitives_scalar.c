#include "kernels/scalar.h"
#include "primitives.inc.h"

const struct primitive primitives_scalar[] = PRIMITIVES_TABLE;
