#!/usr/bin/env bash
# System tests: packages and scripts on a real Debian 13 with systemd, in a container. For root.
#
#   tests/system/run.sh [--release FOLDER] [--arm64] [--checkout] [--jobs N] [--junit FILE] [--keep] [CASE...]
#     --release FOLDER  an unpacked release to test (default: one is built by packaging/build-packages.sh)
#     --arm64           also the arm64 packages, under emulation (some minutes more)
#     --checkout        also install.sh in a checkout, which it compiles (some minutes more)
#     --jobs N          so many containers side by side (default: one for each processor)
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
# shellcheck source=tests/system/checkout.sh
. "$here/checkout.sh"

all_cases() { declare -F | sed -n 's/^declare -f case_//p'; }

release='' junit='' jobs=$(nproc) keep=false arm64=false checkout=false cases=()
while [ $# -gt 0 ]; do
  case "$1" in
    --release) release=$(cd "$2" && pwd); shift ;;
    --junit) junit=$2; shift ;;
    --arm64) arm64=true ;;
    --checkout) checkout=true ;;
    --jobs) jobs=$2; shift ;;
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
system_packages=(systemd systemd-sysv dbus curl procps iproute2 libfaketime)
# shellcheck disable=SC2086  # a list
make_root system "${system_packages[@]}" $dependencies || exit 1
base=$made_root

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# report STATUS NAME SECONDS TEXT: a line of the table, and a file in $results named after the outcome.
report() {
  local word=ok element=''
  case "$1" in
    0) ;;
    77) word=skip element='<skipped/>' ;;
    *) word=FAIL element='<failure/>' ;;
  esac
  printf '%-4s %-44s %4d s  %s\n' "$word" "$2" "$3" "$4"
  echo "<testcase classname=\"system\" name=\"$2\" time=\"$3\">$element</testcase>" > "$results/$2.$word"
}
count() { find "$results" -name "*.$1" | wc -l; }

# run_case NAME: in a shell of its own, in a container of its own.
run_case() {
  local begin=$SECONDS text status
  trap 'end_container' EXIT
  new_container && boot || { report 1 "$1" $((SECONDS - begin)) "the container did not start"; return; }
  # Not in a subshell: a case may boot again, and the container that then runs is ended here.
  "case_$1" > "$container/said" 2>&1
  status=$?
  text=$(cat "$container/said")
  report "$status" "$1" $((SECONDS - begin)) "$(printf '%s' "$text" | tr '\n' ' ' | cut -c1-240)"
  if $keep && [ $status -eq 1 ]; then
    echo "     kept: $container"
    shut_down
    container=''
  fi
}

for name in "${cases[@]}"; do
  declare -F "case_$name" > /dev/null || { echo "run.sh: there is no case '$name'; --list shows them" >&2; exit 2; }
done
for name in "${cases[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
  (run_case "$name") &
done
wait
# slow NAME FUNCTION: a case that makes its own root.
slow() {
  local begin=$SECONDS text
  text=$("$2" 2>&1)
  report $? "$1" $((SECONDS - begin)) "$(printf '%s' "$text" | tail -n 3 | tr '\n' ' ')"
}
wanted=${#cases[@]}
if $arm64; then slow arm64_under_emulation classify_on_arm64; wanted=$((wanted + 1)); fi
if $checkout; then slow install_from_checkout install_from_checkout; wanted=$((wanted + 1)); fi

passed=$(count ok) failed=$(count FAIL) skipped=$(count skip)
if [ -n "$junit" ]; then
  echo "<testsuite name=\"system\" tests=\"$((passed + failed + skipped))\" failures=\"$failed\" skipped=\"$skipped\">$(cat "$results"/*)</testsuite>" > "$junit"
fi
# An error that bash gives up a whole case for must not pass as the end of it.
if [ $((passed + failed + skipped)) -ne $wanted ]; then
  echo "run.sh: $wanted cases were wanted, $((passed + failed + skipped)) ran" >&2
  failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
