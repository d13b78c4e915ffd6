# train.sh <mpirun> <program> <directory>
# The example that trains learns, and prints the same losses and the same hash of its weights on 1, 2, 4 and 8 ranks.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mpirun=$1 program=$2 directory=$3
command -v "$mpirun" >/dev/null || { echo "skipped: there is no $mpirun (Debian: openmpi-bin, mpich)"; exit 77; }
rm -rf "$directory"
mkdir -p "$directory"
for ranks in 1 2 4 8; do
    sh "$here/run.sh" "$mpirun" $ranks "$program" >"$directory/$ranks"
    diff "$directory/1" "$directory/$ranks" || { echo "< is on 1 rank, > on $ranks"; exit 1; }
done
grep -Eq '^weights [0-9a-f]{16}$' "$directory/1"
grep -Eq '^epoch 5: loss [0-4]\..*, (9[5-9]|100)\.[0-9] % recognised$' "$directory/1" || { echo "it does not learn:"; cat "$directory/1"; exit 1; }
cat "$directory/1"
