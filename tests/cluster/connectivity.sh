#!/usr/bin/env bash
# connectivity.sh: whether the network of a cluster that is up, with Ringfence on its nodes, does what is proved of it, and whether
# the commands that ask agents say so too. The command line is in the folder RINGFENCE_PROGRAMS. ClusterNetworkPolicies are
# defined if they are not.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
. "$here/lib/tap.sh"
ringfence=$(realpath "${RINGFENCE_PROGRAMS:-$here/../../target/debug}/ringfence")
[ -x "$ringfence" ] || fail "there is no command line at $ringfence"
kubectl() { "$bin/kubectl" --kubeconfig "$kubeconfig" "$@"; }
rf() { "$ringfence" "$@" --kubeconfig "$kubeconfig"; }
# on NODE COMMAND...: in a node's network, where its agent listens.
on() { nsenter --net="/run/netns/$1" "${@:2}"; }
image=$(<"$bin/images/agnhost.name")
server=127.0.0.1:9470
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tested() { rf connectivity-test --image "$image" "$@" >"$work/out" 2>"$work/err" || { cat "$work/err" "$work/out"; return 1; }; }
counted() { tail -n 1 "$work/out"; }
nothing_left() {
    [ -z "$(kubectl get namespaces --selector ringfence.io/connectivity-test --output name)" ]
}
policies_are_served() { kubectl get clusternetworkpolicies >/dev/null 2>&1; }

if ! policies_are_served; then
    kubectl apply --server-side --filename "$bin/kinds/clusternetworkpolicies.yaml" >/dev/null
    kubectl wait --for=condition=Established --timeout=60s \
        crd/clusternetworkpolicies.policy.networking.k8s.io >/dev/null
fi

expect "every probe comes out as the oracle says" tested
sed 's/^/# /' "$work/err"
echo "# $(counted)"
expect "all pairs were tried" grep -q "^pairs=$((nodes * nodes)) probes=[1-9]" "$work/out"
expect "nothing is left of it" nothing_left

expect "a test is interrupted" refused timeout --signal=INT 8 \
    "$ringfence" connectivity-test --kubeconfig "$kubeconfig" --image "$image"
expect "nothing is left of that either" nothing_left

for node in $(kubectl get nodes --output "jsonpath={.items[*].metadata.name}"); do
    expect "$node enforces" on "$node" "$ringfence" status --server $server
    on "$node" "$ringfence" flows --server $server --verdict deny --last 100000 -o json >"$work/flows" || true
    expect "$node told of denials" grep -q 'ringfence-test-servers/default-deny' "$work/flows"
done
end_tap
[ "$failed" -eq 0 ]
