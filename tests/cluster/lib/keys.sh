# shellcheck shell=bash
# Certificates and kubeconfigs of a cluster; all are signed by an authority that lives as long as the cluster.

keys=$state/keys
new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

# openssl tells its progress on stderr; what went wrong is in the log.
ssl() { openssl "$@" 2>>"$state/logs/openssl.log" || fail "openssl $1 failed; see $state/logs/openssl.log"; }

make_authority() {
    ssl req -x509 "${new_key[@]}" -days 3650 -subj "/CN=$name" -keyout "$keys/ca.key" -out "$keys/ca.crt" \
        -addext keyUsage=critical,keyCertSign,cRLSign
    # It signs the tokens of service accounts.
    ssl ecparam -name prime256v1 -genkey -noout -out "$keys/tokens.key"
}

# make_certificate NAME SUBJECT [ALTERNATIVE NAMES]: for a client and a server.
make_certificate() {
    ssl req "${new_key[@]}" -subj "$2" -keyout "$keys/$1.key" -out "$keys/$1.csr"
    {
        echo keyUsage=critical,digitalSignature
        echo extendedKeyUsage=clientAuth,serverAuth
        if [ -n "${3:-}" ]; then echo "subjectAltName=$3"; fi
    } >"$keys/$1.ext"
    ssl x509 -req -in "$keys/$1.csr" -CA "$keys/ca.crt" -CAkey "$keys/ca.key" -days 3650 \
        -set_serial "0x$(openssl rand -hex 8)" -extfile "$keys/$1.ext" -out "$keys/$1.crt"
}

base64_of() { base64 --wrap=0 "$1"; }

# make_kubeconfig FILE NAME: NAME's certificate is in it, so the file can be taken elsewhere.
make_kubeconfig() {
    cat >"$1" <<TEXT
apiVersion: v1
kind: Config
clusters: [{name: $name, cluster: {server: "$api", certificate-authority-data: $(base64_of "$keys/ca.crt")}}]
users: [{name: $2, user: {client-certificate-data: $(base64_of "$keys/$2.crt"), client-key-data: $(base64_of "$keys/$2.key")}}]
contexts: [{name: $name, context: {cluster: $name, user: $2}}]
current-context: $name
TEXT
    chmod 600 "$1"
}

named_address() { echo "IP:$("$2" "$1" "${@:3}")"; }

# Everything that the control plane needs, and the administrator's kubeconfig.
make_keys() {
    local names="DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc" who
    make_authority
    make_certificate apiserver /CN=kube-apiserver \
        "$names,$(joined , named_address api_address),$(joined , named_address service_address 1)"
    make_certificate kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client
    make_certificate admin /O=system:masters/CN=admin
    for who in controller-manager scheduler proxy; do
        make_certificate "$who" "/CN=system:kube-$who"
        make_kubeconfig "$state/$who.kubeconfig" "$who"
    done
    make_kubeconfig "$kubeconfig" admin
    # Whoever owns the cache may use the cluster, though root made it.
    chown --reference="$cache" "$kubeconfig"
}

# make_node_keys NUMBER FOLDER
make_node_keys() {
    local node
    node=$(node_name "$1")
    make_certificate "$node" "/O=system:nodes/CN=system:node:$node" "DNS:$node,$(joined , named_address node_address "$1")"
    make_kubeconfig "$2/kubelet.kubeconfig" "$node"
}
