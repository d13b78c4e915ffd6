/* PyTorch's C++ interface as a child process of bench (child.h): cross_entropy_loss, and autograd for the gradient. */
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "problem.h"

namespace
{
struct State {
    at::Tensor logits, target, loss;
    bool gradient;
};

void call(void *argument, int)
{
    State &state = *static_cast<State *>(argument);
    if (!state.gradient) {
        c10::InferenceMode no_autograd;
        state.loss = at::cross_entropy_loss(state.logits, state.target);
        return;
    }
    state.loss = at::cross_entropy_loss(state.logits, state.target);
    state.loss.backward();
    state.logits.mutable_grad() = at::Tensor(); /* as zero_grad() does, or the next gradient would be added to it */
}

/* false: unknown words. */
bool prepare(const char *line, char *arena, State &state, bench_problem &problem)
{
    long long n, classes, inner, logits, gradient, target;
    int threads;
    char dtype[8], pass[16];
    if (std::sscanf(line, "prepare %lld %lld %lld %7s %15s %d %lld %lld %lld", &n, &classes, &inner, dtype, pass, &threads,
                    &logits, &gradient, &target) != 9)
        return false;
    const auto type = std::strcmp(dtype, "f32") == 0   ? at::kFloat
                      : std::strcmp(dtype, "f64") == 0 ? at::kDouble
                      : std::strcmp(dtype, "f16") == 0 ? at::kHalf
                                                       : at::kBFloat16;
    at::set_num_threads(threads);
    std::vector<int64_t> shape = { n, classes }, batch = { n };
    if (inner > 1) shape.push_back(inner), batch.push_back(inner);
    state.gradient = std::strcmp(pass, "gradient") == 0;
    state.logits = at::from_blob(arena + logits, shape, at::TensorOptions().dtype(type));
    state.target = at::from_blob(arena + target, batch, at::TensorOptions().dtype(at::kLong));
    state.logits.set_requires_grad(state.gradient);
    problem.pass = state.gradient ? BENCH_OUT_OF_PLACE : BENCH_FORWARD;
    return true;
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
    char line[256];
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    std::puts("ready");
    while (std::fgets(line, sizeof line, stdin) != nullptr) {
        long calls;
        if (std::sscanf(line, "time %ld", &calls) == 1) {
            const double seconds = bench_time(&problem, call, &state, calls);
            std::printf("%.9g %.9g\n", seconds, state.loss.item().toDouble());
        } else if (std::strncmp(line, "release", 7) == 0) {
            state = State();
            std::puts("ok");
        } else {
            std::puts(prepare(line, arena, state, problem) ? "ok" : "no");
        }
    }
}
