"""PyTorch as a child process of bench_linear (linear_torch.h).

python3 linear.py ROWS FEATURES CLASSES THREADS DTYPE: answers "ready"; then, for each line with a 0 (two steps) or a 1
(linear_cross_entropy), the seconds of one call with its gradients, by the clock and of CPU time, and its peak of memory in megabytes
beyond inputs and gradients.
"""

import sys
import time

import torch
from torch.nn import functional


def status(key):
    for line in open("/proc/self/status"):
        if line.startswith(key):
            return int(line.split()[1]) / 1000
    return 0


def two_steps(hidden, weight, target):
    return functional.cross_entropy(functional.linear(hidden, weight), target)


def fused(hidden, weight, target):
    return functional.linear_cross_entropy(hidden, weight, target)


def main():
    rows, features, classes, threads = map(int, sys.argv[1:5])
    dtype = getattr(torch, sys.argv[5])
    torch.set_num_threads(threads)
    hidden = torch.rand(rows, features).mul_(2).sub_(1).to(dtype).requires_grad_()
    weight = torch.rand(classes, features).mul_(0.2).sub_(0.1).to(dtype).requires_grad_()
    target = torch.randint(classes, (rows,))
    gradients = (hidden.numel() + weight.numel()) * hidden.element_size() / 1e6
    print("ready", flush=True)
    for line in sys.stdin:
        hidden.grad = weight.grad = None
        open("/proc/self/clear_refs", "w").write("5")
        before, clock, cpu = status("VmRSS"), time.perf_counter(), time.process_time()
        (two_steps, fused)[int(line)](hidden, weight, target).backward()
        took, used = time.perf_counter() - clock, time.process_time() - cpu
        print(f"{took:.6f} {used:.6f} {status('VmHWM') - before - gradients:.1f}", flush=True)


main()
