# The sessions of xent(1) and docs/tool.md are what a terminal shows: every line that begins with "$ " is run, and prints what follows it.
. "$SOURCE_DIR/tests/tool/common.sh"
[ -n "$TRAIN_DIGITS" ] || { echo "skipped: this build has no examples"; exit 77; }

awk -v wanted=1 -f "$SOURCE_DIR/tests/docs/man_example.awk" "$SOURCE_DIR/docs/man/xent.1" >xent.1.session ||
    fail "the session of xent(1) cannot be copied from a terminal"
awk '/^```/ { inside = $0 == "```console"; next } inside' "$SOURCE_DIR/docs/tool.md" >tool.md.session

mkdir bin
printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$EMULATOR" "$TOOL" >bin/xent
chmod +x bin/xent
for session in xent.1 tool.md; do
    sed -n 's/^\$ //p' $session.session >$session.commands
    [ "$(wc -l <$session.commands)" -gt 3 ] || fail "$session has no session"
    mkdir $session
    (
        cd $session
        ln -s "$SOURCE_DIR/docs/examples/data" data
        printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$EMULATOR" "$TRAIN_DIGITS" >train_digits
        chmod +x train_digits
        PATH=$WORK_DIR/bin:$PATH
        while read -r command; do
            printf '$ %s\n' "$command"
            eval "$command" 2>&1 || :
        done <../$session.commands
    ) >$session.shown
    diff $session.session $session.shown || fail "$session: < is in the document, > is what a terminal shows"
    echo "$session: $(wc -l <$session.commands) commands"
done
