/* What eval and kl share. */
#include "commands.h"

#include "fail.h"

xent_options options_of(const struct arguments *arguments)
{
    xent_options options = XENT_OPTIONS_INIT;
    options.reduction = XENT_REDUCTION_NONE;
    options.axis = -1; /* of a block */
    options.ignore_index = arguments->ignore_index;
    options.logit_scale = arguments->scale;
    options.softcap = arguments->softcap;
    return options;
}

int64_t sequence_length(const struct source *source)
{
    return source->batch_ndim > 0 ? source->batch_shape[source->batch_ndim - 1] : 1;
}

void check_sequences(const struct arguments *arguments, const struct source *source)
{
    if (arguments->by_sequence && source->batch_ndim < 2)
        fail("%s: has rows of the shape %s, and --by-sequence is for (sequences, positions)", source->contents.path,
             shape_text(source->batch_ndim, source->batch_shape).text);
}

void report_base(struct report *report, const struct source *source)
{
    if (source_is_base(source))
        report_other(report, "lossy_base", "note", json_true(),
                     "the base file has log-probabilities in 16 bits, down to 16 nats below the top");
}
