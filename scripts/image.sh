#!/usr/bin/env bash
# `image.sh ARCHIVE [NAME]`: builds docker/Dockerfile and writes it as an image archive, with docker where it runs, or
# else with buildah on the base image of the node. LABELROUND_BASE names another base.
# `image.sh ARCHIVE NAME FOLDER [FILE]`: the same for another folder with a Dockerfile.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/node/common.sh

archive=${1:?usage: image.sh ARCHIVE [NAME [FOLDER [DOCKERFILE]]]} name=${2:-labelround:dev} folder=${3:-.}
file=${4:-$([ "$folder" = . ] && echo docker/Dockerfile || echo "$folder/Dockerfile")}
rm -f "$archive"
arguments=(-f "$file" -t "$name" --build-arg "VERSION=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' operator/labelround/__init__.py)"
  --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || true)")

if [ -z "${LABELROUND_BUILDAH:-}" ] && docker info >/dev/null 2>&1; then
  docker build ${LABELROUND_BASE:+--build-arg "BASE=$LABELROUND_BASE"} "${arguments[@]}" "$folder" >&2
  docker save --output "$archive" "$name"
  exit
fi

command -v buildah >/dev/null || fail "no docker and no buildah to build an image with"
store=$parts/images
mkdir -p "$store"
cat >"$store/containers.conf" <<EOF
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
EOF
export CONTAINERS_CONF=$store/containers.conf
exec 9>"$store/lock"
flock 9
run() { buildah --root "$store/root" --runroot "$store/run" --storage-driver overlay "$@"; }

base=${LABELROUND_BASE:-localhost/base:bookworm}
run inspect --type image "$base" >/dev/null 2>&1 || run pull --quiet "docker-archive:$parts/base.tar" >&2
trusted=() # the steps trust the authorities that this machine trusts
if [ -f "${SSL_CERT_FILE:-}" ]; then
  printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$store/pip.conf"
  trusted=(-v "$SSL_CERT_FILE:/etc/ssl/certs/ca-certificates.crt:ro" -v "$store/pip.conf:/etc/pip.conf:ro")
fi
run bud "${trusted[@]}" --layers --isolation chroot --network host --pull-never --build-arg "BASE=$base" "${arguments[@]}" \
  "$folder" >&2
run push --quiet "$name" "docker-archive:$archive:$name" >&2
