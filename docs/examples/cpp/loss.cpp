// Loss and gradient of two rows of three logits, in C++17: tensors that free themselves, failures as exceptions.
// Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <vector>
#include <xent.h>

struct Destroy {
    void operator()(xent_tensor *t) const noexcept { xent_tensor_destroy(t); }
};
using Tensor = std::unique_ptr<xent_tensor, Destroy>;

constexpr xent_dtype dtype_of(const float *) { return XENT_F32; }
constexpr xent_dtype dtype_of(const double *) { return XENT_F64; }
constexpr xent_dtype dtype_of(const std::int64_t *) { return XENT_I64; }

void check(xent_status status)
{
    if (status != XENT_OK) throw std::runtime_error(xent_error_message());
}

// A row-major tensor over memory of the caller's, which must outlive it; read-only if T is const.
template <class T> Tensor wrap(const std::vector<std::int64_t> &shape, T *data)
{
    xent_tensor *t = nullptr;
    const auto ndim = static_cast<std::int32_t>(shape.size());
    if constexpr (std::is_const_v<T>)
        check(xent_tensor_wrap_const(&t, dtype_of(data), ndim, shape.data(), nullptr, data));
    else
        check(xent_tensor_wrap(&t, dtype_of(data), ndim, shape.data(), nullptr, data));
    return Tensor(t);
}

int main()
try {
    const std::vector<float> z = { 1, 0.5f, 2, 0.5f, 3, 1 };
    const std::vector<std::int64_t> y = { 2, 1 };
    std::vector<float> gradient(z.size());
    float loss = 0;

    const Tensor logits = wrap({ 2, 3 }, z.data()), target = wrap({ 2 }, y.data());
    const Tensor out = wrap({}, &loss), grad = wrap({ 2, 3 }, gradient.data());
    check(xent_cross_entropy_grad(logits.get(), target.get(), nullptr, nullptr, out.get(), grad.get()));

    std::printf("loss %.4f\ngradient", loss);
    for (const float g : gradient) std::printf(" %.4f", g);
    std::printf("\n");
} catch (const std::exception &e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
