# Files that change while they are read: one that shrinks raises SIGBUS in some thread, one that grows or is written to is found out at
# the end. Each is a sparse file that takes a while; it is changed as soon as it is mapped.
. "$SOURCE_DIR/tests/tool/common.sh"
[ -d /proc/self ] && [ -z "$EMULATOR" ] || { echo "skipped: what a process has mapped cannot be seen here"; exit 77; }
rows=4096 classes=65536
{ npy '|u1' "($rows,)" && zeros $rows; } >t.npy

# while_read <sentence> <command that changes z.npy> <argument>...
while_read()
{
    while_text=$1 while_change=$2
    shift 2
    npy '<f4' "($rows, $classes)" >z.npy
    truncate -s $((rows * classes * 4 + $(wc -c <z.npy))) z.npy
    "$TOOL" "$@" >printed 2>message &
    pid=$!
    files=$(echo "$*" | tr ' ' '\n' | grep -cx z.npy)
    until [ "$(grep -c 'z\.npy' /proc/$pid/maps 2>/dev/null)" = "$files" ]; do
        kill -0 $pid 2>/dev/null || fail "the program ended too early: $(cat message)"
    done
    eval "$while_change"
    code=0
    wait $pid || code=$?
    [ $code -eq 2 ] && [ ! -s printed ] || fail "$while_change: exit code $code, prints \"$(cat printed)\""
    grep -qx "xent: $while_text" message || fail "$while_change: it says \"$(cat message)\""
    [ "$(wc -l <message)" -eq 1 ] || fail "$while_change: it says \"$(cat message)\""
    rm z.npy
}

for threads in 1 2; do
    while_read 'z.npy: became shorter, or could not be read, while it was read' 'truncate -s 100000 z.npy' \
        eval z.npy t.npy --threads $threads
done
while_read 'z.npy: became shorter, or could not be read, while it was read' 'truncate -s 100000 z.npy' kl z.npy z.npy --rows rows.csv
while_read 'z.npy: became shorter, or could not be read, while it was read' 'truncate -s 100000 z.npy' diff z.npy z.npy
[ ! -e rows.csv ] || fail "rows have been written"
while_read 'z.npy: has 10737[0-9]* bytes, and had 10737[0-9]* when it was opened: it changed while it was read' \
    'printf x >>z.npy' eval z.npy t.npy
while_read 'z.npy: changed while it was read' 'printf x | dd of=z.npy bs=1 seek=100000 conv=notrunc 2>/dev/null' eval z.npy t.npy
