#!/usr/bin/env bash
# Installs hailo-clip as a service: from the packages beside this script (an unpacked release), else by building the
# checkout that it lies in, into /opt/hailo-clip. Run again at any time: to upgrade, to take over changed limits, after an
# interruption. Configuration and models are kept.
#
#   sudo ./install.sh [--warmup] [--model NAME] [--port N] [--dry-run]
#     --warmup      warm the model up before the service says that it is ready (performance.warmup_enabled)
#     --model NAME  the model to serve (clip.model): a name from `hailo-clip models list`, or auto
#     --port N      the port to listen on (server.port)
#     --dry-run     say what would be done, change nothing
#
# Exit status: 0 installed and verified, 1 verification failed (an older Python installation is put back), 2 wrong usage,
# 3 this machine lacks something, 4 the port is taken by another program.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
config=/etc/hailo/hailo-clip.yaml
state=/var/lib/hailo-clip
kept=/var/backups/hailo-clip
local_unit=/etc/systemd/system/hailo-clip.service
prefix=/opt/hailo-clip

dry_run=false warmup=false model='' port=''
summary=()

usage() { sed -n '2,/^set -/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" | sed '$d'; }
say() { printf '==> %s\n' "$*"; }
note() { summary+=("$*"); }
# fail STATUS WHAT REMEDY
fail() { printf '\ninstall.sh: %s\nWhat to do: %s\n' "$2" "$3" >&2; exit "$1"; }
# run COMMAND...: or only its name, in a dry run.
run() { if $dry_run; then printf '    would run: %s\n' "$*"; else "$@"; fi; }

while [ $# -gt 0 ]; do
  case "$1" in
    --warmup) warmup=true ;;
    --dry-run) dry_run=true ;;
    --model | --port)
      [ $# -ge 2 ] || { echo "install.sh: $1 needs a value" >&2; exit 2; }
      if [ "$1" = --model ]; then model=$2; else port=$2; fi
      shift ;;
    -h | --help) usage; exit 0 ;;
    *) echo "install.sh: unknown option '$1'" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
if [ -n "$port" ] && ! { [[ $port =~ ^[0-9]{1,5}$ ]] && [ "$port" -ge 1 ] && [ "$port" -le 65535 ]; }; then
  echo "install.sh: --port must be a number from 1 to 65535" >&2
  exit 2
fi

# --- What is there ------------------------------------------------------------------------------------------------

packages_beside() { find "$here" -maxdepth 1 -name 'hailo-clip*.deb' \( -name "*_$(dpkg --print-architecture).deb" -o -name '*_all.deb' \) | sort; }
is_packaged() { [ "$(dpkg-query -W -f '${db:Status-Status}' hailo-clip 2> /dev/null)" = installed ]; }
# The unit that the Python service of the same name was installed with.
is_python_unit() { [ -f "$1" ] && ! grep -q '^ExecStart=.*/hailo-clip serve' "$1"; }
has_python_program() { [ -e "$prefix" ] && [ ! -x "$prefix/bin/hailo-clip" ]; }
# key SECTION KEY: from the configuration as it stands, without the program that understands it.
key() { [ ! -f "$config" ] || awk -v section="$1:" -v key="$2:" '/^[a-z]/ { inside = ($1 == section) } inside && $1 == key { gsub(/["\047]/, "", $2); print $2; exit }' "$config"; }

check_machine() {
  [ "$(id -u)" -eq 0 ] || $dry_run || fail 3 "this needs root" "sudo $0"
  command -v dpkg > /dev/null || fail 3 "this is no Debian" "build it by hand: CONTRIBUTING.md"
  [ -d /run/systemd/system ] || $dry_run || fail 3 "systemd does not run here" "run the program by itself: hailo-clip serve"
  case "$(dpkg --print-architecture)" in
    amd64 | arm64) ;;
    *) fail 3 "there is no build for $(dpkg --print-architecture)" "use a 64-bit Raspberry Pi OS" ;;
  esac
  local free
  free=$(df --output=avail -m /var | tail -n 1)
  [ "$free" -ge 200 ] || fail 3 "only $free MB are free on /var" "make room: sudo apt-get clean; sudo journalctl --vacuum-size=50M"
}

check_port() {
  local wanted=${port:-$(key server port)} owner
  wanted=${wanted:-5000}
  owner=$(ss -ltnpH "sport = :$wanted" 2> /dev/null | sed -n '/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/ { s//\1 (pid \2)/p; q }')
  [ -z "$owner" ] && return
  # The service itself, this one or the Python one, gives the port back when it is replaced.
  local pid=${owner##*pid }
  grep -qs 'hailo-clip\.\(service\|socket\)' "/proc/${pid%)}/cgroup" && return
  [[ $owner == systemd* ]] && systemctl is-active --quiet hailo-clip.socket && return
  fail 4 "port $wanted is taken by $owner" "stop that program, or choose another port: $0 --port 5001"
}

say_devices() {
  local nodes=() node
  for node in /dev/hailo[0-9]* /dev/h1x-*; do [ -c "$node" ] && nodes+=("$node"); done
  if [ ${#nodes[@]} -gt 0 ]; then
    note "accelerator: ${nodes[*]} found; this version computes on the processor"
  else
    note "accelerator: none found; the processor computes"
  fi
}

# --- Taking over from Python --------------------------------------------------------------------------------------

# Nothing is deleted: unit, program and configuration are kept until `uninstall.sh --purge-data`.
take_over() {
  is_python_unit "$local_unit" || has_python_program || [ -e "$kept/taken-over" ] || return 0
  say "An installation of the Python service is there: it is stopped and kept in $kept"
  run mkdir -p "$kept"
  [ ! -f "$config" ] || [ -e "$kept/hailo-clip.yaml" ] || run cp -p "$config" "$kept/hailo-clip.yaml"
  if is_python_unit "$local_unit"; then
    run systemctl disable --now hailo-clip.service || true
    run mv "$local_unit" "$kept/hailo-clip.service"
    run systemctl daemon-reload
  fi
  if has_python_program; then run mv "$prefix" "$prefix.python"; fi
  run rm -f /etc/xdg/hailo-clip/hailo-clip.json
  run rmdir --ignore-fail-on-non-empty /etc/xdg/hailo-clip 2> /dev/null || true
  run touch "$kept/taken-over"
  case "$(key resource_limits cpu_quota)" in
    '' | infinity) ;;
    *) note "configuration: cpu_quota: $(key resource_limits cpu_quota) was the Python service's default and slows this one down; \"\" is best" ;;
  esac
  note "Python service: replaced; its unit and configuration are in $kept, its program in $prefix.python"
}

put_python_back() {
  [ -f "$kept/hailo-clip.service" ] || return 1
  say "The new service failed its verification: the Python service is put back"
  systemctl disable --now hailo-clip.service || true
  if is_packaged; then apt-get remove -y -q hailo-clip hailo-clip-model-starter || true; fi
  [ ! -x "$prefix/bin/hailo-clip" ] || rm -rf "$prefix"
  [ ! -d "$prefix.python" ] || mv "$prefix.python" "$prefix"
  [ ! -f "$kept/hailo-clip.yaml" ] || cp -p "$kept/hailo-clip.yaml" "$config"
  mv "$kept/hailo-clip.service" "$local_unit"
  rm -f "$kept/taken-over"
  systemctl daemon-reload
  systemctl enable --now hailo-clip.service
}

# --- Putting the program in place -------------------------------------------------------------------------------------

install_packages_beside() {
  local packages
  mapfile -t packages < <(packages_beside)
  say "Installing $(basename -a "${packages[@]}" | tr '\n' ' ')"
  if is_packaged; then note "upgraded from $(dpkg-query -W -f '${Version}' hailo-clip)"; fi
  # Kept configuration: dpkg asks nothing, and lays its new default beside as .dpkg-dist. Another apt-get may be at work:
  # the machine's own upgrades, or what an interrupted run of this script began; and that may have left work half done.
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --allow-downgrades -o DPkg::Lock::Timeout=300
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "${packages[@]}")
  run "${install[@]}" || { dpkg --configure -a --force-confdef --force-confold && "${install[@]}"; } ||
    fail 3 "apt-get could not install the packages" "read the lines above; offline, install what they depend on first"
  program=/usr/bin/hailo-clip libexec=/usr/libexec/hailo-clip
}

install_from_checkout() {
  is_packaged && fail 3 "hailo-clip is installed as a package" "remove it first (sudo apt-get remove hailo-clip), or install the new packages"
  say "Building in $here (some minutes the first time)"
  # Whoever called sudo owns the tree: what the build writes there stays theirs.
  local owner=()
  if [ -n "${SUDO_USER:-}" ] && [ "$(stat -c %U "$here")" != root ]; then owner=(runuser -u "$SUDO_USER" --); fi
  # shellcheck source=scripts/setup.sh
  if ! $dry_run; then (. "$here/scripts/setup.sh" && install_packages build); fi
  run "${owner[@]}" "$here/run" --version
  say "Installing into $prefix"
  run cmake --install "$here/build/release" --prefix "$prefix.new" --strip
  # One rename: whoever interrupts this has the old program or the new one.
  if [ -e "$prefix" ]; then run rm -rf "$prefix.old"; run mv "$prefix" "$prefix.old"; fi
  run mv "$prefix.new" "$prefix"
  run rm -rf "$prefix.old"
  run ln -sfn "$prefix/bin/hailo-clip" /usr/local/bin/hailo-clip
  program=$prefix/bin/hailo-clip libexec=$prefix/libexec/hailo-clip

  run systemd-sysusers "$here/packaging/hailo-clip.sysusers"
  run install -D -m 0644 "$here/packaging/hailo-clip.tmpfiles" /etc/tmpfiles.d/hailo-clip.conf
  run systemd-tmpfiles --create /etc/tmpfiles.d/hailo-clip.conf
  if [ ! -f "$config" ]; then run install -D -m 0644 "$here/packaging/hailo-clip.yaml" "$config"; fi
  local unit
  for unit in hailo-clip.service hailo-clip.socket; do
    if $dry_run; then
      echo "    would write: /etc/systemd/system/$unit"
    else
      sed "s|/usr/bin/hailo-clip|$prefix/bin/hailo-clip|; s|/usr/libexec/hailo-clip|$prefix/libexec/hailo-clip|" \
        "$here/packaging/systemd/$unit" > "/etc/systemd/system/$unit"
    fi
  done
  run systemctl daemon-reload
}

# --- Configuration ----------------------------------------------------------------------------------------------------

set_key() {
  run "$libexec/set-key" "$config" "$1" "$2"
  note "configuration: $1: $2"
}

settle_configuration() {
  [ -z "$port" ] || set_key server.port "$port"
  [ -z "$model" ] || set_key clip.model "$model"
  if $warmup; then set_key performance.warmup_enabled true; fi
  # A configuration that names a model of the Python service, which is not here: the starter serves meanwhile, and says
  # so in every answer.
  local named
  named=$(key clip model)
  if [ -n "$named" ] && [ "$named" != auto ] && [ -z "$(key clip if_missing)" ] && ! $dry_run &&
    ! "$program" models show "$named" > /dev/null 2>&1; then
    set_key clip.if_missing starter
    note "model '$named' is not installed: the starter serves in its place until you import it (hailo-clip models import)"
  fi
  $dry_run || "$program" config check ||
    fail 1 "the configuration is wrong" "mend the line that is named above in $config, then run this again"
  run "$libexec/apply-limits" "$program"
}

join_device_groups() {
  local node group
  for node in /dev/hailo[0-9]* /dev/h1x-*; do
    [ -c "$node" ] || continue
    group=$(stat -c %G "$node")
    case "$group" in root | UNKNOWN) ;; *) run usermod -a -G "$group" hailo-clip ;; esac
  done
}

start() {
  say "Starting the service"
  run systemctl daemon-reload
  run systemctl enable --quiet hailo-clip.service
  # Does not wait: a model that does not work never becomes ready, and verify.sh says why at once.
  run systemctl restart --no-block hailo-clip.service
}

finish() {
  echo
  say "Done"
  printf '    %s\n' "${summary[@]}"
  cat << END
    configuration  $config (sudo systemctl reload hailo-clip after a change)
    models         $state/models (sudo hailo-clip models import DIR)
    status         systemctl status hailo-clip; hailo-clip doctor
    log            journalctl -u hailo-clip
    remove         sudo ./uninstall.sh
END
}

check_machine
check_port
say_devices
program='' libexec=''
take_over
if [ -n "$(packages_beside)" ]; then
  install_packages_beside
elif [ -f "$here/CMakeLists.txt" ]; then
  install_from_checkout
else
  fail 3 "there are neither packages nor sources beside this script" "unpack the whole release, and run it there"
fi
join_device_groups
settle_configuration
start
if $dry_run; then
  finish
  exit 0
fi
verified=0
"$here/verify.sh" --wait 120 || verified=$?
if [ "$verified" -ne 0 ]; then
  if put_python_back; then
    fail 1 "the new service failed its verification (the table above); the Python service runs again" \
      "journalctl -u hailo-clip; mend it and run this again"
  fi
  fail 1 "the service failed its verification (the table above)" "journalctl -u hailo-clip; docs/TROUBLESHOOTING.md"
fi
finish
