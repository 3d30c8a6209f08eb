#!/usr/bin/env bash
# next.sh: what whoever has a new cluster may want to do with it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
image=$(<"$bin/images/agnhost.name")
number_set=
if [ "$number" -ne 0 ]; then number_set="CLUSTER=$number "; fi
cat <<TEXT

The cluster is up. To use it:

    export KUBECONFIG=$kubeconfig PATH=$bin:\$PATH
    kubectl get pods --all-namespaces --output wide

Two pods, one that serves and one that asks:

    kubectl run web --image $image --expose --port 80 -- netexec --http-port=80
    kubectl run client --image $image
    kubectl wait --for=condition=Ready pod/web pod/client
    kubectl exec client -- /agnhost connect web:80 --timeout=3s && echo reached

Then isolate the first one, and ask again:

    echo '{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "web"},
      "spec": {"podSelector": {"matchLabels": {"run": "web"}}, "policyTypes": ["Ingress"]}}' | kubectl apply -f -
    kubectl exec client -- /agnhost connect web:80 --timeout=3s

Whether its network does what is proved of it, and how its first node is (\`make build\` builds the command line):

    target/debug/ringfence connectivity-test --image $image
    nsenter --net=/run/netns/$(node_name 1) target/debug/ringfence status --server 127.0.0.1:9470
    nsenter --net=/run/netns/$(node_name 1) target/debug/ringfence flows --server 127.0.0.1:9470 --verdict deny

That image has a shell and a client for everything; others cannot be fetched. To look around on the first node, and to end
it all:

    ${number_set}tests/cluster/on-node.sh 1 ctr --namespace k8s.io containers ls
    ${number_set}make cluster-down
TEXT
