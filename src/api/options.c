/* Public function: the default options, in a struct of whatever version. */
#include <string.h>

#include "args/options.h"

void xent_options_init(xent_options *options, size_t struct_size)
{
    static const xent_options defaults = XENT_OPTIONS_INIT;
    if (options == NULL || struct_size < sizeof defaults) return;
    memset(options, 0, struct_size < XENT_OPTIONS_MAX_SIZE ? struct_size : XENT_OPTIONS_MAX_SIZE);
    memcpy(options, &defaults, sizeof defaults);
    options->struct_size = struct_size;
}
