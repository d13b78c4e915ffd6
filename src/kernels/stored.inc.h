/* The templates over the elements as they are stored (backend.inc.h), whose parameters end here. */
#include "groups.inc.h"

#include "reduce.inc.h"

#include "weigh.inc.h"

#include "entries.inc.h"

#include "prepare.inc.h"

#include "elements.inc.h"

#include "tile_move.inc.h"

#undef STORED
#undef S
#undef LOAD
#undef STORE
#undef STORE_NUMBER
#undef GET
#undef LOAD_F64
#undef MINUS_INFINITY
#undef PAIRED
#undef LOAD_PAIR
