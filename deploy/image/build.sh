#!/usr/bin/env bash
# build.sh OUT [--target TRIPLE]... [--programs FOLDER]: the image of agent, plugin and controller, as a file that `ctr images import` or
# a tool for registries reads. It needs no engine. The same sources and tools give the same octets, and the last line is the
# image's digest. With --programs it takes programs that are built already, below FOLDER/TRIPLE/release.
set -euo pipefail
umask 022
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$project/Cargo.toml" | head -n 1)
name=${RINGFENCE_IMAGE:-ringfence.io/ringfence:$version}
programs=(ringfence-agent ringfence-cni ringfence-controller)

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

[ $# -ge 1 ] || fail "where to? usage: build.sh OUT [--target TRIPLE]... [--programs FOLDER]"
out=$1 targets=() built=
shift
while [ $# -gt 0 ]; do
    case $1 in
        --target) targets+=("${2:?}") ;;
        --programs) built=${2:?} ;;
        *) fail "what is $1?" ;;
    esac
    shift 2
done
[ ${#targets[@]} -gt 0 ] || targets=("$(uname -m)-unknown-linux-musl")

# As images name it, of a triple.
architecture() {
    case $1 in
        x86_64-unknown-linux-musl) echo amd64 ;;
        aarch64-unknown-linux-musl) echo arm64 ;;
        *) fail "there is no image for $1: it must be x86_64- or aarch64-unknown-linux-musl" ;;
    esac
}

# Where a program was built, and by whom, is in none of its octets.
compile() {
    local folders="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$project=/ringfence"
    (cd "$project" && RUSTFLAGS=$folders CARGO_PROFILE_RELEASE_DEBUG=false CARGO_PROFILE_RELEASE_STRIP=symbols \
        cargo build --locked --release --target "$1" "${programs[@]/#/--package=}") >&2
}

# fill ROOT TRIPLE: everything that is in the image.
fill() {
    local program
    mkdir -p "$1"/{usr/bin,usr/share/ringfence,run,var}
    # A runtime may call a pod's network namespace by either name.
    ln -s ../run "$1/var/run"
    for program in "${programs[@]}"; do
        install -m 755 "$built/$2/release/$program" "$1/usr/bin/$program"
        ! readelf --program-headers "$1/usr/bin/$program" | grep -q INTERP || fail "$program is not static"
    done
    install -m 644 "$project/LICENSE" "$1/usr/share/ringfence/LICENSE"
    (cd "$project" && cargo run --quiet --package ringfence-xtask -- sbom --target "$2" "${programs[@]}") \
        >"$1/usr/share/ringfence/sbom.spdx.json"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
roots=
if [ -z "$built" ]; then
    for target in "${targets[@]}"; do compile "$target"; done
    built=${CARGO_TARGET_DIR:-$project/target}
fi
for target in "${targets[@]}"; do
    arch=$(architecture "$target")
    fill "$work/$arch" "$target"
    roots+="${roots:+ }$arch=$work/$arch"
done
labels=$(printf '"org.opencontainers.image.%s": "%s", ' title ringfence version "$version" licenses Apache-2.0)
# Root: what it reads and writes on a node is root's. Containers that only wait are given another user by the chart.
"$project/tests/cluster/image.sh" "$out" "$roots" \
    "\"Entrypoint\": [\"/usr/bin/ringfence-agent\"], \"User\": \"0:0\", \"Labels\": {${labels%, }}" "$name"
