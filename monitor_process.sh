#!/bin/sh
# Starts mysql-sr-sync again when it died or hangs. For cron, once a minute; `bin/mysql-sr-sync monitor --help` tells more.
PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}
self=$0
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in /*) self=$target ;; *) self=$(dirname "$self")/$target ;; esac
done
folder=$(cd "$(dirname "$self")" && pwd -P) || exit 2
. "$folder/bin/launch.sh"
launch monitor "$@"
