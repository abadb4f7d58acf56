# Sourced by start.sh, stop.sh and monitor_process.sh, which set $folder. Finds node also where PATH does not lead to it, as
# under cron: the one that built this folder first.

find_node() {
  for node in "$(cat "$folder/dist/node-path" 2>/dev/null)" "$(command -v node)" /usr/local/bin/node /usr/bin/node \
    "${HOME:-/root}"/.nvm/versions/node/*/bin/node; do
    if [ -x "$node" ] && [ ! -d "$node" ]; then return 0; fi
  done
  echo "node was not found: put it into PATH, or run npm ci in $folder with it" >&2
  return 1
}

# launch COMMAND ARGUMENTS...: with the sync.toml of this folder unless the arguments name a file.
launch() {
  command=$1
  shift
  find_node || exit 2
  for argument in "$@"; do
    case $argument in
      -c* | --config | --config=* | -h | --help) exec "$node" "$folder/bin/mysql-sr-sync" "$command" "$@" ;;
    esac
  done
  exec "$node" "$folder/bin/mysql-sr-sync" "$command" -c "$folder/sync.toml" "$@"
}
