# killed.sh <mpirun> <ranks> <program> <directory>
# A rank that is killed while the others call: mpirun ends them, with a failure, and none has written a byte. Else all outputs are written.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mpirun=$1 ranks=$2 program=$3 directory=$4
command -v "$mpirun" >/dev/null || { echo "skipped: there is no $mpirun (Debian: openmpi-bin, mpich)"; exit 77; }
rm -rf "$directory"
mkdir -p "$directory"

# untouched: how many files still hold nothing but bytes 170
untouched()
{
    n=0
    for file in "$directory"/outputs.*; do
        [ -n "$(tr -d '\252' <"$file" | head -c 1)" ] || n=$((n + 1))
    done
    echo $n
}

sh "$here/run.sh" "$mpirun" "$ranks" "$program" "$directory/outputs"
[ "$(untouched)" -eq 0 ] || { echo "a rank that lives has not written its outputs"; exit 1; }
rank=0
while [ $rank -lt "$ranks" ]; do
    if sh "$here/run.sh" "$mpirun" "$ranks" "$program" "$directory/outputs" $rank >"$directory/log" 2>&1; then
        echo "mpirun succeeds though rank $rank was killed"
        exit 1
    fi
    [ "$(untouched)" -eq "$ranks" ] || { echo "a rank has written though rank $rank was killed"; exit 1; }
    rank=$((rank + 1))
done
echo "each of $ranks ranks was killed: the others ended, and nothing was written"
