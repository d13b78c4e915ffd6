"""Which build a mutant is made in, and which tests may kill it."""
import dataclasses

QUICK_BUILD = ("-DXENT_ENABLE_AVX2=OFF", "-DXENT_ENABLE_AVX512=OFF")  # one backend of three: a third of the kernels' compilation
EVERY_BACKEND = ()

# Tests that are tried together, the cheapest groups first: recorded answers for what computes, refusals for what checks.
RECORDED = ("golden/cases/{}", "golden/states/{}", "golden/top_k/{}", "golden/row_stats/{}")
REFUSED = ("contract/options", "contract/errors_target/{}", "contract/errors_overlap", "contract/tensor", "contract/tensor_refused",
           "contract/runtime", "contract/partial", "contract/partial_check", "contract/exchange", "contract/exchange_refused",
           "contract/states_spoiled", "contract/shards", "contract/row_stats", "contract/kl_div", "contract/linear_gemm")
LINEAR = ("golden/linear/{}", "contract/errors_linear")
COMPUTES = (RECORDED, ("values/top_k/{}", "values/row_stats/{}", *REFUSED), LINEAR, ("golden/bits/{}",),
            ("contract/errors_table", "property/partial/{}"))
CHECKS = (REFUSED, RECORDED, LINEAR, ("golden/bits/{}",), ("contract/errors_table",))
MACHINE = (("machine/settings", "machine/cpus", "machine/cpu", "machine/no_memory", "pieces/arena", "contract/runtime"), RECORDED,
           ("machine/parallel_for/{}", "machine/pool/{}", "machine/pool_refused"), ("golden/bits/{}",))
# A library's survivors of those: everything that looks at what it computes and answers.
LIBRARY = ("^(golden|contract)/", "^(pieces|machine)/", "^(values|placement)/", "^property/", "^fuzz/")


@dataclasses.dataclass(frozen=True)
class Suite:
    made: str  # what is made of these sources, in the build
    targets: tuple
    quick: tuple  # groups of names, in this order
    whole: tuple = LIBRARY  # patterns, in this order
    options: tuple = QUICK_BUILD
    backend: str = "scalar"

    def tests(self):
        return [[name.format(self.backend) for name in group] for group in self.quick]


def library(quick, **more):
    return Suite("src/libxent.so.*.*", ("xent",), quick, **more)


SUITES = {
    "kernels": library(COMPUTES), "rows": library(COMPUTES), "ops": library(COMPUTES),
    "args": library(CHECKS), "api": library(CHECKS),
    "run": library(MACHINE), "system": library(MACHINE),
    "dispatch": library((("machine/backends", "machine/cpu"), RECORDED), options=EVERY_BACKEND),
    "blas": Suite("src/blas/libxent-blas.so", ("xent_blas",), (("values/blas",),)),
    "dnnl": Suite("src/dnnl/libxent-dnnl.so", ("xent_dnnl",), (("values/dnnl", "machine/dnnl"),)),
    "mpi": Suite("src/mpi/libxent-mpi-mpich.so", ("xent_mpi_mpich", "tests_mpi"),
                 (("mpi/errors_2x1/mpich/2",), ("mpi/faulty_2x1/mpich/2",), ("mpi/same_bits_2x1/mpich/2", "mpi/same_bits_2x2/mpich/4")),
                 ("^mpi/.*/mpich",)),
    "tool": Suite("src/tool/xent", ("xent_tool", "tool_faulty", "tool_readers"),
                  (("tool/options", "tool/readers"),
                   ("tool/values", "tool/values_base", "tool/safetensors", "tool/bad_files", "tool/rows", "tool/plot")),
                  ("^tool/",)),
}
AVX2 = library(COMPUTES, options=EVERY_BACKEND, backend="avx2")


def suite_of(mutant):
    return AVX2 if "/avx2" in mutant.path else SUITES[mutant.room()]


def target(test):
    """What a test runs, where that is a program of its own."""
    room, name = test.split("/")[:2]
    scripts = room == "mpi" or room == "tool" and name != "readers"
    return None if scripts else f"{room}_{name}"
