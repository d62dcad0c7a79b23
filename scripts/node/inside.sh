#!/usr/bin/env bash
# Process 1 of the node, in mount, network, process, IPC and host name namespaces of its own. /run, /var/lib and /var/log
# are in memory there, so that nothing of it outlives the node; but for what pods keep in an emptyDir, which would count as
# their memory.
set -euo pipefail
cd "$(dirname "$0")"
. ./common.sh
pids=pid-inside

mount --make-rshared /
mount -t proc proc /proc
mount -t sysfs sysfs /sys
for folder in /run /var/log /var/lib /sys/fs/cgroup; do mount -t tmpfs tmpfs $folder; done
mkdir -p /var/lib/kubelet "$state/kubelet"
mount --bind "$state/kubelet" /var/lib/kubelet
for controller in cpu cpuacct cpuset memory devices freezer blkio pids; do
  mkdir /sys/fs/cgroup/$controller
  mount -t cgroup -o $controller cgroup /sys/fs/cgroup/$controller
done
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd

hostname node1
ip link set lo up
ip link add br0 type bridge
ip addr add 10.77.0.1/24 dev br0
ip link set br0 up
ip route add default dev br0 # kube-proxy wants one; it leads nowhere
echo 1 >/proc/sys/net/ipv4/ip_forward

etcd=http://127.0.0.1:2379 peer=http://127.0.0.1:2380
start etcd etcd --data-dir="$state/etcd" --listen-client-urls=$etcd --advertise-client-urls=$etcd --unsafe-no-fsync \
  --listen-peer-urls=$peer --initial-advertise-peer-urls=$peer --initial-cluster=default=$peer --log-level=warn
start kube-apiserver kube-apiserver --etcd-servers=$etcd --secure-port=6443 --advertise-address=10.77.0.1 \
  --tls-cert-file="$state/pki/apiserver.crt" --tls-private-key-file="$state/pki/apiserver.key" \
  --client-ca-file="$state/pki/ca.crt" --token-auth-file="$state/pki/users.csv" --authorization-mode=Node,RBAC \
  --enable-admission-plugins=NodeRestriction --service-account-issuer=https://kubernetes.default.svc \
  --service-account-key-file="$state/pki/sa.key" --service-account-signing-key-file="$state/pki/sa.key" \
  --service-cluster-ip-range=10.96.0.0/16 --kubelet-preferred-address-types=InternalIP \
  --kubelet-client-certificate="$state/pki/kubelet-client.crt" --kubelet-client-key="$state/pki/kubelet-client.key"
./program.sh containerd
await 60 containerd ctr version
ctr -n k8s.io images import "$parts/pause.tar"
await 120 "the Kubernetes API" kubectl --kubeconfig "$state/conf/admin" get --raw /readyz
./program.sh kubelet
start kube-controller-manager kube-controller-manager --kubeconfig="$state/conf/controller-manager" --leader-elect=false \
  --use-service-account-credentials --root-ca-file="$state/pki/ca.crt" \
  --service-account-private-key-file="$state/pki/sa.key" \
  --cluster-signing-cert-file="$state/pki/ca.crt" --cluster-signing-key-file="$state/pki/ca.key"
start kube-scheduler kube-scheduler --kubeconfig="$state/conf/scheduler" --leader-elect=false
start kube-proxy kube-proxy --config="$state/conf/kube-proxy.yaml"
start coredns coredns -conf "$state/conf/Corefile"
touch "$state/inside-done"
wait
