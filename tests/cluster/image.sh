#!/usr/bin/env bash
# image.sh OUT ROOTS START NAME...: writes folders as an image that `ctr images import` loads under every NAME. It needs no
# engine, and the same folders give the same octets. ROOTS is a folder for this machine's architecture, or words like
# amd64=FOLDER, one for each that the image has. START is what it runs, as members of its configuration:
# '"Entrypoint": ["/agnhost"], "Cmd": ["pause"]'.
set -euo pipefail
umask 022
out=$1 roots=$2 start=$3
shift 3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
blobs=$work/blobs/sha256
mkdir -p "$blobs"

# pack FILE FOLDER: an archive without anything of today, or of whoever packs it.
pack() { tar --create --file "$1" --directory "$2" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner .; }

# put FILE: becomes a blob, called by its digest, which is printed.
put() {
    local digest
    digest=$(sha256sum "$1" | cut -d' ' -f1)
    mv "$1" "$blobs/$digest"
    echo "$digest"
}

# described DIGEST TYPE: how one blob is spoken of in another.
described() {
    printf '{"mediaType": "application/vnd.oci.image.%s", "digest": "sha256:%s", "size": %d' "$2" "$1" \
        "$(stat --format %s "$blobs/$1")"
}

architecture() { case $(uname -m) in x86_64) echo amd64 ;; aarch64) echo arm64 ;; *) uname -m ;; esac }

# part ARCHITECTURE FOLDER: an image for one architecture, and how it is spoken of in the list of all.
part() {
    local layer config manifest
    pack "$work/layer" "$2"
    layer=$(put "$work/layer")
    cat >"$work/config" <<TEXT
{"architecture": "$1", "os": "linux", "config": {$start, "Env": ["PATH=/bin:/"]},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$layer"]}}
TEXT
    config=$(put "$work/config")
    cat >"$work/manifest" <<TEXT
{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
 "config": $(described "$config" config.v1+json)}, "layers": [$(described "$layer" layer.v1.tar)}]}
TEXT
    manifest=$(put "$work/manifest")
    printf '%s, "platform": {"architecture": "%s", "os": "linux"}}' "$(described "$manifest" manifest.v1+json)" "$1"
}

parts=
for root in $roots; do
    [[ $root =~ ^[a-z0-9]+= ]] || root=$(architecture)=$root
    parts+="${parts:+, }$(part "${root%%=*}" "${root#*=}")"
done
printf '{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [%s]}\n' "$parts" \
    >"$work/all"
all=$(put "$work/all")
named=
for name in "$@"; do
    named+="${named:+, }$(described "$all" index.v1+json), \"annotations\": {\"io.containerd.image.name\": \"$name\"}}"
done
echo "{\"schemaVersion\": 2, \"manifests\": [$named]}" >"$work/index.json"
echo '{"imageLayoutVersion": "1.0.0"}' >"$work/oci-layout"
pack "$work.tar" "$work"
mv "$work.tar" "$out"
echo "sha256:$all"
