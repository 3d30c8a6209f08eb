#!/usr/bin/env bash
# ringfence.sh FOLDER: puts Ringfence on every node of the cluster that is up, from the programs in FOLDER: the agent beside
# the kubelet, which installs its plugin in the node's network by itself. It comes back when all agents are ready.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
for part in process keys control_plane node; do
    . "$here/lib/$part.sh"
done
[ $# -eq 1 ] || fail "in which folder are the programs?"
from=$1
installed=$state/ringfence
port=9470

# What an agent may read, which is all that it ever asks of the API server.
permissions() {
    cat <<'TEXT'
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: ringfence-agent}
rules:
- {apiGroups: [""], resources: [namespaces, nodes, pods, services], verbs: [get, list, watch]}
- {apiGroups: [""], resources: [configmaps], resourceNames: [ringfence], verbs: [list, watch]}
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [get, list, watch]}
- {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [get, list, watch]}
- apiGroups: [policy.networking.k8s.io]
  resources: [adminnetworkpolicies, baselineadminnetworkpolicies, clusternetworkpolicies]
  verbs: [get, list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: ringfence-agent}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ringfence-agent}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: ringfence-agent}]
TEXT
}

# Copies, so that building anew changes nothing under a running agent.
install_programs() {
    mkdir -p "$installed"
    if [ "$from" -ef "$installed" ]; then return; fi
    install "$from/ringfence-agent" "$from/ringfence-cni" "$installed"
}

add_agent() { # NODE
    add_service "$1" ringfence-agent <<TEXT
exec "$installed/ringfence-agent" --node "$1" --kubeconfig "$state/ringfence-agent.kubeconfig" \
    --cgroup "$unified/$1" --cni-plugin "$installed/ringfence-cni" --listen 127.0.0.1:$port
TEXT
}

# is_ready NODE: what its agent answers, asked from inside of the node's network.
is_ready() {
    nsenter --net="/run/netns/$1" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port && printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3 &&
        head -n 1 <&3 | grep --quiet ' 200 '" 2>/dev/null
}

until_ready() {
    local deadline=$((SECONDS + 60))
    until is_ready "$1"; do
        [ "$SECONDS" -lt "$deadline" ] || fail "the agent of $1 is not ready; see $state/logs/$1-ringfence-agent.log"
        sleep 0.2
    done
}

install_programs
make_certificate ringfence-agent /CN=ringfence-agent
make_kubeconfig "$state/ringfence-agent.kubeconfig" ringfence-agent
permissions | kubectl apply -f - >/dev/null
for node in $(kubectl get nodes --output "jsonpath={.items[*].metadata.name}"); do add_agent "$node"; done
for node in $(kubectl get nodes --output "jsonpath={.items[*].metadata.name}"); do until_ready "$node"; done
echo "Ringfence is ready on every node"
