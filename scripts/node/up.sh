#!/usr/bin/env bash
# Starts the node, waits until it is Ready, and prints the path of an administrator's kubeconfig.
set -euo pipefail
cd "$(dirname "$0")"
. ./common.sh
pids=pid

# Certificates of the API server, and the key of ServiceAccount tokens.
make_pki() (
  cd "$state/pki"
  new=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
  openssl req -x509 "${new[@]}" -days 30 -subj /CN=labelround-node -keyout ca.key -out ca.crt
  sign() { # NAME SUBJECT NAMES
    openssl req "${new[@]}" -subj "$2" -keyout "$1.key" -out "$1.csr"
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" \
      -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$3")
  }
  service=kubernetes.default
  sign apiserver /CN=kube-apiserver "IP:127.0.0.1,IP:10.77.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:$service,DNS:$service.svc,DNS:$service.svc.cluster.local"
  sign kubelet-client /O=system:masters/CN=apiserver-kubelet-client DNS:apiserver
  openssl genrsa -out sa.key 2048
)

# write_kubeconfig FILE SERVER USER [GROUP]: with a new token for that user.
write_kubeconfig() {
  local token
  token=$(openssl rand -hex 16)
  echo "$token,$3,$3,${4:-}" >>"$state/pki/users.csv"
  cat >"$1" <<EOF
apiVersion: v1
kind: Config
clusters: [{name: node, cluster: {server: "$2", certificate-authority-data: $(base64 -w0 "$state/pki/ca.crt")}}]
users: [{name: user, user: {token: $token}}]
contexts: [{name: labelround-node, context: {cluster: node, user: user}}]
current-context: labelround-node
EOF
}

begun() { [ -n "$(first_process)" ]; }
answers() {
  [ -d "/proc/$(cat "$state/pid/node")" ] || fail "the node has ended; it needs cgroup v1 and overlayfs: $(tail -n 3 "$state/log/node.log")"
  kubectl get --raw /readyz
}
ready() {
  kubectl get node node1 -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' | grep -q True &&
    kubectl get serviceaccount default && test -e "$state/inside-done"
}

[ "$(id -u)" = 0 ] || fail "run it as root: it makes namespaces, mounts and cgroups"
[ ! -e "$state" ] || fail "$state holds a node; end it with: scripts/node.sh down"
[ -x "$programs/coredns" ] && [ -e "$parts/base.tar" ] || fail "run scripts/node.sh build first"
mkdir -p "$state"/{pki,pid,pid-inside,log,conf,cni}
chmod 700 "$state"
cp conf/* "$state/conf"
mv "$state/conf/10-pods.conflist" "$state/cni"
sed -i -e "s|@STATE@|$state|g" -e "s|@PARTS@|$parts|g" "$state"/conf/*
make_pki >"$state/log/pki.log" 2>&1 || { cat "$state/log/pki.log" >&2; fail "openssl failed"; }
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
export KUBECONFIG=$state/kubeconfig
write_kubeconfig "$KUBECONFIG" "https://127.0.0.1:$port" admin system:masters
write_kubeconfig "$state/conf/admin" https://127.0.0.1:6443 admin-inside system:masters
write_kubeconfig "$state/conf/kubelet" https://127.0.0.1:6443 system:node:node1 system:nodes
for user in controller-manager scheduler proxy coredns; do
  write_kubeconfig "$state/conf/$user" https://127.0.0.1:6443 "system:kube-$user"
done

start node unshare --mount --net --pid --fork --ipc --uts --propagation private --kill-child "$PWD/inside.sh"
await 10 "the node's process 1" begun
start forward python3 "$PWD/forward.py" "$port" "$(first_process)" 6443
await 180 "the Kubernetes API" answers
kubectl apply -f "$state/conf/dns.yaml" >/dev/null
await 180 "the node" ready
say "Kubernetes $version is ready on node1 after $SECONDS s"
echo "$KUBECONFIG"
