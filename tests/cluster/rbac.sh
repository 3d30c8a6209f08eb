#!/usr/bin/env bash
# rbac.sh IMAGE: takes each verb on each kind away from the agent's ClusterRole, one at a time, and shows what fails without
# it. So nothing is in the role that is not needed. It needs a cluster that is up and has no Ringfence, and leaves it so.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
for part in process report chart; do
    . "$here/lib/$part.sh"
done
[ $# -eq 1 ] || fail "which image?"
image=$(realpath "$1")
role=$release-agent

# --- the role ---------------------------------------------------------------------------------

# granted: GROUP RESOURCE VERB, one a line, of the role as the chart has it; - is the group without a name.
granted() {
    local groups resources verbs group resource verb
    kubectl get clusterrole "$role" --output \
        'jsonpath={range .rules[*]}{.apiGroups}{" "}{.resources}{" "}{.verbs}{"\n"}{end}' | tr -d '[]' |
        while read -r groups resources verbs; do
            for group in ${groups//,/ }; do for resource in ${resources//,/ }; do for verb in ${verbs//,/ }; do
                [ "$group" != '""' ] || group='"-"'
                echo "${group//\"/} ${resource//\"/} ${verb//\"/}"
            done; done; done
        done
}

# grant: makes the role of such lines.
grant() {
    local group resource verb
    {
        echo "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: $role}, rules: ["
        while read -r group resource verb; do
            echo "{apiGroups: [\"${group#-}\"], resources: [$resource], verbs: [$verb]},"
        done
        echo "]}"
    } | kubectl replace -f - >/dev/null
}

# --- what is asked ----------------------------------------------------------------------------

# Its watches were allowed when they began, so another agent has to begin them.
another_agent() {
    local before
    before=$(agent_pods)
    kubectl --namespace "$system" delete pods --selector app.kubernetes.io/component=agent --wait=true >/dev/null
    soon 60 other_agents "$before" || fail "no other agent starts"
}
other_agents() { [ -n "$(agent_pods)" ] && [ "$(agent_pods)" != "$1" ] && asked 1 /healthz >/dev/null; }

# lists RESOURCE: all of them are known.
lists() {
    soon 20 asked 1 /readyz >/dev/null
    soon 6 agent_is_ready 1
}

kind_of() {
    case $1 in
        namespaces) echo Namespace ;; nodes) echo Node ;; pods) echo Pod ;; services) echo Service ;;
        endpointslices) echo EndpointSlice ;; networkpolicies) echo NetworkPolicy ;;
        adminnetworkpolicies) echo AdminNetworkPolicy ;;
        baselineadminnetworkpolicies) echo BaselineAdminNetworkPolicy ;;
        clusternetworkpolicies) echo ClusterNetworkPolicy ;;
        *) fail "there is no object to try $1 with" ;;
    esac
}

known() { asked 1 /metrics | sed -n "s/^ringfence_agent_objects{kind=\"$(kind_of "$1")\"} //p"; }
knows() { [ "$(known "$1")" = "$2" ]; }

# object RESOURCE: one that changes nothing for anybody.
object() {
    local name="{name: rbac-test}" placed="{name: rbac-test, namespace: default}" kind
    kind=$(kind_of "$1")
    case $1 in
        namespaces | nodes) echo "{apiVersion: v1, kind: $kind, metadata: $name}" ;;
        pods) echo "{apiVersion: v1, kind: Pod, metadata: $placed, spec: {nodeSelector: {nowhere: \"\"}, containers: [{name: a, image: a}]}}" ;;
        services) echo "{apiVersion: v1, kind: Service, metadata: $placed, spec: {clusterIP: None, selector: {nobody: \"\"}}}" ;;
        endpointslices) echo "{apiVersion: discovery.k8s.io/v1, kind: $kind, metadata: $placed, addressType: IPv4, endpoints: []}" ;;
        networkpolicies) echo "{apiVersion: networking.k8s.io/v1, kind: $kind, metadata: $placed, spec: {podSelector: {matchLabels: {nobody: \"\"}}}}" ;;
        adminnetworkpolicies) echo "{apiVersion: policy.networking.k8s.io/v1alpha1, kind: $kind, metadata: $name, spec: {priority: 5, subject: {namespaces: {matchLabels: {nobody: \"\"}}}}}" ;;
        baselineadminnetworkpolicies) echo "{apiVersion: policy.networking.k8s.io/v1alpha1, kind: $kind, metadata: {name: default}, spec: {subject: {namespaces: {matchLabels: {nobody: \"\"}}}}}" ;;
        clusternetworkpolicies) echo "{apiVersion: policy.networking.k8s.io/v1alpha2, kind: $kind, metadata: $name, spec: {priority: 5, tier: Admin, subject: {namespaces: {matchLabels: {nobody: \"\"}}}}}" ;;
    esac
}

# follows RESOURCE: one more of them is heard of.
follows() {
    local before heard=0
    soon 20 knows_any "$1" || return 1
    before=$(known "$1")
    object "$1" | kubectl create -f - >/dev/null
    soon 4 knows "$1" $((before + 1)) || heard=1
    object "$1" | kubectl delete --wait=false -f - >/dev/null
    return "$heard"
}
knows_any() { [ -n "$(known "$1")" ]; }

# What a verb is for.
check() { case $2 in list) lists ;; watch) follows "$1" ;; *) fail "no check is known for the verb $2" ;; esac; }

# --- the switch -------------------------------------------------------------------------------

# switch_verbs VERBS: what the agent may do with the one ConfigMap.
switch_verbs() {
    kubectl --namespace "$system" patch role "$role" --type json --patch \
        "[{\"op\": \"replace\", \"path\": \"/rules/0/verbs\", \"value\": [$1]}]" >/dev/null
}

# follows_switch: whether the agent does what the ConfigMap says now.
follows_switch() {
    local heard=0
    turn audit
    soon 4 audits || heard=1
    turn enforce
    return "$heard"
}
turn() {
    kubectl --namespace "$system" patch configmap ringfence --type merge --patch "{\"data\":{\"enforcement\":\"$1\"}}" >/dev/null
}
audits() { asked 1 /metrics | grep --quiet '^ringfence_agent_audit 1'; }

# --- the course of it -------------------------------------------------------------------------

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kubectl apply -f "$bin/kinds" >/dev/null
kubectl wait --for=condition=Established crds --all --timeout=60s >/dev/null
make_system_namespace
import_image "$image"
values >"$work/values.yaml"
helm install "$release" "$chart" --values "$work/values.yaml" --set nodeSelector."kubernetes\.io/hostname"="$(node_name 1)" \
    --wait --timeout 3m >/dev/null
granted >"$work/all"
ok "the agent is ready with the chart's role" soon 60 agent_is_ready 1
for resource in $(cut -d' ' -f2 "$work/all" | sort -u); do
    ok "with the chart's role it follows $resource" follows "$resource"
done
while read -r line <&4; do
    read -r group resource verb <<<"$line"
    grep --invert-match --line-regexp --fixed-strings --regexp="$line" "$work/all" | grant
    another_agent
    no "without $verb on $resource it does not $verb them" check "$resource" "$verb"
done 4<"$work/all"
grant <"$work/all"
another_agent
ok "with the chart's role it follows the switch" follows_switch
for verb in list watch; do
    switch_verbs "\"$([ $verb = list ] && echo watch || echo list)\""
    another_agent
    no "without $verb on configmaps it does not follow the switch" follows_switch
done
switch_verbs '"list", "watch"'
another_agent
ok "with all of it again the agent is ready" soon 60 agent_is_ready 1
helm uninstall "$release" --wait --timeout 5m >/dev/null
kubectl delete --wait=false -f "$bin/kinds" >/dev/null
kubectl delete namespace "$system" --wait=false >/dev/null
conclude check=rbac
