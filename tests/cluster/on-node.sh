#!/usr/bin/env bash
# on-node.sh NUMBER COMMAND...: runs COMMAND on a node, as in: on-node.sh 1 ctr --namespace k8s.io containers ls
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
. "$here/lib/process.sh"
[ $# -ge 2 ] || fail "which node, and what?"
init=$(node_init "$(node_name "$1")")
[ -n "$init" ] || fail "node $1 does not run"
shift
exec nsenter --target "$init" --mount --uts --ipc --net --pid -- "$@"
