#!/bin/sh
# Runs tests on another Debian, for its systemd: a small one is made in a directory, the checkout is copied into it, and
# the kernel and the Node are those of this machine.
# usage, as root: test/lab/elsewhere.sh RELEASE [ARGUMENT-OF-VITEST...]   such as: test/lab/elsewhere.sh trixie test/lab/rpc.test.ts
set -eu
release=${1:?usage: elsewhere.sh RELEASE [ARGUMENT-OF-VITEST...]}
shift
[ $# -gt 0 ] || set -- test/lab/ test/host/adopt-rescue.test.ts
command -v debootstrap >/dev/null || { echo 'Debootstrap is missing: apt-get install debootstrap' >&2; exit 1; }
checkout=$(cd "$(dirname "$0")/../.." && pwd -P)
node=$(node -p process.execPath)
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")

directory=$(mktemp -d)
# Keeps out of mounts, though there should be none left: they are the runner's, and it has ended.
trap 'rm -rf --one-file-system "$directory"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
root=$directory/root
packages=systemd,systemd-sysv,systemd-container,dbus,dbus-user-session,libpam-systemd,util-linux,procps,iproute2,ca-certificates,busybox,e2fsprogs,libatomic1,faketime,strace,openssh-client,ansible-core
debootstrap --variant=minbase --include="$packages" "$release" "$root" >"$directory/log" || {
  tail -n 20 "$directory/log" >&2
  exit 1
}
# It brings certificates; a host may have others besides.
[ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
[ ! -e "$HOME/.npmrc" ] || cp "$HOME/.npmrc" "$root/root/.npmrc"
cp "$node" "$root/usr/bin/node"
cp -R "$npm" "$root/opt/npm"
ln -s /opt/npm/bin/npm-cli.js "$root/usr/bin/npm"
mkdir "$root/opt/checkout" "$root/host"
tar -C "$checkout" --exclude=.git -cf - . | tar -C "$root/opt/checkout" --no-same-owner -xf -
chmod 755 "$root/opt/checkout"

# A machine of the lab lies over `/`, and so this has to be a root of its own and not merely a chroot.
# shellcheck disable=SC2016 # expanded there
unshare --mount --propagation private sh -euc '
  root=$1
  shift
  mount --bind "$root" "$root"
  cd "$root"
  for path in proc sys dev; do mount --rbind "/$path" "$path"; done
  for path in tmp run; do mount -t tmpfs -o mode=1777 "$path" "$path"; done
  pivot_root . host
  cd /opt/checkout
  umount -l /host
  mount --make-rshared /
  systemctl --version | head -n 1
  HOME=/root exec node node_modules/vitest/vitest.mjs run "$@"
' sh "$root" "$@"
