#!/usr/bin/env bash
# System tests: packages and scripts on a real Debian 13 with systemd, in a container. For root.
#
#   tests/system/run.sh [--release FOLDER] [--arm64] [--junit FILE] [--keep] [CASE...]
#     --release FOLDER  an unpacked release to test (default: one is built by packaging/build-packages.sh)
#     --arm64           also the arm64 packages, under emulation (some minutes more)
#     --junit FILE      write the results there
#     --keep            keep the container of a case that failed
#     --list            the cases; without CASE all of them run
#
# The base system is made once and kept in ${XDG_CACHE_HOME:-~/.cache}/hailo-clip-system (HAILO_SYSTEM_CACHE).
set -u  # no pipefail: `journal | grep -q` ends journalctl early, and that is no failure

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
# shellcheck source=packaging/debian-root.sh
. "$repository/packaging/debian-root.sh"
# shellcheck source=tests/system/container.sh
. "$here/container.sh"
# shellcheck source=tests/system/cases.sh
. "$here/cases.sh"
# shellcheck source=tests/system/arm64.sh
. "$here/arm64.sh"

all_cases() { declare -F | sed -n 's/^declare -f case_//p'; }

release='' junit='' keep=false arm64=false cases=()
while [ $# -gt 0 ]; do
  case "$1" in
    --release) release=$(cd "$2" && pwd); shift ;;
    --junit) junit=$2; shift ;;
    --arm64) arm64=true ;;
    --keep) keep=true ;;
    --list) all_cases; exit 0 ;;
    -*) sed -n '2,/^set -/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
    *) cases+=("$1") ;;
  esac
  shift
done
[ "$(id -u)" -eq 0 ] || { echo "run.sh: this needs root" >&2; exit 3; }
for tool in debootstrap systemd-nspawn nsenter; do
  command -v $tool > /dev/null || { echo "run.sh: $tool is missing; scripts/packages.txt names the packages, group [system]" >&2; exit 3; }
done
[ ${#cases[@]} -gt 0 ] || mapfile -t cases < <(all_cases)
mkdir -p "$cache"

# repack PACKAGE VERSION FOLDER [COMMAND]: the package again with another version ('' for the same), after COMMAND has
# changed its files.
repack() {
  local work
  work=$(mktemp -d)
  dpkg-deb -R "$1" "$work/p"
  if [ -n "$2" ]; then sed -i "s/^Version: .*/Version: $2/" "$work/p/DEBIAN/control"; fi
  if [ -n "${4:-}" ]; then (cd "$work/p" && sh -c "$4"); fi
  (cd "$work/p" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
  dpkg-deb --root-owner-group -Zgzip -b "$work/p" "$3" > /dev/null
  rm -rf "$work"
}

if [ -z "$release" ]; then
  release=$cache/release
  rm -rf "$release"
  "$repository/packaging/build-packages.sh" "$release" > "$cache/build.log" 2>&1 || { tail -n 30 "$cache/build.log"; exit 1; }
fi

# What the program depends on is in the base, so that no case needs a network.
dependencies=$(dpkg-deb -f "$release"/hailo-clip_*_"$(dpkg --print-architecture)".deb Depends | tr ',' '\n' | sed 's/|.*//; s/([^)]*)//; s/ //g' | sort -u)
# shellcheck disable=SC2086  # a list
make_root system systemd systemd-sysv dbus curl procps iproute2 libfaketime $dependencies || exit 1
base=$made_root

trap 'end_container' EXIT
passed=0 failed=0 skipped=0 results=''

# report STATUS NAME SECONDS TEXT
report() {
  local word=ok element=''
  case "$1" in
    0) passed=$((passed + 1)) ;;
    77) word=skip skipped=$((skipped + 1)) element='<skipped/>' ;;
    *) word=FAIL failed=$((failed + 1)) element='<failure/>' ;;
  esac
  printf '%-4s %-44s %4d s  %s\n' "$word" "$2" "$3" "$4"
  results+="<testcase classname=\"system\" name=\"$2\" time=\"$3\">$element</testcase>"
}

run_case() {
  local begin=$SECONDS text status
  new_container && boot || { report 1 "$1" $((SECONDS - begin)) "the container did not start"; end_container; return; }
  # Not in a subshell: a case may boot again, and the container that then runs is ended here.
  "case_$1" > "$container/said" 2>&1
  status=$?
  text=$(cat "$container/said")
  report "$status" "$1" $((SECONDS - begin)) "$(printf '%s' "$text" | tr '\n' ' ' | cut -c1-240)"
  if $keep && [ $status -eq 1 ]; then
    echo "     kept: $container"
    shut_down
    container=''
  else
    end_container
  fi
}

for name in "${cases[@]}"; do
  declare -F "case_$name" > /dev/null || { echo "run.sh: there is no case '$name'; --list shows them" >&2; exit 2; }
  run_case "$name"
done
if $arm64; then
  begin=$SECONDS
  text=$(classify_on_arm64 2>&1)
  report $? arm64_under_emulation $((SECONDS - begin)) "$(printf '%s' "$text" | tail -n 3 | tr '\n' ' ')"
fi

if [ -n "$junit" ]; then
  echo "<testsuite name=\"system\" tests=\"$((passed + failed + skipped))\" failures=\"$failed\" skipped=\"$skipped\">$results</testsuite>" > "$junit"
fi
# An error that bash gives up a whole loop for must not pass as the end of the cases.
wanted=$((${#cases[@]} + $($arm64 && echo 1 || echo 0)))
if [ $((passed + failed + skipped)) -ne $wanted ]; then
  echo "run.sh: $wanted cases were wanted, $((passed + failed + skipped)) ran" >&2
  failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
