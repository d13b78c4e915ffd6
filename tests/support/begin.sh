# Sourced by tests that are scripts, which CTest gives SOURCE_DIR and WORK_DIR: each starts in WORK_DIR, empty and its own.
rm -rf "$WORK_DIR"
mkdir -p "$WORK_DIR"
cd "$WORK_DIR"

fail()
{
    echo "failed: $1" >&2
    exit 1
}
