# Sourced by the other scripts: `find_python` prints the newest Python this project supports, and `ensure_venv_works`
# makes sure that it can create environments (Debian keeps that part in a package of its own).

find_python() {
  local candidate
  for candidate in python3.13 python3.12 python3.11 python3 /usr/bin/python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  echo "error: no Python 3.11 or newer was found; on Debian: apt-get install python3 python3-venv" >&2
  return 1
}

ensure_venv_works() {
  local python=$1 package
  if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    return
  fi
  package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Debian's $package, which $python needs to make environments"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null
    return
  fi
  echo "error: $python cannot make environments; run: sudo apt-get install $package" >&2
  return 1
}

# new_environment DIRECTORY: an empty environment in place of whatever is there. A link to the packages of an
# interrupted run is never trusted.
new_environment() {
  local directory=$1 python
  python=$(find_python)
  ensure_venv_works "$python"
  echo "Making $directory with $("$python" --version) ($python)"
  "$python" -m venv --clear "$directory"
}

# install_lock DIRECTORY LOCK: exactly the packages of the lock, each checked against its hash. The lock is complete, so
# nothing is resolved here.
install_lock() {
  local directory=$1 lock=$2
  echo "Installing $(grep -c '^[a-zA-Z0-9].*==' "$lock") packages from $lock"
  "$directory/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement "$lock"
}

# digest FILE...: one hash of the files' content and of where this checkout lies, since environments cannot be moved.
digest() {
  { pwd; cat "$@"; } | sha256sum | cut -d' ' -f1
}
