/* Public function: the default options, in a struct of whatever version. */
#include "args/struct.h"

void xent_options_init(xent_options *options, size_t struct_size)
{
    static const xent_options defaults = XENT_OPTIONS_INIT;
    xent_struct_init(options, struct_size, &defaults, sizeof defaults);
}
