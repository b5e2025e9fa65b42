#!/bin/sh
# Holds the disk and the cgroup of one test machine for as long as its stdin is open, then leaves nothing of either.
# A program of its own, because a test process that is killed cleans up nothing.
# The disk lies over the directory LAB_LAYER, if that is set, and over the root of the host.
# usage: keeper.sh NAME DIRECTORY CGROUP...   says "ready" when both are there
set -eu
name=$1 directory=$2
shift 2
# A terminal's interrupt is for the tests; the end of stdin follows from it.
trap '' HUP INT TERM

# Tries for five seconds: a killed process lets go of its mounts and cgroups a moment later.
persist() {
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24; do
    "$@" 2>/dev/null && return
    sleep 0.2
  done
  "$@"
}

clean() {
  for group in "$@"; do [ ! -e "$group/cgroup.kill" ] || echo 1 >"$group/cgroup.kill"; done
  for group in "$@"; do [ ! -d "$group" ] || persist find "$group" -depth -type d -exec rmdir {} +; done
  # Removes what systemd-nspawn leaves when it was killed; before the unmount, which lets others have the device number.
  rm -f "/run/systemd/nspawn/locks/$(stat -c 'inode-%d:%i' "$directory/root")"
  [ ! -d "/run/systemd/nspawn/propagate/$name" ] || rmdir "/run/systemd/nspawn/propagate/$name"
  for mounted in "$directory/root" "$directory/disk"; do ! mountpoint -q "$mounted" || persist umount "$mounted"; done
  # Stays out of mounts: below it is the host's own root.
  rm -rf --one-file-system "$directory"
}

hold() {
  mkdir "$directory/disk" "$directory/root" &&
    mount -t tmpfs -o mode=755 "$name" "$directory/disk" &&
    mkdir "$directory/disk/upper" "$directory/disk/work" &&
    mount -t overlay -o "lowerdir=${LAB_LAYER:+$LAB_LAYER:}/,upperdir=$directory/disk/upper,workdir=$directory/disk/work" "$name" "$directory/root" &&
    for group in "$@"; do
      mkdir "$group" || return
      # Stays below our own folder: what the host delegates at its top is the host's affair.
      controllers=$(cat "$group/cgroup.controllers" 2>/dev/null) || true
      for controller in $controllers; do
        echo "+$controller" >"$group/cgroup.subtree_control" 2>/dev/null || true
      done
    done
}

if hold "$@"; then
  echo ready
  cat >/dev/null
  clean "$@"
else
  clean "$@"
  exit 1
fi
