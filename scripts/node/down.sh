#!/usr/bin/env bash
# Ends the node at once and removes all that it left: processes, mounts, network, cgroups and files.
set -euo pipefail
cd "$(dirname "$0")"
. ./common.sh

[ -e "$state" ] || exit 0
# Only what is still ours: a number may have gone to another process meanwhile.
running=$(for number in $(cat "$state"/pid/* 2>/dev/null); do
  ! grep -qaF "$PWD/" "/proc/$number/cmdline" 2>/dev/null || echo "$number"
done)
inner=$(first_process 2>/dev/null || true)
for number in $running; do kill -KILL "$number"; done # process 1 dies with its unshare, and all of the node with it
for number in $running $inner; do await 30 "process $number to end" test ! -d "/proc/$number"; done
for group in /sys/fs/cgroup/*/kubepods; do
  [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} +
done
! grep -q " $state" /proc/mounts || fail "mounts are left: $(grep " $state" /proc/mounts)"
rm -rf "$state"
