# Sourced by the scripts that a user runs: describes them, installs what they miss where it can, and says in one sentence what to install
# where it cannot. Nothing is asked of a machine that has it all, not even a network.

# describe "$@": who asks a script for --help is given the comment at its top
describe()
{
    case ${1:-} in
    -h | --help) sed -n '2,/^[^#]/s/^# //p' "$0" && exit ;;
    esac
}

# has <tool>: whether it is here: cc, make, cmake (new enough), cmocka, jansson, cblas, openmpi, mpich, pkg-config, rpmbuild
has()
{
    case $1 in
    cc) command -v "${CC:-cc}" >/dev/null ;;
    cmake)
        # shellcheck disable=SC2046
        set -- $(cmake --version 2>/dev/null | sed -n 's/^cmake version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
        [ $# -eq 2 ] && [ $(($1 * 1000 + $2)) -ge 3025 ]
        ;;
    cmocka) has_header stdarg stddef setjmp stdint cmocka ;;
    jansson) has_header jansson ;;
    cblas) has_header cblas ;;
    openmpi) pkg-config --exists ompi-c 2>/dev/null ;;
    mpich) pkg-config --exists mpich 2>/dev/null ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

# has_header <name>...: headers that a file can include in this order. pkg-config may be missing, so the preprocessor looks; Homebrew's
# directories are not among its own.
has_header()
{
    printf '#include <%s.h>\n' "$@" | "${CC:-cc}" -E -x c -I/opt/homebrew/include -I/usr/local/include - >/dev/null 2>&1
}

# manager: the package manager of this system
manager()
{
    for candidate in apt-get dnf apk brew; do
        if command -v $candidate >/dev/null; then
            echo $candidate
            return
        fi
    done
}

# package <manager> <tool>: what it calls the tool
package()
{
    case $1:$2 in
    apt-get:cc) echo gcc libc6-dev ;;
    apk:cc) echo gcc musl-dev ;;
    *:cc) echo gcc ;;
    *:cmake) echo cmake ;;
    apt-get:cmocka) echo libcmocka-dev ;;
    dnf:cmocka) echo libcmocka-devel ;;
    apk:cmocka) echo cmocka-dev ;;
    apt-get:jansson) echo libjansson-dev ;;
    dnf:jansson) echo jansson-devel ;;
    apk:jansson) echo jansson-dev ;;
    apt-get:cblas) echo libblas-dev ;;
    dnf:cblas) echo blas-devel ;;
    apk:cblas) echo openblas-dev ;;
    apt-get:openmpi) echo libopenmpi-dev ;;
    apt-get:mpich) echo libmpich-dev ;;
    apt-get:rpmbuild) echo rpm ;;
    dnf:rpmbuild) echo rpm-build ;;
    dnf:pkg-config) echo pkgconf-pkg-config ;;
    apk:pkg-config | brew:pkg-config) echo pkgconf ;;
    *) echo "$2" ;;
    esac
}

as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif ! command -v sudo >/dev/null; then
        return 1
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@" # nobody is there to type a password
    fi
}

# install_packages <manager> <package>...
install_packages()
{
    install_manager=$1
    shift
    case $install_manager in
    apt-get)
        # The package lists of a fresh container are empty or old; then the first attempt fails, and so what it says is of no use. One
        # list that cannot be had, a foreign architecture's say, does not keep the others from being new. Another apt-get, such as the
        # upgrades that a machine makes by itself, is waited for.
        set -- as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
        "$@" 2>/dev/null || { as_root apt-get update -qq || :; "$@"; }
        ;;
    dnf) as_root dnf install -q -y "$@" ;;
    apk) as_root apk add --quiet "$@" ;;
    brew) brew install --quiet "$@" ;;
    *) return 1 ;;
    esac
}

# demand_packages <manager> <package>...: installs them; returns 1, after a sentence that names them, if it cannot
demand_packages()
{
    install_packages "$@" && return
    shift
    echo "This needs packages that it could not install: please install $* as root and try again." >&2
    return 1
}

# offer <tool>...: installs those that are missing; returns 1 if one still is at the end, $tool, for want of $offer_packages
offer()
{
    offer_manager=$(manager)
    offer_packages=
    for tool in "$@"; do
        has "$tool" || offer_packages="$offer_packages $(package "$offer_manager" "$tool")"
    done
    [ -n "$offer_packages" ] || return 0
    echo "== installing:$offer_packages"
    # shellcheck disable=SC2086
    install_packages "$offer_manager" $offer_packages >&2 || true
    for tool in "$@"; do
        has "$tool" || return 1
    done
}

# provide <tool>...: the same for what nothing works without; a sentence says so
provide()
{
    offer "$@" && return
    echo "This needs ${tool}$([ "$tool" != cmake ] || echo " 3.25 or newer"): please install$offer_packages as root and try again." >&2
    return 1
}

# processors: how many compilers to run at a time
processors()
{
    getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2
}
