#!/bin/sh
# Stops mysql-sr-sync: it loads what it has read and saves the position; `bin/mysql-sr-sync stop --help` tells more.
PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}
self=$0
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in /*) self=$target ;; *) self=$(dirname "$self")/$target ;; esac
done
folder=$(cd "$(dirname "$self")" && pwd -P) || exit 2
. "$folder/bin/launch.sh"
launch stop "$@"
