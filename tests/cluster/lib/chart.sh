# shellcheck shell=bash
# Ringfence on a cluster by its chart, for the scripts that try the chart.

chart=$here/../../deploy/helm/ringfence
release=ringfence
system=ringfence-system
test_image=ringfence.test/ringfence:chart

kubectl() { "$bin/kubectl" --kubeconfig "$kubeconfig" "$@"; }

helm() {
    HELM_CACHE_HOME=$state/helm HELM_CONFIG_HOME=$state/helm HELM_DATA_HOME=$state/helm \
        "$bin/helm" --kubeconfig "$kubeconfig" --namespace "$system" "$@"
}

# on NODE COMMAND...: of a node called by its number.
on() { "$here/on-node.sh" "$@"; }

# import_image FILE: what build.sh of deploy/image wrote, under the name that the values below say.
import_image() {
    local which was
    was=$(tar --extract --to-stdout --file "$1" ./index.json | sed -n 's/.*"io.containerd.image.name": "\([^"]*\)".*/\1/p')
    for which in $(seq "$nodes"); do
        on "$which" ctr --namespace k8s.io images import --snapshotter overlayfs "$1" >/dev/null
        on "$which" ctr --namespace k8s.io images tag --force "$was" "$test_image" >/dev/null
    done
}

# The namespace must be there before a release can have its record in it.
make_system_namespace() {
    kubectl create namespace "$system" >/dev/null
    kubectl label namespace "$system" pod-security.kubernetes.io/enforce=privileged >/dev/null
}

# What differs from an ordinary node: pods of one node are below a cgroup of their own, since nodes share a kernel.
values() {
    cat <<TEXT
image: {repository: ${test_image%:*}, tag: ${test_image##*:}, pullPolicy: Never}
paths: {cgroupOfNode: "$unified/\$(NODE_NAME)"}
TEXT
}

# agent_pods: their uids, which change when they are replaced.
agent_pods() {
    kubectl --namespace "$system" get pods --selector app.kubernetes.io/component=agent \
        --output "jsonpath={range .items[*]}{.metadata.uid}{'\n'}{end}" | sort
}

# asked NUMBER PATH: what the agent of a node answers, from inside of the node's network.
asked() {
    nsenter --net="/run/netns/$(node_name "$1")" bash -c \
        "exec 3<>/dev/tcp/127.0.0.1/9470 && printf 'GET $2 HTTP/1.0\r\n\r\n' >&3 && cat <&3" 2>/dev/null
}

agent_is_ready() { asked "$1" /readyz | head -n 1 | grep --quiet ' 200 '; }
