#!/bin/sh
# sh tests/fuzz/merge.sh <directory> [<target>...]
# Replaces the corpus, of these targets or of all, by as few inputs as reach what it reaches together with the new inputs in the directory,
# which is XENT_FUZZ_DIR of tests/fuzz/run.sh. Inputs with a name stay; the others are numbered, the shortest first.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -ge 1 ] && [ -d "$1/build/tests/fuzz" ] || { echo "usage: $0 <directory of tests/fuzz/run.sh> [<target>...]" >&2; exit 2; }
work=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- $(ls "$root/tests/fuzz/corpus") # words without blanks
for name; do
    corpus="$root/tests/fuzz/corpus/$name" merged="$work/merged/$name"
    rm -rf "$merged"
    mkdir -p "$merged" "$work/new/$name" "$work/found/$name"
    find "$corpus" -name '*[!0-9]*' -type f -exec cp {} "$merged" \;
    "$work/build/tests/fuzz/fuzz_$name" -merge=1 -max_len=4096 -timeout=300 -rss_limit_mb=4096 -artifact_prefix="$work/found/$name/" \
        "$merged" "$corpus" "$work/new/$name" \
        >"$work/$name.merge.log" 2>&1 || { tail -n 20 "$work/$name.merge.log" >&2; exit 1; }
    before=$(find "$corpus" -type f | wc -l) number=0
    find "$corpus" -type f ! -name '*[!0-9]*' -delete
    # What libFuzzer has written has the 40 digits of a hash for a name.
    find "$merged" -type f -printf '%s %f\n' | grep -E ' [0-9a-f]{40}$' | sort -n | while read -r _ file; do
        number=$((number + 1))
        cp "$merged/$file" "$corpus/$(printf '%03d' "$number")"
    done
    printf '%-12s %6d inputs before, %6d now\n' "$name" "$before" "$(find "$corpus" -type f | wc -l)"
done
