#!/usr/bin/env bash
# special-pods.sh: pods of a file are enforced like others; pods of the node's network are nobody's peer and are not selected
# (rulings N15, N16); what comes by a port of the node is judged behind it, by who sent it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
node=$(node_name 1)
port=8081

static_pods() {
    local folder
    folder=$(node_folder "$node")
    mkdir -p "$folder/manifests"
    grep --quiet staticPodPath "$folder/kubelet.yaml" || echo "staticPodPath: $folder/manifests" >>"$folder/kubelet.yaml"
    kill_of "$node" kubelet
}
no_static_pods() { rm -f "$(node_folder "$node")"/manifests/*.yaml; }
exists() { k get pod "$1" >/dev/null; }

# From the machine itself, which is outside of the cluster.
outside() { timeout 2 bash -c "$dial" "$1" "$port" 2>/dev/null; }
outside_is_shut() { refused outside "$1"; }
# From a node's own network, as its own processes do.
from_node() { nsenter --net="/run/netns/$1" timeout 2 bash -c "$dial" "$2" 80 2>/dev/null; }

# each_family COMMAND... ADDRESS, where the last two words are a function of the family.
each_node_address() { local family; for family in $families; do "$@" "$(node_address "$family" 1)" || return 1; done; }
hostport_reaches() { dials "$1" "$2" "$port"; }
hostport_is_shut() { if patience=1 dials "$1" "$2" "$port"; then echo "$1 reaches $2"; return 1; fi; }
node_reaches() { local family; for family in $families; do from_node "$1" "$(address "$2" "$family")" || return 1; done; }
node_is_shut() { local family; for family in $families; do if from_node "$1" "$(address "$2" "$family")"; then return 1; fi; done; }

make_namespace
{ pod server 2 ''; pod good 2 'role: good'; pod bad 2 ''; } | apply
know server good bad
only_good='ingress: [{from: [{podSelector: {matchLabels: {role: good}}}]}]'
policy server "{podSelector: {matchLabels: {name: server}}, $only_good}"

# --- of a file ---
undo+=(no_static_pods)
static_pods
for which in good bad; do
    role=
    [ "$which" != good ] || role='role: good'
    pod "file-$which" 1 "$role" | sed '/^---/d' | sed "s/^metadata: {/&namespace: $namespace, /" >"$(node_folder "$node")/manifests/$which.yaml"
done
for which in good bad; do expect "of a file: $which is there" eventually 60 exists "file-$which-$node"; done
expect_known "of a file: both run" "file-good-$node" "file-bad-$node"
expect "of a file: the allowed one is let in" eventually 10 reaches "file-good-$node" server
expect "of a file: its twin is not" shut "file-bad-$node" server
policy file "{podSelector: {matchLabels: {name: file-good}}, $only_good}"
expect "of a file, as the one to reach: a stranger is not let in" eventually 10 shut bad "file-good-$node"
expect "of a file, as the one to reach: its twin is" reaches good "file-good-$node"
no_static_pods

# --- of the node's network ---
pod host 1 'role: good' "netexec, --http-port=8090, --udp-port=8090" | sed 's/^spec:/&\n  hostNetwork: true/' | apply
k wait --for=condition=Ready pod/host --timeout=60s >/dev/null
expect "of the node's network: its label opens nothing on another node" node_is_shut "$node" server
expect "of the node's network: on the server's own node all are let in" node_reaches "$(node_name 2)" server
policy host '{podSelector: {matchLabels: {name: host}}, policyTypes: [Ingress, Egress]}'
sleep 1
host_answers() { dials bad "$1" 8090; }
expect "of the node's network: no policy isolates it" each_node_address host_answers
ranges() { printf '{ipBlock: {cidr: "%s"}}' "$(node_range "$1")"; }
policy server "{podSelector: {matchLabels: {name: server}}, ingress: [{from: [$(joined ', ' ranges)]}]}"
expect "of the node's network: a block of its address lets it in" eventually 10 node_reaches "$node" server

# --- a port of the node ---
pod published 1 '' "netexec, --http-port=80" | sed "s|\(image: [^,]*\), |\1, ports: [{containerPort: 80, hostPort: $port}], |" | apply
know published
expect "a port of the node, no policy: a pod reaches it" each_node_address hostport_reaches bad
expect "a port of the node, no policy: the outside does" each_node_address outside
policy published "{podSelector: {matchLabels: {name: published}}, $only_good}"
expect "a port of the node: another pod is not let in" eventually 10 each_node_address hostport_is_shut bad
expect "a port of the node: the allowed one is" each_node_address hostport_reaches good
expect "a port of the node: the outside is not" each_node_address outside_is_shut
blocks() { printf '{ipBlock: {cidr: "%s/%s"}}' "$(api_address "$1")" "$(case $1 in 4) echo 32 ;; 6) echo 128 ;; esac)"; }
policy published "{podSelector: {matchLabels: {name: published}}, ingress: [{from: [$(joined ', ' blocks)]}]}"
expect "a port of the node: a block lets the outside in" eventually 10 each_node_address outside
expect "a port of the node: and no pod" each_node_address hostport_is_shut good
end_tap
[ "$failed" -eq 0 ]
