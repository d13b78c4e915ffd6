/* The templates for one element type, whose parameters are defined by the includer (backend.inc.h) and end here. */
#include "reduce.inc.h"

#include "weigh.inc.h"

#include "entries.inc.h"

#undef REAL
#undef VEC
#undef V
#undef F
#undef WIDTH
#undef SWEEP
#undef BLOCK_GROUPS
#undef LOG2E
#undef LARGE
#undef COMPENSATED
#undef TINY
#undef FACTOR_MAX
#undef COEF_MAX
