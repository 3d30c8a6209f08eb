#!/usr/bin/env bash
# api-server-away.sh: the API server stands still for a minute, and is then killed and away for another. Pods keep their policy,
# a new one waits, and what was asked meanwhile comes true afterwards. HARD_AWAY says how many seconds.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
away=${HARD_AWAY:-60}
node=$(node_name 1)

as_before() { reaches good server && shut bad server; }
apiserver() { local pid; while read -r pid; do [ "$(basename "$(readlink "/proc/$pid/exe")")" != kube-apiserver ] || echo "$pid"; done <"$control_cgroup/cgroup.procs"; }

# A pod of a file needs no API server to be started, so it is the new pod of that time. It says that it runs.
static_pods() {
    local folder
    folder=$(node_folder "$node")
    mkdir -p "$folder/manifests"
    grep --quiet staticPodPath "$folder/kubelet.yaml" || echo "staticPodPath: $folder/manifests" >>"$folder/kubelet.yaml"
    kill_of "$node" kubelet
}
static_pod() { pod "static-$1" 1 'role: good' | sed '/^---/d' | sed "s/^metadata: {/&namespace: $namespace, /" >"$(node_folder "$node")/manifests/$1.yaml"; }
no_static_pods() { rm -f "$(node_folder "$node")"/manifests/*.yaml; }
tasks() { "$here/on-node.sh" 1 ctr --namespace k8s.io containers ls | grep --count "$image" || true; }

check_away() { # HOW
    local before
    before=$(tasks)
    static_pod "$1"
    expect "$1: policies hold for $away seconds" holds "$away" as_before
    same "$1: containers that were started meanwhile" "$(($(tasks) - before))" 0
}

check_back() { # HOW
    expect "$1: it is back" eventually 60 kubectl get --raw /readyz
    expect "$1: agents are ready" agents_ready
    expect_known "$1: the new pod comes" "static-$1-$node"
    expect "$1: and is let in" eventually 10 reaches "static-$1-$node" server
    expect "$1: policies are as before" as_before
    { pod "bad-$1" 2 ''; } | apply
    expect_known "$1: pods start again" "bad-$1"
    expect "$1: and are not let in" shut "bad-$1" server
    k label pod good role- >/dev/null
    expect "$1: changes count again" eventually 10 shut good server
    k label pod good role=good >/dev/null
    expect "$1: also back" eventually 10 reaches good server
}

make_namespace
{ pod server 1 ''; pod good 2 'role: good'; pod bad 1 ''; } | apply
know server good bad
policy server '{podSelector: {matchLabels: {name: server}}, ingress: [{from: [{podSelector: {matchLabels: {role: good}}}]}]}'
undo+=(no_static_pods)
static_pods
expect "before" eventually 10 as_before
paused=$(apiserver)
undo+=("kill -CONT $paused 2>/dev/null || true")
kill -STOP "$paused"
check_away stopped
kill -CONT "$paused"
check_back stopped
kill -KILL "$(apiserver)"
check_away killed
# A process group of its own, so that it stays when this script ends.
set -m
start_apiserver
disown -a
set +m
check_back killed
end_tap
[ "$failed" -eq 0 ]
