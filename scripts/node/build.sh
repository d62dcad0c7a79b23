#!/usr/bin/env bash
# Builds or collects all that the node needs, once, and keeps it in the cache. Says on stderr what takes its time.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/node/common.sh

# make_part FILE COMMAND: runs the command in a new folder, unless the cache has the file.
make_part() {
  local file=$1 started=$SECONDS
  [ -e "$parts/$file" ] && return
  say "Making $file for the node"
  (cd "$(mktemp -d "$parts/build-XXXXXX")" && "$2") >"$parts/log/${file##*/}.log" 2>&1 || {
    tail -n 20 "$parts/log/${file##*/}.log" >&2
    fail "$file was not made; the log is $parts/log/${file##*/}.log"
  }
  say "  $file took $((SECONDS - started)) s"
}

install_packages() {
  [ "$(id -u)" = 0 ] || fail "run it as root, or install: ${packages[*]}"
  say "Installing Debian packages for the node: ${packages[*]}"
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${packages[@]}"; } \
    >"$parts/log/packages.log" 2>&1 || { tail -n 20 "$parts/log/packages.log" >&2; fail "packages are missing"; }
}

debian() { sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources | head -n 1; } # this machine's own mirror

# Debian has containerd 2 and current network plugins in its unstable release only: unpacked here, not installed.
containerd() {
  mkdir -p lists/partial root
  echo "deb $(debian) sid main" >sid.list
  local options=(-o "Dir::State::lists=$PWD/lists" -o "Dir::Etc::sourcelist=$PWD/sid.list" -o Dir::Etc::sourceparts=-
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update -q
  apt-get "${options[@]}" download containerd containernetworking-plugins
  for package in *.deb; do dpkg-deb -x "$package" root; done
  mkdir -p "$parts/bin" "$parts/cni"
  cp root/usr/lib/cni/* "$parts/cni"
  install -m755 root/usr/bin/{ctr,containerd-shim-runc-v2,containerd} "$parts/bin"
}

# Debian with Python: the base of images that are built where no registry can be reached.
base_image() {
  mmdebstrap -q --variant=minbase --include=python3,python3-venv,ca-certificates bookworm root.tar "$(debian)"
  python3 "$here/scripts/node/image.py" root.tar base.tar localhost/base:bookworm python3
  mv base.tar "$parts"
}

pause_image() {
  mkdir root
  gcc -static -Os -s -o root/pause "$here/scripts/node/pause.c"
  tar cf root.tar -C root pause
  python3 "$here/scripts/node/image.py" root.tar pause.tar localhost/pause:1 /pause
  mv pause.tar "$parts"
}

here=$PWD
mkdir -p "$parts/log"
exec 9>"$parts/lock"
flock --nonblock 9 || { say "Waiting for another build in $parts"; flock 9; }
trap 'rm -rf "$parts"/build-*' EXIT
packages=(nftables iproute2 iptables conntrack mount openssl procps mmdebstrap runc buildah gcc libc6-dev ca-certificates)
type nft ip iptables conntrack openssl mmdebstrap runc buildah gcc >/dev/null 2>&1 || install_packages
make_part bin/containerd containerd
make_part pause.tar pause_image
make_part base.tar base_image
scripts/kubernetes.sh "$version" kubectl etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy \
  coredns >/dev/null
