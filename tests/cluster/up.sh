#!/usr/bin/env bash
# up.sh: brings up a Kubernetes cluster on this machine, as settings.sh has it, and undoes itself by down.sh. Where it fails
# it leaves what runs running, to be looked at.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
for part in process cgroups network keys control_plane node names; do
    . "$here/lib/$part.sh"
done

say() {
    local tenths=$((($(date +%s%N) - began) / 100000000))
    printf '%3d.%d s  %s\n' $((tenths / 10)) $((tenths % 10)) "$*"
}

look_before() {
    [ "$(id -u)" -eq 0 ] || fail "root is needed to make network namespaces"
    [ -x "$bin/kube-apiserver" ] || fail "nothing is built in $bin: run build.sh"
    [ ${#state} -le 90 ] || fail "$state is too long for the path of a socket"
    case $state/ in /run/* | /var/lib/* | /var/log/*) fail "nodes have a folder of their own for $state" ;; esac
}

make_nodes() {
    local which
    for which in $(seq "$nodes"); do
        prepare_node "$which"
        start_node "$which"
    done
}

# Without a network no node gets ready; then it is enough that the kubelet reports.
until_nodes_ready() {
    local condition=condition=Ready
    [ "$cni" != none ] || condition="jsonpath={.status.nodeInfo.kubeletVersion}=$("$bin/kubelet" --version | cut -d' ' -f2)"
    kubectl wait "--for=$condition" nodes --all --timeout=120s >/dev/null || fail "the nodes are not ready; see $state/logs"
}

began=$(date +%s%N)
look_before
"$here/down.sh"
mkdir -p "$state"/{keys,logs,etcd,nodes}
chmod 711 "$state"
rm -f "$state"/logs/*
make_keys
make_bridge
start_etcd
start_apiserver
say "the API server is ready"
start_controllers
say "the controller manager works"
if [ "$nodes" -gt 0 ]; then
    make_nodes
    until_nodes_ready
    say "$nodes nodes are up"
    if [ "$cni" != none ]; then
        start_name_server
        until_names_resolve
        say "names resolve"
    fi
fi
