# docs/examples/python/xent.py by every Python here whose numpy has DLPack: python.py, and where torch is, the module's own comparison.
. "$SOURCE_DIR/tests/package/common.sh"
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$SOURCE_DIR/docs/examples/python" LD_LIBRARY_PATH="$PREFIX/$LIBDIR"

tried=
for python in ${PYTHON:+"$PYTHON"} python3 /usr/bin/python3; do
    executable=$("$python" -c 'import numpy, sys; numpy.ndarray.__dlpack__; print(sys.executable)' 2>/dev/null) || continue
    case " $tried " in
    *" $executable "*) continue ;;
    esac
    tried="$tried $executable"
    echo "== $executable"
    "$executable" "$package/python.py"
    if "$executable" -c 'import torch' 2>/dev/null; then
        "$executable" "$PYTHONPATH/xent.py"
    fi
done
[ -n "$tried" ] || { echo "skipped: there is no Python with numpy 1.22 or newer here"; exit 77; }
