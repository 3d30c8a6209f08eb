#!/usr/bin/env bash
# helm.sh IMAGE: whether the chart does what it should on a cluster that is up and has no Ringfence: install, upgrade and roll
# back under a connection that must not break, and uninstall, after which nothing of ours is on any node. IMAGE is what
# deploy/image/build.sh wrote.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
for part in process report chart; do
    . "$here/lib/$part.sh"
done
[ $# -eq 1 ] || fail "which image?"
[ "$nodes" -ge 2 ] || fail "two nodes are needed"
image=$(realpath "$1")
tests=chart-test
web=
agnhost=$(<"$bin/images/agnhost.name")
box() { kubectl --namespace "$tests" "$@"; }

# --- what is tried ----------------------------------------------------------------------------

# pod NAME ROLE NODE COMMAND: a shell's command, in a pod that is not started again when it ends.
pod() {
    cat <<TEXT
---
apiVersion: v1
kind: Pod
metadata: {name: $1, labels: {role: $2}}
spec:
  nodeName: $(node_name "$3")
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: "$agnhost", command: [/bin/sh, -c, '$4']}]
TEXT
}

# Answers on 80, and repeats on 9 what it is told.
server='nc -ll -p 9 -e cat & exec /agnhost netexec --http-port=80'
idle='while :; do sleep 3600; done'
# Asks all the time, and writes down when it was let through and when not.
asker='while :; do if /agnhost connect --timeout=300ms $WEB:80 2>/dev/null; then echo open; else echo shut; fi >>/tmp/seen; done'
# One connection, with a number every tenth of a second; the other end gives it back.
talker='i=0; while :; do i=$((i + 1)); echo $i; usleep 100000; done | nc $WEB 9 >/tmp/back'

start() { # NAME ROLE NODE COMMAND
    pod "$1" "$2" "$3" "${4//\$WEB/$web}" | box apply -f - >/dev/null
    box wait --for=condition=Ready "pod/$1" --timeout=60s >/dev/null
}

reaches() { box exec "$1" -- /agnhost connect --timeout=2s "$web:80"; }

policy() {
    box apply -f - >/dev/null <<'TEXT'
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {role: web}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {role: friend}}}]}]
TEXT
}

# written POD FILE WORD: how many lines are that word.
written() { box exec "$1" -- sh -c "grep -c $3 $2 || true"; }
more_than() { [ "$(written "$1" "$2" "$3")" -gt "$4" ]; }

# All numbers came back, in order, and the last one just now.
talks() {
    local before
    before=$(box exec talker -- tail -n 1 /tmp/back)
    soon 10 later "$before" && box exec talker -- awk '$1 != NR { exit 1 }' /tmp/back
}
later() { [ "$(box exec talker -- tail -n 1 /tmp/back)" -gt "$1" ]; }

# --- what is left -----------------------------------------------------------------------------

# belongings NUMBER: everything on a node that could be ours, in a form that can be compared. A link-local address of a veth
# comes a second after its veth, whoever made that.
belongings() {
    on "$1" sh -c '
        find /etc/cni/net.d /opt/cni/bin -type f -exec sha256sum {} + | sort -k 2
        find /sys/fs/bpf /run/ringfence -mindepth 1 2>/dev/null | sort
        for family in -4 -6; do ip $family route show table all | grep -v "fe80:.* dev veth" | sort; ip $family rule; done
        bpftool net show
        tc qdisc show | grep clsact
        true'
    bpftool cgroup tree "$unified/$(node_name "$1")" || true
}

remember() {
    local which
    for which in $(seq "$nodes"); do belongings "$which" >"$work/$1.$which"; done
}

same_as_before() {
    local which
    remember after
    for which in $(seq "$nodes"); do diff "$work/before.$which" "$work/after.$which" >"$work/diff" || return 1; done
}

# --- the course of it -------------------------------------------------------------------------

prepare() {
    kubectl create namespace "$tests" >/dev/null
    start web web 1 "$server"
    web=$(box get pod web --output "jsonpath={.status.podIP}")
    start friend friend 2 "$idle"
    start stranger stranger 2 "$idle"
    start asker stranger 2 "$asker"
    start talker friend 2 "$talker"
    ok "before: a friend reaches" soon 10 reaches friend
    ok "before: a stranger reaches" soon 10 reaches stranger
    ok "before: a connection is open" soon 10 talks
    remember before
}

install_release() {
    make_system_namespace
    import_image "$image"
    values >"$work/values.yaml"
    ok "helm install" logged helm install "$release" "$chart" --values "$work/values.yaml" --wait --timeout 3m
    for which in $(seq "$nodes"); do ok "install: the agent of node $which is ready" soon 60 agent_is_ready "$which"; done
    ok "install: the connection from before goes on" talks
    policy
    ok "install: a stranger is kept out" soon 10 not reaches stranger
    ok "install: a friend reaches" reaches friend
    start late-friend friend 1 "$idle"
    start late-stranger stranger 1 "$idle"
    ok "install: a friend that starts later reaches" reaches late-friend
    no "install: a stranger that starts later is kept out" reaches late-stranger
}

logged() { "$@" >>"$work/helm.log" 2>&1 || { tail -n 20 "$work/helm.log" >&2; return 1; }; }

# changed WHAT COMMAND...: a command that replaces all agents, while packets are judged.
changed() {
    local pods open shut
    pods=$(agent_pods)
    open=$(written asker /tmp/seen open) shut=$(written asker /tmp/seen shut)
    ok "helm $1" logged "${@:2}"
    no "$1: all agents are others" shares_a_line "$pods" "$(agent_pods)"
    for which in $(seq "$nodes"); do ok "$1: the agent of node $which is ready" soon 60 agent_is_ready "$which"; done
    ok "$1: the connection goes on, and nothing of it is lost" talks
    ok "$1: a stranger asked all the time" more_than asker /tmp/seen shut "$shut"
    no "$1: and was never let in" more_than asker /tmp/seen open "$open"
    ok "$1: a friend reaches" reaches friend
}
shares_a_line() { [ -n "$(comm -12 <(echo "$1") <(echo "$2"))" ]; }

uninstall_release() {
    ok "helm uninstall" logged helm uninstall "$release" --wait --timeout 5m
    ok "uninstall: no agent is left" test -z "$(agent_pods)"
    ok "uninstall: nothing of the release is left" nothing_left
    # What pods that came meanwhile have on their nodes is theirs.
    box delete pods late-friend late-stranger >/dev/null
    ok "uninstall: every node is as it was before" soon 15 same_as_before
    ok "uninstall: the connection goes on" talks
    ok "uninstall: a friend reaches" reaches friend
    ok "uninstall: a stranger reaches again" reaches stranger
    start last stranger 2 "$idle"
    ok "uninstall: a pod that starts now has a network" reaches last
}
nothing_left() {
    [ -z "$(kubectl get daemonsets,jobs,roles,rolebindings,serviceaccounts,clusterroles,clusterrolebindings --all-namespaces \
        --selector "app.kubernetes.io/instance=$release" --output name)" ]
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ok "the plain manifests are what the chart gives" env HELM="$bin/helm" "$here/../../deploy/manifests/generate.sh" check
prepare
install_release
changed upgrade helm upgrade "$release" "$chart" --values "$work/values.yaml" --set agent.addTimeoutSeconds=20 \
    --wait --timeout 5m
changed rollback helm rollback "$release" 1 --wait --timeout 5m
uninstall_release
[ ! -s "$work/diff" ] || sed 's/^/# /' "$work/diff"
kubectl delete namespace "$tests" "$system" --wait=false >/dev/null
conclude check=helm
