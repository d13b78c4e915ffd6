#include "kernels/avx2.h"
#include "primitives.inc.h"

const struct primitive primitives_avx2[] = PRIMITIVES_TABLE;
