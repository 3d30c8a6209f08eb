#!/usr/bin/env bash
# down.sh: ends a cluster and removes all that it made, however far up.sh came: processes, namespaces, links, cgroups, data.
# Only the logs stay. Nothing is asked to end politely, since its data go too. It may be run at any time, also twice.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
for part in process cgroups node; do
    . "$here/lib/$part.sh"
done

# A node may have left something in any of these, also one that the settings of today do not have.
known_nodes() {
    find "$unified" -maxdepth 1 -name "$name-n[0-9]" -printf '%f\n'
    find /run/netns -maxdepth 1 -name "$name-n[0-9]" -printf '%f\n' 2>/dev/null
    find "$state/nodes" -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null
}

[ "$(id -u)" -eq 0 ] || fail "root is needed to remove network namespaces"
end_cgroup "$control_cgroup"
for node in $(known_nodes | sort --unique); do stop_node "$node"; done
# The routes to the pods go with it.
if [ -e "/sys/class/net/$name" ]; then ip link delete "$name"; fi
if grep --quiet " $state/" /proc/self/mounts; then fail "something is mounted in $state, which is left as it is"; fi
rm -rf --one-file-system "$state"/{etcd,nodes,keys,ringfence} "$state"/*.kubeconfig "$state"/*.sock
