#!/usr/bin/env bash
# cni.sh: the CNI specification through libcni's own cnitool, on the first node of a cluster that is up and has Ringfence.
# It says in TAP what it found. The kubelet of that node is stopped meanwhile, since the pod is started by hand.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
for part in process control_plane node tap; do
    . "$here/lib/$part.sh"
done
node=$(node_name 1)
work=$state/cni
netns=$name-cni

# --- asking -----------------------------------------------------------------------------------

# in_chain COMMAND...: on the node, with the chain and the version that are chosen.
in_chain() {
    "$here/on-node.sh" 1 env CNI_PATH="$work/bin" NETCONFPATH="$work/$chain" \
        CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=cni;K8S_POD_UID=$uid;K8S_POD_INFRA_CONTAINER_ID=box" \
        "$@"
}

# tool COMMAND: cnitool for the pod.
tool() { in_chain "$bin/cnitool" "$1" "$chain" "/run/netns/$netns"; }

# collect CONTAINER...: the garbage, where these are none.
collect() { in_chain "$bin/gc" "$chain" "$@"; }

# How cnitool calls the container of a network namespace.
container() { echo "cnitool-$(printf '/run/netns/%s' "$netns" | sha512sum | head -c 20)"; }

# added: ADD gives an address of each family, in the chain's own version.
added() {
    local result
    result=$(tool add) || { echo "$result"; return 1; }
    echo "$result"
    jq --exit-status --arg version "$version" --argjson families "$(wc -w <<<"$families")" \
        '.cniVersion == $version and (.ips | length) == $families' <<<"$result" >/dev/null
}

has_interface() { "$here/on-node.sh" 1 ip -n "$netns" link show eth0; }

pins() { "$here/on-node.sh" 1 find /sys/fs/bpf -type f | wc -l; }

# --- preparing --------------------------------------------------------------------------------

# Above what the node's own network gives away.
range() {
    local whole
    whole=$(pod_range "$1" 1)
    case $1 in
        4) printf '[{"subnet": "%s", "rangeStart": "%s"}]' "$whole" "${whole/.0\/24/.200}" ;;
        6) printf '[{"subnet": "%s", "rangeStart": "%s"}]' "$whole" "${whole/::\/64/::f000}" ;;
    esac
}

# What flannel's daemon would say of the node: a part of its range, of IPv4 alone.
flannel_subnet() {
    local whole
    whole=$(pod_range 4 1)
    printf '%s\n' "FLANNEL_NETWORK=$whole" "FLANNEL_SUBNET=${whole/.0\/24/.193\/26}" FLANNEL_MTU=1450 FLANNEL_IPMASQ=false
}

# The first plugin of a chain.
first() { # PLUGIN
    case $1 in
        flannel)
            flannel_subnet >"$work/subnet.env"
            printf '{"type": "flannel", "subnetFile": "%s", "dataDir": "%s", "delegate": {"bridge": "cnitest1", "isGateway": true}}' \
                "$work/subnet.env" "$work/flannel"
            ;;
        *)
            printf '{"type": "%s", "bridge": "cnitest0", "isGateway": true, "ipam": %s}' "$1" \
                '{"type": "host-local", "dataDir": "'"$work/addresses"'", "ranges": ['"$(joined ', ' range)"']}'
            ;;
    esac
}

make_chain() { # PLUGIN
    chain=cni-$1-$version
    mkdir -p "$work/$chain"
    cat >"$work/$chain/10.conflist" <<TEXT
{"cniVersion": "$version", "name": "$chain", "plugins": [
  $(first "$1"),
  {"type": "ringfence-cni", "ringfence": {"socket": "/run/ringfence/cni.sock", "timeoutSeconds": 10}}
]}
TEXT
}

# The pod is known to the API server, as every pod is that a kubelet starts.
make_pod() {
    kubectl apply --filename - >/dev/null <<TEXT
apiVersion: v1
kind: Pod
metadata: {name: cni}
spec: {nodeName: $node, containers: [{name: one, image: "$(<"$bin/images/agnhost.name")"}]}
TEXT
    uid=$(kubectl get pod cni --output 'jsonpath={.metadata.uid}')
    "$here/on-node.sh" 1 ip netns add "$netns"
}

# --- the specification ------------------------------------------------------------------------

check_lifecycle() { # PLUGIN
    make_chain "$1"
    local what="$1, $version"
    expect "$what: ADD" added
    expect "$what: the interface is there" has_interface
    if [ "$version" != 0.3.1 ]; then expect "$what: CHECK" tool check; fi
    expect "$what: DEL" tool del
    expect "$what: the interface is gone" refused has_interface
    expect "$what: DEL of what is not there" tool del
    if [ "$version" != 0.3.1 ]; then expect "$what: CHECK of what is not there" refused tool check; fi
    [ "$version" = 1.1.0 ] || return 0
    expect "$what: STATUS" tool status
    check_collection
}

# Whoever names no list of what is valid would collect every pod's protection, so that is refused.
check_collection() {
    expect "$what: ADD, to be collected" added
    expect "$what: GC where it is valid" collect "$(container)"
    expect "$what: CHECK of what was valid" tool check
    expect "$what: GC where another one is valid" collect another
    expect "$what: CHECK of what was collected" refused tool check
    expect "$what: DEL of what was collected" tool del
    expect "$what: GC without a list" refused tool gc
}

# Without an agent nothing can be attached, everything can be taken away, and the node says that it is not ready.
check_without_agent() {
    local script
    script=$(node_folder "$node")/services/ringfence-agent
    make_chain bridge
    expect "before the agent is gone: ADD" added
    mv "$script" "$work/agent"
    until refused "$here/on-node.sh" 1 pgrep --exact ringfence-agent >/dev/null; do sleep 0.1; done
    expect "without an agent: STATUS" refused tool status
    expect "without an agent: DEL" tool del
    expect "without an agent: ADD" refused tool add
    expect "without an agent: DEL after ADD" tool del
    mv "$work/agent" "$script"
    "$here/ringfence.sh" "$state/ringfence" >/dev/null
    expect "with the agent again: STATUS" tool status
}

# Pods that come and go, one after another. CNI_ROUNDS says how many.
come_and_go() {
    local round
    for round in $(seq "$1"); do
        { tool add && tool del; } >/dev/null || { echo "round $round"; return 1; }
    done
}

# What a node has of what we pin, of interfaces, and of what the agent remembers.
held() { echo "$(pins) pins, $("$here/on-node.sh" 1 ip -o link | wc -l) interfaces, $("$here/on-node.sh" 1 grep --only-matching '"netns"' /run/ringfence/agent/attachments.json | wc -l) notes"; }

check_rounds() {
    local rounds=${CNI_ROUNDS:-25} began=$SECONDS before version=1.1.0
    make_chain bridge
    before=$(held)
    expect "$rounds times ADD and DEL" come_and_go "$rounds"
    echo "# $rounds times in $((SECONDS - began)) s; before: $before; after: $(held)"
    expect "nothing is left of them" test "$(held)" = "$before"
}

rm -rf "$work"
mkdir -p "$work/bin"
cp "$bin"/plugins/* "$state/ringfence/ringfence-cni" "$work/bin/"
remove_service "$node" kubelet
until refused "$here/on-node.sh" 1 pgrep --exact kubelet >/dev/null; do sleep 0.1; done
make_pod
before=$(pins)
for version in 0.3.1 0.4.0 1.0.0 1.1.0; do
    for plugin in bridge ptp; do check_lifecycle "$plugin"; done
done
# Its plugin is older than versions 1, and knows one family.
for version in 0.3.1 0.4.0; do families=4 check_lifecycle flannel; done
check_rounds
check_without_agent
expect "as many pins as before: $before" test "$(pins)" -eq "$before"
"$here/on-node.sh" 1 ip netns delete "$netns"
kubectl delete pod cni --grace-period=0 --force >/dev/null 2>&1
add_services 1
end_tap
[ "$failed" -eq 0 ]
