#!/usr/bin/env bash
# rollout.sh RINGFENCE: what the chart brings for rolling out, and what the command line RINGFENCE does with it, against a real
# API server. A control plane alone is enough (CLUSTER_NODES=0); there must be no Ringfence, and none is left.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
for part in process report chart; do
    . "$here/lib/$part.sh"
done
[ $# -eq 1 ] || fail "which ringfence?"
program=$(realpath "$1")
label=ringfence.io/enforcement
team=rollout-team     # may change namespaces, and not that label
admin=rollout-admin   # may change that label as well

ringfence() { "$program" "$@" --kubeconfig "$kubeconfig"; }
as() { kubectl --as "$1" "${@:2}"; }

# --- the label --------------------------------------------------------------------------------

guard() {
    helm template "$release" "$chart" --show-only templates/enforcement-label.yaml | kubectl apply -f - >/dev/null
    kubectl create clusterrole rollout-namespaces --verb=create,get,update,patch --resource=namespaces >/dev/null
    kubectl create clusterrolebinding rollout-team --clusterrole=rollout-namespaces --user="$team" --user="$admin" >/dev/null
    kubectl create clusterrolebinding rollout-admin --clusterrole="$release-set-enforcement" --user="$admin" >/dev/null
    kubectl create namespace rollout >/dev/null
}

# An API server compiles a policy a moment after it has it.
is_guarded() { ! as "$team" label namespace rollout "$label=audit" --overwrite --dry-run=server; }

labels() {
    guard
    ok "the guard comes into force" soon 20 is_guarded
    no "a team does not set the label" as "$team" label namespace rollout "$label=audit"
    ok "a team sets another label" as "$team" label namespace rollout team=blue
    no "a team makes no namespace with the label" named "$team" rollout-new audit
    ok "a team makes a namespace without it" named "$team" rollout-new ""
    ok "an administrator sets the label" as "$admin" label namespace rollout "$label=audit"
    no "a team does not take the label away" as "$team" label namespace rollout "$label-"
    no "a team does not change it" as "$team" label namespace rollout "$label=enforce" --overwrite
    ok "a team still sets another label" as "$team" label namespace rollout team=green --overwrite
    no "an administrator sets no other word" as "$admin" label namespace rollout "$label=Audit" --overwrite
    ok "an administrator takes the label away" as "$admin" label namespace rollout "$label-"
}

named() { # USER NAME WORD
    echo "{apiVersion: v1, kind: Namespace, metadata: {name: $2, labels: {${3:+$label: $3}}}}" | as "$1" create -f -
}

# --- the switch -------------------------------------------------------------------------------

# says WORD HELM-WORDS...: whether the chart would write that word.
says() {
    local word
    word=$(helm "${@:2}" --dry-run=server --output json | grep -o 'enforcement: [a-z]*\\n' | head -n 1)
    [ "$word" = "enforcement: $1\\n" ]
}
would_install() { says "$1" install "$release" "$chart" "${@:2}"; }
would_upgrade() { says "$1" upgrade "$release" "$chart" "${@:2}"; }

policy() {
    echo '{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p}, spec: {podSelector: {}}}' |
        kubectl --namespace rollout "$1" -f - >/dev/null
}

switch() {
    make_system_namespace
    ok "a cluster without policies: enforce" would_install enforce
    policy create
    ok "a cluster with policies: audit" would_install audit
    ok "a word of the values wins" would_install enforce --set enforcement=enforce
    # No node has to be there for a release to be.
    helm install "$release" "$chart" --no-hooks >/dev/null
    ok "it is installed in audit" holds audit
    ok "an upgrade keeps that" would_upgrade audit
    kubectl --namespace "$system" patch configmap ringfence --type merge --patch '{"data":{"enforcement":"enforce"}}' >/dev/null
    ok "an upgrade keeps what somebody wrote" would_upgrade enforce
    ok "a word of the values wins in an upgrade" would_upgrade audit --set enforcement=audit
}
holds() { [ "$(data enforcement)" = "$1" ]; }
data() { kubectl --namespace "$system" get configmap ringfence --output "jsonpath={.data['$1']}"; }

# --- the glass --------------------------------------------------------------------------------

glass() {
    ok "disable" ringfence disable --for 30m --reason "a test"
    ok "it says until when, by whom and why" written disabled
    ok "disable one node" ringfence disable --for 10m --node n1
    ok "that is another key" written disabled.n1
    no "a node alone is not enabled while all are disabled" ringfence enable --node n1
    helm upgrade "$release" "$chart" --no-hooks --set agent.logJson=false >/dev/null
    ok "an upgrade leaves it" written disabled
    ok "enable" ringfence enable
    ok "nothing of it is left" test -z "$(data disabled)$(data 'disabled\.n1')"
    ok "the switch is as it was" holds enforce
    ok "it is an Event of the ConfigMap" recorded "$system" EnforcementDisabled
    ok "it is an Event of the node" recorded default EnforcementDisabled
    ok "so is its end" recorded "$system" EnforcementEnabled
    no "longer than a day is refused" ringfence disable --for 25h
    ok "preflight of the cluster finds nothing that blocks" ringfence preflight --live
}
written() { data "${1//./\\.}" | grep '"by":"' | grep '"until":"'; }
recorded() { [ -n "$(kubectl --namespace "$1" get events --field-selector "reason=$2" --output name)" ]; }

leave() {
    helm uninstall "$release" --no-hooks >/dev/null
    helm template "$release" "$chart" --show-only templates/enforcement-label.yaml |
        kubectl delete --ignore-not-found -f - >/dev/null
    kubectl delete clusterrole rollout-namespaces >/dev/null
    kubectl delete clusterrolebinding rollout-team rollout-admin >/dev/null
    kubectl delete namespace rollout rollout-new "$system" --wait=false >/dev/null
}

labels
# The release brings the guard itself.
helm template "$release" "$chart" --show-only templates/enforcement-label.yaml | kubectl delete -f - >/dev/null
switch
glass
leave
conclude check=rollout
