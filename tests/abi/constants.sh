# constants.sh <python> <source directory>
# coefficients.py derives every number of constants.h from nothing but mathematics, and prints that file byte for byte: nobody has
# changed a constant by hand, or the script without the file.
set -eu
python=$1 source=$2
"$python" -c 'import mpmath' 2>/dev/null || { echo "skipped: $python has no mpmath (Debian: python3-mpmath)"; exit 77; }
derived=$(mktemp)
trap 'rm -f "$derived"' EXIT

"$python" "$source/src/kernels/coefficients.py" >"$derived"
if ! diff "$source/src/kernels/constants.h" "$derived"; then
    echo "< is in src/kernels/constants.h, > is what coefficients.py derives"
    exit 1
fi
echo "$(grep -c . "$derived") lines, as derived"
