# Sourced by the gates that make packages, with their arguments: $root is the checkout, $work a directory that goes away, $out the
# output directory, which has to be empty, or one in $work.
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/cmake/provide.sh"
describe "$@"

work=$(mktemp -d "${TMPDIR:-/tmp}/xent-gate.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
out=${1:-$work/out}
mkdir -p "$out"
[ -z "$(ls -A "$out")" ] || { echo "$out is not empty"; exit 1; }
