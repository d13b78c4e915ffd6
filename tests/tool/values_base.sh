# llama.cpp's KLD base file reads back within its quantisation, and what eval and kl print of it is what reference.py says.
. "$SOURCE_DIR/tests/tool/common.sh"
need_numpy
TOOL="$EMULATOR $TOOL" "$python" "$SOURCE_DIR/tests/tool/values_base.py"
