/* Reading the struct that the caller's version of the header has, and the range of every field. */
#include "args/options.h"

#include <math.h>

#include "args/struct.h"

xent_status xent_options_refuse(const char *field, double value, const char *expected)
{
    char text[XENT_NUMBER_TEXT];
    return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "options->%s is %s, expected %s", field, xent_number_text(value, text),
                     expected);
}

static int scales(double value) { return value >= 1e-30 && value <= 1e30; }

static xent_status check_fields(const xent_options *o)
{
    if (o->reduction != XENT_REDUCTION_MEAN && o->reduction != XENT_REDUCTION_SUM && o->reduction != XENT_REDUCTION_NONE)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "options->reduction is %d, expected 0 (MEAN), 1 (SUM) or 2 (NONE)",
                         (int)o->reduction);
    if (!(o->label_smoothing >= 0 && o->label_smoothing <= 1))
        return xent_options_refuse("label_smoothing", o->label_smoothing, "a number in [0, 1]");
    if (!(o->z_loss >= 0 && o->z_loss < (double)INFINITY))
        return xent_options_refuse("z_loss", o->z_loss, "a finite number >= 0");
    if (!scales(o->logit_scale)) return xent_options_refuse("logit_scale", o->logit_scale, "a number in [1e-30, 1e30]");
    if (!(o->softcap == 0 || scales(o->softcap)))
        return xent_options_refuse("softcap", o->softcap, "0 (off) or a number in [1e-30, 1e30]");
    if (!(o->normalizer >= 0 && o->normalizer < (double)INFINITY))
        return xent_options_refuse("normalizer", o->normalizer, "0 (automatic) or a finite number > 0");
    if (o->num_threads < 0 || o->num_threads > XENT_MAX_THREADS)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "options->num_threads is %d, expected 0 (as set for the process) to %d",
                         (int)o->num_threads, XENT_MAX_THREADS);
    if (o->reserved != 0)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "options->reserved is %d, expected 0", (int)o->reserved);
    return XENT_OK;
}

xent_status xent_options_read(const xent_options *given, xent_options *options)
{
    static const struct xent_struct_words words = { "options", "xent_options", "field" };
    static const xent_options defaults = XENT_OPTIONS_INIT;
    xent_status status;
    if (given == NULL) {
        *options = defaults;
        return XENT_OK;
    }
    status = xent_struct_read(&words, given, sizeof *options, options);
    return status != XENT_OK ? status : check_fields(options);
}

xent_status xent_options_plain(const xent_options *options)
{
    const struct {
        const char *field;
        double value, plain;
    } fields[] = {
        { "label_smoothing", options->label_smoothing, 0 },
        { "z_loss", options->z_loss, 0 },
        { "logit_scale", options->logit_scale, 1 },
        { "softcap", options->softcap, 0 },
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].value != fields[i].plain)
            return xent_options_refuse(fields[i].field, fields[i].value,
                                       fields[i].plain == 0 ? "0: it has no meaning for log-probabilities"
                                                            : "1: it has no meaning for log-probabilities");
    return XENT_OK;
}
