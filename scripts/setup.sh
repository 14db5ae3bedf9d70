# Sourced by `run` and `test`: installs what is missing and builds. Quiet when there is nothing to do.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

# fail STEP REMEDY
fail() {
  printf '\n%s failed.\nWhat to do: %s\n' "$1" "$2" >&2
  exit 1
}

# packages_of GROUP [RELEASE]: the names for that Debian release, or for this one.
packages_of() {
  local release
  release=${2:-$(. /etc/os-release && echo "${VERSION_ID:-}")}
  awk -v group="[$1]" -v release="$release" '
    /^#/ || NF == 0 { next }
    /^\[/ { active = ($0 == group); next }
    active && $1 ~ /^[0-9]+:$/ { if ($1 == release ":") print $2; next }
    active { print $1 }' "$root/scripts/packages.txt"
}

# install_packages GROUP...
install_packages() {
  local group package missing=() sudo=()
  case "$(. /etc/os-release && echo "${ID:-} ${VERSION_ID:-}")" in
    "debian 12" | "debian 13" | "raspbian 12" | "raspbian 13") ;;
    *)
      say "This is not Debian 12 or 13: packages are not installed for you. Needed: $(for group in "$@"; do packages_of "$group"; done | tr '\n' ' ')"
      return
      ;;
  esac
  for group in "$@"; do
    for package in $(packages_of "$group"); do
      [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
  done
  [ ${#missing[@]} -eq 0 ] && return
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  say "Installing Debian packages: ${missing[*]}"
  "${sudo[@]}" apt-get update -q || fail "Reading the package lists" "check the network and /etc/apt/sources.list, then run this again"
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" ||
    fail "Installing packages" "run 'sudo apt-get install ${missing[*]}' and read what it says"
}

fetch_onnxruntime() {
  "$root/scripts/onnxruntime.sh" "$root/.deps/onnxruntime" ||
    fail "Fetching ONNX Runtime" "check the network and run this again, or configure with -DONNXRUNTIME_ROOT=FOLDER (include/ and lib/)"
}

# The pinned Python packages of tests and benchmarks.
python_packages() {
  local stamp="$root/.deps/venv/.complete" requirements="$root/tests/requirements.txt"
  cmp -s "$requirements" "$stamp" && return
  say "Installing Python packages for the tests into .deps/venv"
  rm -rf "$root/.deps/venv"
  python3 -m venv "$root/.deps/venv"
  "$root/.deps/venv/bin/python" -m pip --disable-pip-version-check install --quiet --require-hashes --requirement "$requirements" ||
    fail "Installing Python packages" "check the network and run this again"
  cp "$requirements" "$stamp"
}

# configure PRESET [CMAKE ARGUMENT...]: only if it has not been done with these arguments.
configure() {
  local preset=$1 stamp="$root/build/$1/.configured" log="$root/build/$1/configure.log"
  shift
  [ -e "$root/build/$preset/build.ninja" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$*" ] && return
  say "Configuring $preset"
  mkdir -p "$root/build/$preset"
  (cd "$root" && cmake --preset "$preset" "$@") > "$log" 2>&1 ||
    { tail -n 30 "$log" >&2; fail "Configuring" "read the lines above (all of them: $log); delete build/$preset to start afresh"; }
  echo "$*" > "$stamp"
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  [ "$(ninja -C "$root/build/$preset" -n "$@" | tail -n 1)" = "ninja: no work to do." ] && return
  say "Building $preset (a few minutes the first time)"
  ninja -C "$root/build/$preset" "$@" >&2 ||
    fail "Building" "read the first error above; with little memory try 'ninja -C build/$preset -j1'"
}
