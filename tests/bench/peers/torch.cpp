/* PyTorch's C++ interface as a child process of bench (child.h): what its Python functions of the same names call, written as a
   user of PyTorch would write it, and autograd for the gradients of losses. */
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>

#include "problem.h"

namespace
{
using Words = std::map<std::string, std::string>;

struct State {
    at::Tensor logits, target, probabilities, upstream, result;
    std::optional<at::Tensor> class_weight;
    at::Tensor row_weight;
    std::string operation;
    double label_smoothing, softcap, logit_scale, z_loss;
    bool autograd; /* the result is the gradient of a loss */
};

at::Tensor cross_entropy(const State &s)
{
    at::Tensor z = s.logits;
    if (s.logit_scale != 1) z = z * s.logit_scale;
    if (s.softcap > 0) z = s.softcap * at::tanh(z / s.softcap);
    const at::Tensor &target = s.probabilities.defined() ? s.probabilities : s.target;
    if (s.row_weight.defined()) {
        const auto each = at::cross_entropy_loss(z, target, s.class_weight, at::Reduction::None, -100, s.label_smoothing);
        return (each * s.row_weight).sum() / s.row_weight.sum();
    }
    const auto loss = at::cross_entropy_loss(z, target, s.class_weight, at::Reduction::Mean, -100, s.label_smoothing);
    return s.z_loss > 0 ? loss + s.z_loss * at::logsumexp(z, { 1 }).square().mean() : loss;
}

/* A call for each statistic; the entropy is the last, since it is what is compared. */
at::Tensor row_stats(const State &s)
{
    const auto loss = at::cross_entropy_loss(s.logits, s.target, {}, at::Reduction::None);
    const auto lse = at::logsumexp(s.logits, { 1 });
    const auto most = at::amax(s.logits, { 1 });
    const auto best = at::argmax(s.logits, 1);
    const auto rank = (s.logits > s.logits.gather(1, s.target.unsqueeze(1))).sum(1);
    const auto p = at::softmax(s.logits, 1);
    return -at::xlogy(p, p).sum(1);
}

at::Tensor compute(const State &s)
{
    if (s.operation == "cross_entropy") return cross_entropy(s);
    if (s.operation == "nll_loss") return at::nll_loss_nd(s.logits, s.target);
    if (s.operation == "kl_div") {
        const auto q = at::log_softmax(s.logits, 1), p = at::log_softmax(s.upstream, 1);
        return at::kl_div(q, p, at::Reduction::Sum, true) / (s.logits.numel() / s.logits.size(1)); /* batchmean, of rows */
    }
    if (s.operation == "softmax") return at::softmax(s.logits, 1);
    if (s.operation == "log_softmax") return at::log_softmax(s.logits, 1);
    if (s.operation == "logsumexp") return at::logsumexp(s.logits, { 1 });
    if (s.operation == "log") return at::log(s.logits);
    if (s.operation == "row_stats") return row_stats(s);
    if (s.operation == "top_k") {
        const auto best = at::topk(s.logits, bench_best(s.logits.size(1)), 1);
        return std::get<0>(best) - at::logsumexp(s.logits, { 1 }, true);
    }
    const auto type = s.logits.scalar_type();
    if (s.operation == "softmax_backward") return at::_softmax_backward_data(s.upstream, s.logits, 1, type);
    return at::_log_softmax_backward_data(s.upstream, s.logits, 1, type);
}

/* The result of the call before goes first: a training loop has no use for it any more either. */
void call(void *argument, int)
{
    State &s = *static_cast<State *>(argument);
    s.result = at::Tensor();
    if (!s.autograd) {
        c10::InferenceMode no_autograd;
        s.result = compute(s);
        return;
    }
    compute(s).backward();
    s.result = s.logits.grad();
    s.logits.mutable_grad() = at::Tensor(); /* as zero_grad() does, or the next gradient would be added to it */
}

double value(const State &s)
{
    const auto flat = s.result.flatten();
    return flat.narrow(0, 0, std::min<int64_t>(flat.numel(), BENCH_VALUE_ELEMENTS)).to(at::kDouble).abs().sum().item().toDouble();
}

at::Tensor wrap(const Words &words, const char *name, char *arena, at::ScalarType type, const std::vector<int64_t> &shape)
{
    const long long place = std::stoll(words.at(name));
    return place < 0 ? at::Tensor() : at::from_blob(arena + place, shape, at::TensorOptions().dtype(type));
}

/* false: PyTorch has no kernel for this dtype. */
bool prepare(const Words &words, char *arena, State &s, bench_problem &problem)
{
    const auto number = [&](const char *name) { return std::stod(words.at(name)); };
    const std::map<std::string, at::ScalarType> types = {
        { "f32", at::kFloat }, { "f64", at::kDouble }, { "f16", at::kHalf }, { "bf16", at::kBFloat16 }
    };
    const auto type = types.at(words.at("dtype"));
    const int64_t n = std::stoll(words.at("n")), classes = std::stoll(words.at("classes")), inner = std::stoll(words.at("inner"));
    std::vector<int64_t> shape = { n, classes }, batch = { n };
    if (inner > 1) shape.push_back(inner), batch.push_back(inner);
    const bool array = words.at("pass") == "array";
    at::set_num_threads(std::stoi(words.at("threads")));
    s = State();
    s.operation = words.at("operation");
    s.label_smoothing = number("label_smoothing"), s.softcap = number("softcap");
    s.logit_scale = number("logit_scale"), s.z_loss = number("z_loss");
    s.logits = wrap(words, "logits", arena, type, shape);
    s.target = wrap(words, "target", arena, at::kLong, batch);
    s.probabilities = wrap(words, "probabilities", arena, type, shape);
    s.upstream = wrap(words, "upstream", arena, type, shape);
    s.row_weight = wrap(words, "row_weight", arena, type, batch);
    const auto class_weight = wrap(words, "class_weight", arena, type, { classes });
    if (class_weight.defined()) s.class_weight = class_weight;
    s.autograd = array && (s.operation == "cross_entropy" || s.operation == "nll_loss" || s.operation == "kl_div");
    s.logits.set_requires_grad(s.autograd);
    problem.pass = array ? BENCH_OUT_OF_PLACE : BENCH_FORWARD;
    try {
        call(&s, 0);
    } catch (const c10::Error &) {
        s = State();
        return false;
    }
    return true;
}

Words words_of(std::istringstream &line)
{
    Words words;
    for (std::string word; line >> word;) words[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
    return words;
}
} // namespace

int main(int argc, char **argv)
{
    if (argc != 3) return 2;
    const std::size_t bytes = std::strtoull(argv[2], nullptr, 10);
    char *arena = static_cast<char *>(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, std::atoi(argv[1]), 0));
    if (arena == MAP_FAILED) return 1;
    State state;
    bench_problem problem = {};
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    std::puts("ready");
    for (std::string text; std::getline(std::cin, text);) {
        std::istringstream line(text);
        std::string question;
        line >> question;
        if (question == "time") {
            long calls = 0;
            line >> calls;
            const double seconds = bench_time(&problem, call, &state, calls);
            std::printf("%.9g %.9g\n", seconds, value(state));
        } else if (question == "release") {
            state = State();
            std::puts("ok");
        } else {
            std::puts(prepare(words_of(line), arena, state, problem) ? "ok" : "no");
        }
    }
}
