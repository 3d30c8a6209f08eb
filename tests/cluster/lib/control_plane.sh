# shellcheck shell=bash
# The control plane: etcd, API server, controller manager and scheduler, in the machine's own namespaces, on an address of
# the bridge that all nodes are plugged into.

kubectl() { "$bin/kubectl" --kubeconfig "$kubeconfig" "$@"; }

# etcd listens on sockets of files alone: no port can be taken, and no pod can reach it.
start_etcd() {
    spawn etcd "$control_cgroup" "$bin/etcd" --name "$name" --data-dir "$state/etcd" --unsafe-no-fsync --log-level warn \
        --listen-client-urls "unix://$state/etcd.sock" --advertise-client-urls http://localhost:2379 \
        --listen-peer-urls "unix://$state/etcd-peer.sock" --initial-advertise-peer-urls http://localhost:2380 \
        --initial-cluster "$name=http://localhost:2380"
    until_ok 30 etcd test -S "$state/etcd.sock"
}

start_apiserver() {
    local issuer=https://kubernetes.default.svc.cluster.local
    # shellcheck disable=SC2086 # the extra flags are words
    spawn kube-apiserver "$control_cgroup" "$bin/kube-apiserver" --etcd-servers "unix://$state/etcd.sock" \
        --bind-address "$api_host" --advertise-address "$api_host" --secure-port 6443 \
        --service-cluster-ip-range "$(joined , service_range)" --allow-privileged \
        --client-ca-file "$keys/ca.crt" --tls-cert-file "$keys/apiserver.crt" \
        --tls-private-key-file "$keys/apiserver.key" \
        --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
        --service-account-issuer "$issuer" --service-account-signing-key-file "$keys/tokens.key" \
        --service-account-key-file "$keys/tokens.key" --kubelet-preferred-address-types InternalIP \
        --kubelet-certificate-authority "$keys/ca.crt" --kubelet-client-certificate "$keys/kubelet-client.crt" \
        --kubelet-client-key "$keys/kubelet-client.key" $apiserver_flags
    until_ok 90 kube-apiserver kubectl get --raw /readyz
}

# The limits on requests are high, or the first seconds of every cluster are spent waiting for them.
start_controllers() {
    spawn kube-controller-manager "$control_cgroup" "$bin/kube-controller-manager" \
        --kubeconfig "$state/controller-manager.kubeconfig" --bind-address "$api_host" --leader-elect=false \
        --use-service-account-credentials --kube-api-qps 500 --kube-api-burst 1000 \
        --service-account-private-key-file "$keys/tokens.key" --root-ca-file "$keys/ca.crt" \
        --cluster-signing-cert-file "$keys/ca.crt" --cluster-signing-key-file "$keys/ca.key"
    spawn kube-scheduler "$control_cgroup" "$bin/kube-scheduler" --kubeconfig "$state/scheduler.kubeconfig" \
        --bind-address "$api_host" --leader-elect=false
    # Without its default service account a namespace takes no pods.
    until_ok 60 kube-controller-manager kubectl get serviceaccount default
}
