#include "kernels/neon.h"
#include "primitives.inc.h"

const struct primitive primitives_neon[] = PRIMITIVES_TABLE;
