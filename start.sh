#!/bin/sh
# Starts mysql-sr-sync in the background and waits until it streams; `bin/mysql-sr-sync start --help` tells more.
PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}
self=$0
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in /*) self=$target ;; *) self=$(dirname "$self")/$target ;; esac
done
folder=$(cd "$(dirname "$self")" && pwd -P) || exit 2
. "$folder/bin/launch.sh"
launch start "$@"
