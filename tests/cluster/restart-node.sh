#!/usr/bin/env bash
# restart-node.sh NUMBER [COMMAND...]: a node loses its power and starts again: its first process is killed and all others with
# it, /run and BPF's file system are empty, the disk is as it was. COMMAND is run while it is off.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
for part in process cgroups network keys control_plane node; do
    . "$here/lib/$part.sh"
done
[ $# -ge 1 ] || fail "which node?"
node=$(node_name "$1")
stop_node "$node"
"${@:2}"
# A process group of its own, or the node would end with whoever ends this script's caller.
set -m
start_node "$1"
runs() { [ -n "$(node_init "$node")" ]; }
until_ok 30 "$node" runs
