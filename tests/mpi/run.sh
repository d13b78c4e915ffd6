# run.sh <mpirun> <ranks> <program> [<argument>...]
# Runs the program on so many ranks of this machine, more than it has processors, also as root. 77: there is no mpirun.
set -eu
mpirun=$1 ranks=$2
shift 2
command -v "$mpirun" >/dev/null || { echo "skipped: there is no $mpirun (Debian: openmpi-bin, mpich)"; exit 77; }
# OpenMPI: containers forbid what it copies large messages by, and it then says so on each rank.
OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
OMPI_MCA_btl_vader_single_copy_mechanism=none
export OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM OMPI_MCA_rmaps_base_oversubscribe
export OMPI_MCA_btl_vader_single_copy_mechanism
# Both MPIs leave memory behind when they end, which a build with the address sanitizer would be blamed for.
ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
export ASAN_OPTIONS
exec "$mpirun" -n "$ranks" "$@"
