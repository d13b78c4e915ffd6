#include "shapes.h"

const char *const operation_names[OPERATIONS] = { "softmax",
                                                  "log_softmax",
                                                  "logsumexp",
                                                  "log",
                                                  "nll_loss",
                                                  "nll_loss, probabilities",
                                                  "cross_entropy",
                                                  "cross_entropy, probabilities",
                                                  "cross_entropy_grad",
                                                  "cross_entropy_grad, probabilities",
                                                  "cross_entropy_grad, options",
                                                  "softmax_backward",
                                                  "log_softmax_backward",
                                                  "nll_loss_backward",
                                                  "nll_loss_backward, probabilities",
                                                  "mean_divisor" };

static xent_status operate_on_loss(enum operation operation, const struct operands *o, xent_options *options)
{
    double divisor = 0;
    xent_status status;
    switch (operation) {
    case NLL_LOSS: return xent_nll_loss(o->z, o->y, options, o->loss);
    case NLL_LOSS_OF_PROBABILITIES: return xent_nll_loss(o->z, o->t, options, o->loss);
    case CROSS_ENTROPY: return xent_cross_entropy(o->z, o->y, options, o->loss);
    case CROSS_ENTROPY_OF_PROBABILITIES: return xent_cross_entropy(o->z, o->t, options, o->loss);
    case GRADIENT: return xent_cross_entropy_grad(o->z, o->y, options, o->grad_loss, o->loss, o->out);
    case GRADIENT_OF_PROBABILITIES: return xent_cross_entropy_grad(o->z, o->t, options, o->grad_loss, o->loss, o->out);
    case NLL_LOSS_BACKWARD: return xent_nll_loss_backward(o->z, o->y, options, o->grad_loss, o->out);
    case NLL_LOSS_BACKWARD_OF_PROBABILITIES: return xent_nll_loss_backward(o->z, o->t, options, o->grad_loss, o->out);
    case GRADIENT_WITH_OPTIONS:
        options->label_smoothing = 0.25;
        options->z_loss = 0.5;
        options->logit_scale = 0.75;
        options->softcap = 2;
        return xent_cross_entropy_grad(o->z, o->y, options, o->grad_loss, o->loss, o->out);
    default:
        status = xent_mean_divisor(o->y, options, &divisor);
        if (status == XENT_OK && xent_tensor_numel(o->loss) > 0) tensor_set(o->loss, 0, divisor);
        return status;
    }
}

xent_status operate(enum operation operation, const struct operands *o, int32_t axis)
{
    xent_options options = XENT_OPTIONS_INIT;
    options.reduction = XENT_REDUCTION_NONE;
    options.axis = axis;
    options.class_weight = o->weight;
    switch (operation) {
    case SOFTMAX: return xent_softmax(o->z, axis, o->out);
    case LOG_SOFTMAX: return xent_log_softmax(o->z, axis, o->out);
    case LOGSUMEXP: return xent_logsumexp(o->z, axis, o->loss);
    case LOG: return xent_log(o->z, o->out);
    case SOFTMAX_BACKWARD: return xent_softmax_backward(o->z, o->upstream, axis, o->out);
    case LOG_SOFTMAX_BACKWARD: return xent_log_softmax_backward(o->z, o->upstream, axis, o->out);
    default: return operate_on_loss(operation, o, &options);
    }
}

int writes_out(enum operation operation)
{
    return operation != LOGSUMEXP && operation != MEAN_DIVISOR && (operation <= LOG || operation >= GRADIENT);
}

int writes_loss(enum operation operation)
{
    return operation == LOGSUMEXP || operation == MEAN_DIVISOR || (operation >= NLL_LOSS && operation <= GRADIENT_WITH_OPTIONS);
}

double value_of_z(int64_t i) { return (double)(i * 7 % 29) / 8 - 1; }

double value_of_upstream(int64_t i) { return (double)(i * 5 % 31) / 8 - 2; }

double value_of_t(int64_t i) { return (double)(i * 3 % 11) / 16; }

/* Some rows are ignored. */
double value_of_y(int64_t row, int64_t classes) { return row % 5 == 4 ? -100 : (double)(row * 3 % classes); }

double value_of_grad_loss(int64_t row) { return (double)(row % 7) / 4 - 0.5; }

double value_of_weight(int64_t c) { return (double)(c % 5) / 4 + 0.5; }
