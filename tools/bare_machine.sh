#!/bin/sh
# Runs a command of this checkout on a machine that has nothing but Python, git and CA certificates: a proof of set-up.
#
#   sh tools/bare_machine.sh FOLDER ./dev test
#   SUITE=trixie sh tools/bare_machine.sh FOLDER ./dev demo
#
# Needs root, Debian's debootstrap and unshare(1), and about 6 GB in FOLDER. FOLDER/pristine is the machine as made, once
# for each suite (default: this machine's); FOLDER/machine is a fresh copy of it for every run, and stays for a look
# afterwards. The checkout is cloned: what is not committed is not there. Mirrors, proxies, certificates and the
# configuration of pip and npm are this machine's, so that it may stand behind the same doors.
set -eu

fail() {
    echo "bare_machine: $*" >&2
    exit 1
}

[ $# -ge 2 ] || fail "usage: $0 FOLDER COMMAND..."
[ "$(id -u)" = 0 ] || fail "needs root"
command -v debootstrap >/dev/null || fail "needs debootstrap: apt-get install debootstrap"
checkout=$(cd "$(dirname -- "$0")/.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
suite=${SUITE:-$(. /etc/os-release && echo "$VERSION_CODENAME")}
pristine=$folder/pristine-$suite
machine=$folder/machine

# Debian's repositories as apt knows them here: one line "address release component" each.
repositories() {
    # The dollars are apt's.
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' "Created-By: Packages" "Origin: Debian"
}

make_pristine() {
    mirror=$(repositories | awk '{ print $1; exit }')
    debootstrap --variant=minbase --include=python3,git,ca-certificates "$suite" "$pristine.new" "$mirror"
    here=$(. /etc/os-release && echo "$VERSION_CODENAME")
    repositories | sed "s/ $here/ $suite/; s/^/deb /" >"$pristine.new/etc/apt/sources.list"
    mv "$pristine.new" "$pristine"
}

# How this machine reaches the network; never part of the checkout.
copy_network() {
    cp --dereference /etc/resolv.conf /etc/hosts "$machine/etc/"
    rm -rf "$machine/etc/ssl/certs"
    cp --archive /etc/ssl/certs "$machine/etc/ssl/"
    for file in /usr/share/ca-certificates /usr/local/share/ca-certificates /etc/apt/apt.conf.d \
        /etc/pip.conf /etc/uv /etc/npmrc "$HOME/.npmrc" "$HOME/.config/pip" "$HOME/.config/uv"; do
        [ ! -e "$file" ] || (cd / && cp --archive --parents ".$file" "$machine/")
    done
    export -p | grep -iE '^export ((https?|no|all)_proxy|ssl_cert_|(requests|curl)_ca_bundle|node_extra_|pip_|uv_|npm_)' \
        >"$machine/root/network" || true
}

assert_bare() {
    for program in python3 git; do
        chroot "$machine" sh -c "command -v $program" || fail "$program is missing in the bare machine"
    done
    for program in uv pip pip3 node npm chromium firefox postgres psql redis-server janus turnserver gcc; do
        ! chroot "$machine" sh -c "command -v $program" || fail "$program is already there: not a bare machine"
    done
    ! chroot "$machine" python3 -m ensurepip --version 2>/dev/null || fail "ensurepip is already there"
    echo "bare_machine: $suite, $(chroot "$machine" dpkg-query -f . -W | wc -c) packages; no uv, pip, Node or browser"
}

[ -d "$pristine" ] || make_pristine
rm -rf "$machine"
cp --archive --reflink=auto "$pristine" "$machine"
copy_network
assert_bare
git clone --quiet --no-hardlinks "$checkout" "$machine/srv/vouch"

# In namespaces of its own, so that its mounts and whatever it started end with it.
export machine
exec unshare --mount --pid --fork --kill-child sh -eu -c '
    mount --make-rprivate /
    mount -t proc proc "$machine/proc"
    mount --rbind /sys "$machine/sys"
    mount --rbind /dev "$machine/dev"
    exec env -i HOME=/root TERM=dumb LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        CI="${CI:-1}" chroot "$machine" sh -c ". /root/network; cd /srv/vouch; exec \"\$@\"" sh "$@"
' sh "$@"
