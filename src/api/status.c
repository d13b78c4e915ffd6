/* Public functions that name things: statuses, the last failure, versions. */
#include "args/errors.h"
#include "kernels/numerics.h"
#include "xent.h"

const char *xent_status_name(xent_status s)
{
    switch (s) {
    case XENT_OK: return "XENT_OK";
    case XENT_ERROR_INVALID_ARGUMENT: return "XENT_ERROR_INVALID_ARGUMENT";
    case XENT_ERROR_SHAPE: return "XENT_ERROR_SHAPE";
    case XENT_ERROR_DTYPE: return "XENT_ERROR_DTYPE";
    case XENT_ERROR_TARGET: return "XENT_ERROR_TARGET";
    case XENT_ERROR_OVERLAP: return "XENT_ERROR_OVERLAP";
    case XENT_ERROR_OVERFLOW: return "XENT_ERROR_OVERFLOW";
    case XENT_ERROR_NO_MEMORY: return "XENT_ERROR_NO_MEMORY";
    case XENT_ERROR_UNSUPPORTED: return "XENT_ERROR_UNSUPPORTED";
    case XENT_ERROR_COMMUNICATION: return "XENT_ERROR_COMMUNICATION";
    case XENT_STATUS_FORCE_INT: break;
    }
    return "unknown";
}

const char *xent_error_message(void) { return xent_last_message(); }

void xent_set_error_message(const char *message) { xent_set_last_message(message != NULL ? message : ""); }

const char *xent_version(void) { return XENT_VERSION_STRING; }

int32_t xent_version_number(void) { return XENT_VERSION_NUMBER; }

int32_t xent_numerics_version(void) { return XENT_NUMERICS_VERSION; }
