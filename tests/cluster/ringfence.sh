#!/usr/bin/env bash
# ringfence.sh FOLDER: puts Ringfence on every node of the cluster that is up, from the programs in FOLDER: the agent beside
# the kubelet, which installs its plugin in the node's network by itself, and a controller beside the first one. It comes back
# when all of them are ready.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
for part in process keys control_plane node; do
    . "$here/lib/$part.sh"
done
[ $# -eq 1 ] || fail "in which folder are the programs?"
from=$1
installed=$state/ringfence
port=9470 controller_port=9471

# What an agent and a controller may do: what the chart gives them, and get, for whoever looks by their kubeconfigs.
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
- {apiGroups: [ringfence.io], resources: [nodestatuses], verbs: [create, patch]}
- {apiGroups: [ringfence.io], resources: [nodestatuses/status], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: ringfence-controller}
rules:
- {apiGroups: [""], resources: [nodes], verbs: [list, watch]}
- {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [list, watch]}
- apiGroups: [policy.networking.k8s.io]
  resources: [adminnetworkpolicies, baselineadminnetworkpolicies, clusternetworkpolicies]
  verbs: [list, watch]
- apiGroups: [policy.networking.k8s.io]
  resources: [adminnetworkpolicies/status, baselineadminnetworkpolicies/status, clusternetworkpolicies/status]
  verbs: [patch]
- {apiGroups: [ringfence.io], resources: [nodestatuses], verbs: [list, watch]}
- {apiGroups: [ringfence.io], resources: [policystatuses], verbs: [list, watch, create, patch]}
- {apiGroups: [ringfence.io], resources: [policystatuses/status], verbs: [patch]}
- {apiGroups: [events.k8s.io], resources: [events], verbs: [create, patch]}
- {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [create, get, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: ringfence-controller}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ringfence-controller}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: ringfence-controller}]
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
    install "$from/ringfence-agent" "$from/ringfence-cni" "$from/ringfence-controller" "$installed"
}

add_agent() { # NODE
    add_service "$1" ringfence-agent <<TEXT
exec "$installed/ringfence-agent" --node "$1" --kubeconfig "$state/ringfence-agent.kubeconfig" \
    --cgroup "$unified/$1" --cni-plugin "$installed/ringfence-cni" --listen 127.0.0.1:$port
TEXT
}

add_controller() { # NODE
    add_service "$1" ringfence-controller <<TEXT
exec "$installed/ringfence-controller" --identity "$1" --namespace kube-system \
    --kubeconfig "$state/ringfence-controller.kubeconfig" --listen 127.0.0.1:$controller_port
TEXT
}

# is_ready NODE PORT: what answers there, asked from inside of the node's network.
is_ready() {
    nsenter --net="/run/netns/$1" bash -c "exec 3<>/dev/tcp/127.0.0.1/$2 && printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3 &&
        head -n 1 <&3 | grep --quiet ' 200 '" 2>/dev/null
}

until_ready() { # NODE PORT SERVICE
    local deadline=$((SECONDS + 60))
    until is_ready "$1" "$2"; do
        [ "$SECONDS" -lt "$deadline" ] || fail "$3 of $1 is not ready; see $state/logs/$1-$3.log"
        sleep 0.2
    done
}

install_programs
for user in ringfence-agent ringfence-controller; do
    make_certificate "$user" "/CN=$user"
    make_kubeconfig "$state/$user.kubeconfig" "$user"
done
permissions | kubectl apply -f - >/dev/null
kubectl apply -f "$here/../../deploy/helm/ringfence/definitions" >/dev/null
kubectl wait --for=condition=Established crds nodestatuses.ringfence.io policystatuses.ringfence.io --timeout=60s >/dev/null
list=$(kubectl get nodes --output "jsonpath={.items[*].metadata.name}")
for node in $list; do add_agent "$node"; done
add_controller "${list%% *}"
for node in $list; do until_ready "$node" "$port" ringfence-agent; done
until_ready "${list%% *}" "$controller_port" ringfence-controller
echo "Ringfence is ready on every node"
