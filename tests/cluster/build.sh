#!/usr/bin/env bash
# build.sh [PART...]: builds what a cluster runs from modules of Go, and images of it, into the cache; all parts, or those
# that are named, as in: build.sh base netpol. What is there already and would come out the same is left alone.
set -euo pipefail
umask 022
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
modules=$here/modules
registry=registry.k8s.io/e2e-test-images # where the suites believe that their images are from

export CGO_ENABLED=0
# The lists of modules are part of the tree: a build never changes them.
export GOFLAGS="-trimpath -buildvcs=false -mod=readonly"
# One set for all, so that what the programs share is compiled once.
tags=selinux,notest,grpcnotrace

say() { printf 'build: %s\n' "$*"; }

# --- programs ---------------------------------------------------------------------------------

# Without these every component says that it is v0.0.0, and refuses others as too old or too new.
version_flags() {
    local version major minor of=k8s.io/component-base/version
    version=$(cd "$modules/kubernetes" && go list -m -f '{{.Version}}' k8s.io/kubernetes)
    IFS=. read -r major minor _ <<<"${version#v}"
    echo "-s -w -X $of.gitVersion=$version -X $of.gitMajor=$major -X $of.gitMinor=$minor" \
        "-X $of.gitTreeState=archive -X $of.buildDate=1970-01-01T00:00:00Z"
}

# program NAME MODULE PACKAGE
program() {
    local began=$SECONDS
    (cd "$modules/$2" && go build -tags "$tags" -ldflags "$flags" -o "$bin/$1" "$3")
    say "$1, $((SECONDS - began)) s"
}

# tests NAME MODULE PACKAGE: the tests of a package as a program.
tests() {
    local began=$SECONDS
    (cd "$modules/$2" && go test -c -tags "$tags" -ldflags "$flags" -o "$bin/$1" "$3")
    say "$1, $((SECONDS - began)) s"
}

# folder_of MODULE PATH: where the files of a module are that another one requires.
folder_of() { (cd "$modules/$1" && go list -m -f '{{.Dir}}' "$2"); }

# --- images -----------------------------------------------------------------------------------

# An empty root with the few files that programs look for.
empty_root() {
    rm -rf "${roots:?}/$1"
    mkdir -p "$roots/$1"/{bin,etc,tmp,var}
    chmod 1777 "$roots/$1/tmp"
    echo 'root:x:0:0:root:/:/bin/sh' >"$roots/$1/etc/passwd"
    echo 'root:x:0:' >"$roots/$1/etc/group"
}

add_shell() {
    local busybox command
    busybox=$(command -v busybox) || fail "busybox is missing: scripts/setup.sh cluster installs it"
    cp "$busybox" "$roots/$1/bin/busybox"
    while read -r command; do
        [ "$command" = busybox ] || ln -s busybox "$roots/$1/bin/$command"
    done < <("$busybox" --list)
    [ -e "$roots/$1/bin/bash" ] || printf '#!/bin/sh\nexec /bin/sh "$@"\n' >"$roots/$1/bin/bash"
    chmod +x "$roots/$1/bin/bash"
}

# image FILE START NAME...: of the root that is called like the file.
image() {
    "$here/image.sh" "$bin/images/$1.tar" "$roots/$1" "${@:2}" >/dev/null
    # The first name, for whoever writes a manifest.
    echo "$3" >"$bin/images/$1.name"
    say "image $1"
}

image_of_one_program() { # FILE PROGRAM NAME
    empty_root "$1"
    cp "$bin/$2" "$roots/$1/$2"
    image "$1" '"Entrypoint": ["'"/$2"'"]' "$3"
}

start_agnhost='"Entrypoint": ["/agnhost"], "Cmd": ["pause"]'

# Cyclonus asks for an older version, and gets the same.
agnhost_image() {
    local version
    version=$(<"$(folder_of kubernetes k8s.io/kubernetes)/test/images/agnhost/VERSION")
    empty_root agnhost
    add_shell agnhost
    cp "$bin/agnhost" "$roots/agnhost/agnhost"
    image agnhost "$start_agnhost" "$registry/agnhost:$version" "$registry/agnhost:2.43"
}

# What the suite of ClusterNetworkPolicies asks for: SCTP is spoken by hand in it, see modules/kubernetes/sctp.
agnhost_with_sctp_image() {
    empty_root agnhost-sctp
    add_shell agnhost-sctp
    cp "$bin/agnhost" "$roots/agnhost-sctp/agnhost.upstream"
    cp "$bin/sctp" "$roots/agnhost-sctp/agnhost"
    image agnhost-sctp "$start_agnhost" "$registry/agnhost:2.45"
}

# --- parts ------------------------------------------------------------------------------------

build_base() {
    local component
    for component in kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl kube-proxy; do
        program "$component" kubernetes "k8s.io/kubernetes/cmd/$component"
    done
    program etcd kubernetes go.etcd.io/etcd/server/v3
    program pause kubernetes ./pause
    program agnhost kubernetes k8s.io/kubernetes/test/images/agnhost
    program coredns dns .
    image_of_one_program pause pause ringfence.test/pause:box
    image_of_one_program coredns coredns ringfence.test/coredns:box
    agnhost_image
    mkdir -p "$bin/kinds"
    kinds kubernetes experimental clusternetworkpolicies
}

build_netpol() {
    tests netpol.test kubernetes ./netpol
    program ginkgo kubernetes github.com/onsi/ginkgo/v2/ginkgo
}

# kinds MODULE FOLDER KIND...: definitions of policy kinds, as their module has them.
kinds() {
    local from kind
    from=$(folder_of "$1" sigs.k8s.io/network-policy-api)/config/crd/$2
    for kind in "${@:3}"; do install -m 644 "$from/policy.networking.k8s.io_$kind.yaml" "$bin/kinds/$kind.yaml"; done
}

build_cnp() {
    program sctp kubernetes ./sctp
    agnhost_with_sctp_image
    tests cnp.test kubernetes sigs.k8s.io/network-policy-api/conformance
    kinds admin experimental adminnetworkpolicies baselineadminnetworkpolicies
}

# The plugins are for chains of version 1.1.0, which the nodes' own do not speak.
build_cni() {
    local plugin
    program cnitool kubernetes github.com/containernetworking/cni/cnitool
    program gc kubernetes ./gc
    for plugin in main/bridge main/ptp ipam/host-local; do
        program "plugins/${plugin#*/}" plugins "github.com/containernetworking/plugins/plugins/$plugin"
    done
    program plugins/flannel flannel github.com/containernetworking/plugins/plugins/meta/flannel
}

build_cyclonus() { program cyclonus kubernetes github.com/mattfenwick/cyclonus/cmd/cyclonus; }

build_helm() { program helm helm helm.sh/helm/v4/cmd/helm; }

parts=(base netpol cnp cni cyclonus helm)

# --- what is there already --------------------------------------------------------------------

# Everything that decides how a part comes out.
fingerprint() {
    { echo "$1"; go version; find "$modules" "$here/build.sh" "$here/image.sh" -type f -print0 | sort -z | xargs -0 cat; } | sha256sum
}

build() {
    local stamp=$bin/$1.stamp now
    now=$(fingerprint "$1")
    if [ -e "$stamp" ] && [ "$(<"$stamp")" = "$now" ]; then return; fi
    rm -f "$stamp"
    say "$1 is built into $bin, which takes minutes for the first time"
    "build_$1"
    echo "$now" >"$stamp"
}

wanted=("$@")
[ $# -gt 0 ] || wanted=("${parts[@]}")
for part in "${wanted[@]}"; do
    [[ " ${parts[*]} " == *" $part "* ]] || fail "there is no part $part; there are: ${parts[*]}"
done
mkdir -p "$bin/images"
roots=$(mktemp -d)
trap 'rm -rf "$roots"' EXIT
flags=$(version_flags)
for part in "${wanted[@]}"; do build "$part"; done
say "everything is in $bin"
