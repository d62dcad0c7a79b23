#!/usr/bin/env bash
# Prints the path of a MinIO server, an S3 store to test against; built once with Go and kept in the cache.
set -euo pipefail

version=v0.0.0-20260212201848-7aac2a2c5b7c
cache=${LABELROUND_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/labelround}
program=$cache/minio-$version

if [ -n "${LABELROUND_MINIO:-}" ]; then
  program=$LABELROUND_MINIO
elif [ ! -x "$program" ]; then
  command -v go >/dev/null || {
    echo "no MinIO: install Go (on Debian: apt-get install golang) so that it can be built, or set LABELROUND_MINIO to the path of a server" >&2
    exit 1
  }
  mkdir -p "$cache"
  exec 9>"$cache/minio.lock"
  flock 9
  if [ ! -x "$program" ]; then
    echo "Building MinIO $version with $(go env GOVERSION); three minutes the first time" >&2
    build=$(mktemp -d "$cache/build-XXXXXX")
    trap 'rm -rf "$build"' EXIT
    GOBIN=$build go install "github.com/minio/minio@$version" >&2
    mv "$build/minio" "$program"
  fi
fi
echo "$program"
