#!/usr/bin/env bash
# generate.sh [check]: writes these manifests as the chart gives them, for whoever has no Helm; or says whether they are what
# it gives now. Helm is taken from HELM, else from the path.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
helm=${HELM:-helm}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

render() {
    HELM_CACHE_HOME=$work HELM_CONFIG_HOME=$work HELM_DATA_HOME=$work "$helm" template ringfence "$here/../helm/ringfence" \
        --namespace ringfence-system "$@" | sed 's/managed-by: Helm/managed-by: kubectl/'
}

# give FILE: what is to be in it.
give() {
    echo "# Written by deploy/manifests/generate.sh from deploy/helm/ringfence: change that, and write this anew."
    case $1 in
        ringfence.yaml) render --set namespace.create=true --no-hooks ;;
        uninstall.yaml) render --show-only templates/uninstall.yaml | sed '/helm.sh\/hook/d; /^  annotations:$/d' ;;
    esac
}

for file in ringfence.yaml uninstall.yaml; do
    give "$file" >"$work/$file"
    case ${1:-write} in
        write) cp "$work/$file" "$here/$file" ;;
        check) diff "$here/$file" "$work/$file" ;;
        *) echo "generate.sh: what is $1?" >&2; exit 64 ;;
    esac
done
