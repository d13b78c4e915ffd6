#include "kernels/avx512.h"
#include "primitives.inc.h"

const struct primitive primitives_avx512[] = PRIMITIVES_TABLE;
