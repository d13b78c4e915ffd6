# libxent-mpi of each MPI: pkg-config, and the components of find_package, shared and static; two ranks compute a loss.
. "$SOURCE_DIR/tests/package/common.sh"
need pkg-config
found=
for mpi in ${MPIS:-}; do
    if command -v mpirun.$mpi >/dev/null; then found="$found $mpi"; fi
done
[ -n "$found" ] || { echo "skipped: libxent-mpi is not built, or there is no mpirun.openmpi and no mpirun.mpich"; exit 77; }

# expect_loss <mpi> <program>: each of two ranks prints it
expect_loss()
{
    sh "$SOURCE_DIR/tests/mpi/run.sh" "mpirun.$1" 2 "$2" >losses
    [ "$(grep -cx 9.0109 losses)" -eq 2 ] || fail "$2 prints $(cat losses)"
}

for mpi in $found; do
    # The flags are words for the shell to split.
    # shellcheck disable=SC2046,SC2086
    "$CC" $CFLAGS "$package/consumer_mpi/consumer.c" $(pkg-config --cflags --libs "xent-mpi-$mpi") -o "consumer_$mpi"
    LD_LIBRARY_PATH="$PREFIX/$LIBDIR" expect_loss "$mpi" ./consumer_$mpi
done

configure "$package/consumer_mpi" build -DCMAKE_PREFIX_PATH="$PREFIX" "-DMPIS=$(echo $found)"
"$CMAKE" --build build
for mpi in $found; do
    expect_loss "$mpi" ./build/consumer_$mpi
    expect_loss "$mpi" ./build/consumer_${mpi}_static
done
if configure "$package/consumer_mpi" other -DCMAKE_PREFIX_PATH="$PREFIX" -DMPIS=none >/dev/null 2>&1; then
    fail "a component that does not exist was found"
fi
