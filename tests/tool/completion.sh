# bash completes commands, options of the command, their values and files.
. "$SOURCE_DIR/tests/tool/common.sh"
for library in /usr/share/bash-completion/bash_completion /usr/local/share/bash-completion/bash_completion none; do
    [ ! -e $library ] || break
done
[ $library != none ] && command -v bash >/dev/null || { echo "skipped: there is no bash-completion here"; exit 77; }

# completes <expected> <word>...: the last word is the one that Tab completes
completes()
{
    completes_expected=$1
    shift
    bash -c '. "$1"; . "$2"; shift 2
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
        _xent
        printf "%s\n" "${COMPREPLY[@]}" | sort | tr "\n" " "' bash "$library" "$SOURCE_DIR/src/tool/xent.bash-completion" "$@" >found
    [ "$(cat found)" = "$completes_expected " ] || fail "$* completes to '$(cat found)', expected '$completes_expected '"
}
touch z.npy plot.svg
completes 'diff eval kl' xent ''
completes kl xent k
completes '--scale --shift --softcap' xent eval --s
completes '--block' xent diff --b
completes 'bf16 f16' xent eval --as ''
completes z.npy xent eval z
completes plot.svg xent eval z.npy --plot p
completes '' xent eval --rows p
# It knows the options of --help, and no others.
xent --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p' | sort >options
echo --version >>options
completes "$(sort options | tr '\n' ' ' | sed 's/ $//')" xent eval --
