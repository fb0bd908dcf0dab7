#!/bin/bash
# Proves the README's commands on a machine with nothing but python3: a Debian root made for this one run.
#
#   sudo bench/bare_root.sh                   ./run setup, ./run setup again, ./run tour
#   sudo bench/bare_root.sh setup tour test   the commands of ./run to try, in this order
#
# SUITE (bookworm) and MIRROR (the first one in this machine's apt sources) choose the Debian. Only what is committed
# is tried. Name resolution, apt settings, and the package index and certificate variables of the caller are carried
# in, because a chroot has none of them. Everything is unmounted and removed at the end, however it ends.
set -euo pipefail

commands=("$@")
[ $# -gt 0 ] || commands=(setup setup tour)
suite=${SUITE:-bookworm}
project=$(cd "$(dirname "$0")/.." && pwd)

[ "$(id -u)" = 0 ] || { echo "A chroot needs root: run this as root, on a machine you may experiment on." >&2; exit 2; }
for tool in debootstrap git; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install $tool" >&2; exit 2; }
done
mirror=${MIRROR:-$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
    sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb (\[[^]]*\] )?([^ ]+).*/\2/p' | head -n 1 || true)}
[ -n "$mirror" ] || { echo "No Debian mirror is known: set MIRROR to its address." >&2; exit 2; }

root=$(mktemp -d "${TMPDIR:-/tmp}/bare-root.XXXXXX")
clean_up() {
    local mounted
    rm -f "$root.log"
    # Deepest first, /sys because an interrupted debootstrap leaves it; a mounted /dev must never be deleted into.
    for mounted in dev/pts dev sys proc; do
        if mountpoint -q "$root/$mounted"; then
            umount "$root/$mounted" || umount --lazy "$root/$mounted"
        fi
    done
    if grep -q " $root/" /proc/self/mounts; then
        echo "Still mounted, so not removed: $root" >&2
        return
    fi
    rm -rf --one-file-system "$root"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "== Debian $suite with python3 and nothing else"
if ! debootstrap --variant=minbase --include=python3 "$suite" "$root" "$mirror" >"$root.log" 2>&1; then
    tail -n 20 "$root.log" >&2
    exit 1
fi
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for device in null zero full random urandom tty; do
    cp -a "/dev/$device" "$root/dev/$device"
done

cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
keep=(PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8)
for name in PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_TRUSTED_HOST PIP_DEFAULT_TIMEOUT PIP_PROXY UV_DEFAULT_INDEX \
    http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [ -z "${!name:-}" ] || keep+=("$name=${!name}")
done
certificates=${SSL_CERT_FILE:-${PIP_CERT:-}}
if [ -n "$certificates" ]; then
    cp -L "$certificates" "$root/etc/certificates.pem"
    keep+=(SSL_CERT_FILE=/etc/certificates.pem)
fi

mkdir "$root/liangzheng"
git -C "$project" archive HEAD | tar -x -C "$root/liangzheng"
[ ! -d "$project/wheelhouse" ] || cp -r "$project/wheelhouse" "$root/liangzheng/"

echo "== $(chroot "$root" python3 --version), commit $(git -C "$project" rev-parse --short HEAD), $(nproc) cores"
for command in "${commands[@]}"; do
    echo "== ./run $command"
    started=$(date +%s.%N)
    chroot "$root" env -i "${keep[@]}" sh -c 'cd /liangzheng && exec ./run "$1" </dev/null' sh "$command"
    echo "== ./run $command: exit 0 in $(echo "$started $(date +%s.%N)" | awk '{printf "%.1f", $2 - $1}') s"
done
echo "== all of it worked on a bare root"
