#!/usr/bin/env bash
# probes.sh: pods that nobody may reach are asked by their kubelet how they are, in every way there is, and stay ready. Twins:
# another pod is kept out of the same ports, and a probe of a port where nobody listens fails.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

probed() { # NAME NODE PROBE ARGUMENTS
    cat <<TEXT
apiVersion: v1
kind: Pod
metadata: {name: $1, labels: {name: $1}}
spec:
  nodeName: $(node_name "$2")
  terminationGracePeriodSeconds: 0
  containers:
  - name: one
    image: "$image"
    args: [$4]
    startupProbe: {$3, periodSeconds: 1, failureThreshold: 60}
    readinessProbe: {$3, periodSeconds: 1, timeoutSeconds: 5}
    livenessProbe: {$3, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 3}
---
TEXT
}

restarts() { k get pod "$1" --output 'jsonpath={.status.containerStatuses[0].restartCount}'; }
is_ready() { test "$(k get pod "$1" --output 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True; }

make_namespace
policy nobody '{podSelector: {}, policyTypes: [Ingress, Egress]}'
serve="netexec, --http-port=80"
kinds=(http tcp exec grpc)
for which in $(seq "$nodes"); do
    probed "http-$which" "$which" 'httpGet: {path: /hostname, port: 80}' "$serve"
    probed "tcp-$which" "$which" 'tcpSocket: {port: 80}' "$serve"
    probed "exec-$which" "$which" 'exec: {command: ["true"]}' "$serve"
    probed "grpc-$which" "$which" 'grpc: {port: 5000}' grpc-health-checking
done | apply
probed wrong 1 'tcpSocket: {port: 81}' "$serve" | apply
pod other 1 '' | apply
know other
for kind in "${kinds[@]}"; do
    for which in $(seq "$nodes"); do expect_known "$kind: the pod on node $which gets ready" "$kind-$which"; done
done
expect "for ten seconds all of them stay ready" holds 10 is_ready "http-1"
for kind in "${kinds[@]}"; do
    port=80
    [ "$kind" != grpc ] || port=5000
    for which in $(seq "$nodes"); do
        expect "$kind: the pod on node $which is ready" is_ready "$kind-$which"
        same "$kind: restarts of the pod on node $which" "$(restarts "$kind-$which")" 0
        expect "$kind: another pod does not get in on node $which" shut other "$kind-$which" "$port"
    done
done
expect "a probe of a port where nobody listens fails" refused is_ready wrong
end_tap
[ "$failed" -eq 0 ]
