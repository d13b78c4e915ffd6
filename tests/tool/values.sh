# eval, kl and diff print what numpy computes in F64, whatever threads and blocks.
. "$SOURCE_DIR/tests/tool/common.sh"
need_numpy
TOOL="$EMULATOR $TOOL" "$python" "$SOURCE_DIR/tests/tool/values.py"
