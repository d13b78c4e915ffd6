/* The templates that depend on the element type of the arithmetic alone (backend.inc.h). */
#include "merge.inc.h"

#include "tile.inc.h"
