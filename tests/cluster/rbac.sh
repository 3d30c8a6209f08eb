#!/usr/bin/env bash
# rbac.sh IMAGE: takes each verb on each kind away from the ClusterRoles of agent and controller, one at a time, and shows what
# fails without it. So nothing is in a role that is not needed. It needs a cluster that is up and has no Ringfence, and leaves
# it so. The controller's Role for its Lease is not tried here.
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
check() { case $2 in list) lists ;; watch) follows "$1" ;; create | patch) says ;; *) fail "no check is known for the verb $2" ;; esac; }

# says: the status of the node is there, written since the last agent began.
says() { soon 20 has_status; }
has_status() { [ -n "$(kubectl get nodestatus "$(node_name 1)" --output 'jsonpath={.status.since}' 2>/dev/null)" ]; }

# --- what is asked of the controller ----------------------------------------------------------

controllers() { kubectl --namespace "$system" get pods --selector app.kubernetes.io/component=controller "$@"; }
controller_is_ready() { controllers --output 'jsonpath={.items[*].status.containerStatuses[*].ready}' | grep --quiet --word-regexp true; }

# Another one, which knows nothing yet, and nothing that one before wrote.
another_controller() {
    kubectl delete networkpolicies,clusternetworkpolicies,adminnetworkpolicies,baselineadminnetworkpolicies \
        --all --namespace default >/dev/null 2>&1
    kubectl delete events.events.k8s.io --all --namespace default >/dev/null
    kubectl --namespace "$system" delete pods --selector app.kubernetes.io/component=controller --wait=true >/dev/null
}

# programmed RESOURCE: what is said of one of them that comes while somebody watches.
programmed() {
    local of="$1/rbac-test"
    [ "$1" != baselineadminnetworkpolicies ] || of=$1/default
    [ "$1" != networkpolicies ] || of=policystatus/rbac-test
    kubectl --namespace default get "$of" --output 'jsonpath={.status.conditions[?(@.type=="Programmed")].status}' 2>/dev/null |
        grep --quiet True
}
speaks_of() {
    soon 20 controller_is_ready || return 1
    kubectl delete --ignore-not-found --wait=true -f <(object "$1") >/dev/null
    object "$1" | kubectl create -f - >/dev/null
    soon 20 programmed "$1"
}
counts_nodes() {
    local heard=0
    speaks_of networkpolicies || return 1
    # One that should have an agent as well, by the chart's nodeSelector.
    kubectl create -f - >/dev/null <<TEXT
apiVersion: v1
kind: Node
metadata: {name: rbac-test, labels: {kubernetes.io/os: linux, kubernetes.io/hostname: $(node_name 1)}}
TEXT
    soon 10 refused_programmed || heard=1
    kubectl delete node rbac-test >/dev/null
    return "$heard"
}
refused_programmed() { ! programmed networkpolicies; }
puts_back() {
    speaks_of networkpolicies || return 1
    kubectl --namespace default delete policystatus rbac-test >/dev/null
    soon 10 programmed networkpolicies
}
events() { kubectl --namespace default get events.events.k8s.io --output "jsonpath={.items[?(@.reason==\"Programmed\")]$1}"; }
tells() { speaks_of networkpolicies && soon 10 told .reason; }
told() { [ -n "$(events "$1")" ]; }
# The second time of the same is a patch of the first.
tells_again() {
    tells || return 1
    kubectl --namespace default patch networkpolicy rbac-test --type merge --patch '{"spec": {"policyTypes": ["Egress"]}}' >/dev/null
    soon 20 told .series.count
}

# of_controller RESOURCE VERB: what that is for.
of_controller() {
    case $1/$2 in
        */list) soon 20 controller_is_ready ;;
        nodes/watch) counts_nodes ;;
        nodestatuses/watch) speaks_of networkpolicies ;;
        policystatuses/watch) puts_back ;;
        policystatuses/* | policystatuses/status/*) speaks_of networkpolicies ;;
        events/create) tells ;;
        events/patch) tells_again ;;
        */status/patch) speaks_of "${1%/status}" ;;
        */watch) speaks_of "$1" ;;
        *) fail "no check is known for $2 on $1" ;;
    esac
}

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
    --set controller.replicas=1 --wait --timeout 3m >/dev/null
granted >"$work/all"
ok "the agent is ready with the chart's role" soon 60 agent_is_ready 1
for resource in $(awk '$3 == "watch" { print $2 }' "$work/all"); do
    ok "with the chart's role it follows $resource" follows "$resource"
done
while read -r line <&4; do
    read -r group resource verb <<<"$line"
    grep --invert-match --line-regexp --fixed-strings --regexp="$line" "$work/all" | grant
    [ "$group" != ringfence.io ] || kubectl delete nodestatuses --all >/dev/null
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
ok "and says so" says
role=$release-controller
granted >"$work/all"
while read -r resource verb <&4; do
    another_controller
    ok "with the chart's role the controller can $verb $resource" of_controller "$resource" "$verb"
done 4< <(cut -d' ' -f2,3 "$work/all")
while read -r line <&4; do
    read -r group resource verb <<<"$line"
    grep --invert-match --line-regexp --fixed-strings --regexp="$line" "$work/all" | grant
    another_controller
    no "without $verb on $resource the controller cannot" of_controller "$resource" "$verb"
done 4<"$work/all"
helm uninstall "$release" --wait --timeout 5m >/dev/null
kubectl delete --wait=false -f "$bin/kinds" >/dev/null
kubectl delete namespace "$system" --wait=false >/dev/null
conclude check=rbac
