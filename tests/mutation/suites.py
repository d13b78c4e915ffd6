"""Which build a mutant is made in, and which tests may kill it."""
import dataclasses
import re

SCALAR_ALONE = ("-DXENT_ENABLE_AVX2=OFF", "-DXENT_ENABLE_AVX512=OFF")  # a third of the kernels' compilation
UP_TO_AVX2 = ("-DXENT_ENABLE_AVX512=OFF",)
EVERY_BACKEND = ()
BACKENDS = ("scalar", "avx2", "avx512")


@dataclasses.dataclass(frozen=True)
class Suite:
    made: str  # what is made of these sources, in the build
    targets: tuple
    tests: str  # a pattern: those that look at it
    options: tuple = SCALAR_ALONE
    backend: str = "scalar"

    def sees(self, test):
        return re.search(self.tests, test) is not None and test.rsplit("/", 1)[-1] not in set(BACKENDS) - {self.backend}


def library(**more):
    return Suite("src/libxent.so.*.*", ("xent",), "^(contract|values|placement|machine|pieces|golden|property)/(?!coverage)", **more)


LIBRARY, AVX2, DISPATCH = library(), library(options=UP_TO_AVX2, backend="avx2"), library(options=EVERY_BACKEND)
OTHERS = {
    "dispatch": DISPATCH,
    "blas": Suite("src/blas/libxent-blas.so", ("xent_blas",), "^values/blas"),
    "dnnl": Suite("src/dnnl/libxent-dnnl.so", ("xent_dnnl",), "^(values|machine)/dnnl"),
    "mpi": Suite("src/mpi/libxent-mpi-mpich.so", ("xent_mpi_mpich",), "^mpi/.*/mpich"),
    "tool": Suite("src/tool/xent", ("xent_tool",), "^tool/", options=(*SCALAR_ALONE, "-DCMAKE_C_FLAGS=-fsanitize=leak")),
}


def suite_of(mutant, whole):
    """A vector of the backend scalar has one lane, so what its quick tests let pass has the whole suite to pass on avx2."""
    suite = OTHERS.get(mutant.room(), LIBRARY)
    if "/avx2" in mutant.path or (whole and suite is LIBRARY and not re.search(r"/(scalar|fma)\b", mutant.path)):
        return AVX2
    return suite


def targets(test):
    """What a test runs."""
    room, name = test.split("/")[:2]
    if room == "tool" and name != "readers":
        return {"xent_tool", "tool_faulty"}
    if room == "mpi":
        return {"tests_mpi"}
    return {f"{room}_{name}"}
