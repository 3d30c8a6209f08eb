#!/usr/bin/env bash
# check.sh: whether a cluster that is up does what a cluster does, in TAP. In each family, from every node: pods on both nodes, a
# Service, the API server's Service, and names; and twins that must not answer, so that an answer means something.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
. "$here/lib/tap.sh"
namespace=check
kubectl() { "$bin/kubectl" --kubeconfig "$kubeconfig" --namespace "$namespace" "$@"; }

image=$(<"$bin/images/agnhost.name")
both=SingleStack
[ "$families" = "$first_family" ] || both=RequireDualStack

start() {
    kubectl create namespace "$namespace" >/dev/null
    kubectl apply -f - >/dev/null <<TEXT
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - {name: web, image: "$image", args: [netexec, --http-port=80], readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ipFamilyPolicy: $both, ports: [{port: 8080, targetPort: 80}]}
TEXT
    kubectl rollout status daemonset/web --timeout=120s >/dev/null
}

# names_of POD: what a pod's name server says of the Service, one address a line.
names_of() { kubectl exec "$1" -- nslookup web.check.svc.cluster.local | sed -n 's/^Address: *\([0-9a-f.:]*\)$/\1/p' | sort; }

# reach POD HOST PORT, where the host of IPv6 has brackets.
reach() { kubectl exec "$1" -- /agnhost connect --timeout=2s "$2:$3"; }

hosted() { case $1 in *:*) echo "[$1]" ;; *) echo "$1" ;; esac }

addresses_of() { kubectl get pods --output "jsonpath={.items[*].status.podIPs[*].ip}"; }
service_addresses() { kubectl get service web --output "jsonpath={.spec.clusterIPs[*]}"; }

check_from() {
    local address wanted
    for address in $(addresses_of); do
        expect "$1 to the pod $address" reach "$1" "$(hosted "$address")" 80
        expect "$1 to a closed port of $address" refused reach "$1" "$(hosted "$address")" 81
    done
    for address in $(service_addresses); do
        expect "$1 to the Service $address" reach "$1" "$(hosted "$address")" 8080
        expect "$1 to no port of the Service $address" refused reach "$1" "$(hosted "$address")" 80
    done
    expect "$1 to the API server" reach "$1" kubernetes.default.svc.cluster.local 443
    expect "$1 to a name that there is not" refused reach "$1" nobody.check.svc.cluster.local 443
    wanted=$(service_addresses | tr ' ' '\n' | sort)
    expect "$1 asks for the Service's addresses" test "$(names_of "$1")" = "$wanted"
}

start
wanted=$(wc -w <<<"$families")
found=$(addresses_of | wc -w)
expect "addresses of pods: $found" test "$found" -eq $((nodes * wanted))
for pod in $(kubectl get pods --output "jsonpath={.items[*].metadata.name}"); do check_from "$pod"; done
"$bin/kubectl" --kubeconfig "$kubeconfig" delete namespace "$namespace" >/dev/null
end_tap
[ "$failed" -eq 0 ]
