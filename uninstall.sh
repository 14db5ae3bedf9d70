#!/usr/bin/env bash
# Removes hailo-clip, whichever way it was installed. Configuration, models and user stay unless told otherwise.
#
#   sudo ./uninstall.sh [--purge-data] [--remove-user] [--dry-run]
#     --purge-data   also the configuration, imported models, label sets, keys, and what was kept of a Python installation
#     --remove-user  also the user and group hailo-clip
#     --dry-run      say what would be done, change nothing
#
# Exit status: 0 removed (also if there was nothing), 1 something could not be removed, 2 wrong usage, 3 not root.
set -u

# Read to its end before it begins: it may remove itself.
{
purge=false remove_user=false dry_run=false
while [ $# -gt 0 ]; do
  case "$1" in
    --purge-data) purge=true ;;
    --remove-user) remove_user=true ;;
    --dry-run) dry_run=true ;;
    -h | --help) sed -n '2,/^set -/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" | sed '$d'; exit 0 ;;
    *) echo "uninstall.sh: unknown option '$1'" >&2; exit 2 ;;
  esac
  shift
done
[ "$(id -u)" -eq 0 ] || $dry_run || { echo "uninstall.sh: this needs root: sudo $0" >&2; exit 3; }

failures=0
say() { printf '==> %s\n' "$*"; }
run() {
  if $dry_run; then printf '    would run: %s\n' "$*"; return; fi
  "$@" || { echo "uninstall.sh: failed: $*" >&2; failures=$((failures + 1)); }
}
known() { dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null | grep -qx -e installed -e config-files; }
# gone PATH...: removes what is there.
gone() {
  local path
  for path in "$@"; do
    if [ -e "$path" ] || [ -L "$path" ]; then run rm -rf -- "$path"; fi
  done
}
empty_folder_gone() { [ ! -d "$1" ] || [ -n "$(ls -A "$1")" ] || run rmdir -- "$1"; }

say "Stopping the service"
if [ -d /run/systemd/system ]; then
  for unit in hailo-clip.socket hailo-clip.service; do
    if systemctl cat "$unit" > /dev/null 2>&1; then run systemctl disable --quiet --now "$unit"; fi
  done
fi

say "Removing the program"
packages=()
for package in hailo-clip hailo-clip-model-starter; do known "$package" && packages+=("$package"); done
if [ ${#packages[@]} -gt 0 ]; then
  # dpkg alone: nothing that came with the packages is taken along, and no network is asked.
  if $purge; then run dpkg --purge "${packages[@]}"; else run dpkg --remove "${packages[@]}"; fi
fi
gone /etc/systemd/system/hailo-clip.service /etc/systemd/system/hailo-clip.socket \
  /etc/systemd/system/hailo-clip.service.d/50-limits.conf \
  /etc/systemd/system/multi-user.target.wants/hailo-clip.service /etc/systemd/system/sockets.target.wants/hailo-clip.socket \
  /etc/tmpfiles.d/hailo-clip.conf /opt/hailo-clip /opt/hailo-clip.new /opt/hailo-clip.old
[ "$(readlink /usr/local/bin/hailo-clip)" != /opt/hailo-clip/bin/hailo-clip ] || gone /usr/local/bin/hailo-clip
empty_folder_gone /etc/systemd/system/hailo-clip.service.d
if [ -d /run/systemd/system ]; then
  run systemctl daemon-reload
  $dry_run || systemctl reset-failed hailo-clip.service 2> /dev/null
fi

if $purge; then
  say "Removing configuration and data"
  gone /etc/hailo/hailo-clip.yaml /etc/hailo/hailo-clip.yaml.dpkg-dist /etc/hailo/hailo-clip.yaml.dpkg-old \
    /etc/systemd/system/hailo-clip.service.d /var/lib/hailo-clip /var/backups/hailo-clip /opt/hailo-clip.python /etc/xdg/hailo-clip
  empty_folder_gone /etc/hailo  # other Hailo services have their configuration there, too
fi
if $remove_user; then
  say "Removing the user"
  if getent passwd hailo-clip > /dev/null; then run userdel hailo-clip; fi
  if getent group hailo-clip > /dev/null; then run groupdel hailo-clip; fi
fi

echo
say "$(if $dry_run; then echo 'Nothing was changed'; else echo 'Removed'; fi). What stays:"
stays=0
for path in /etc/hailo/hailo-clip.yaml /var/lib/hailo-clip /var/backups/hailo-clip /opt/hailo-clip.python; do
  if [ -e "$path" ]; then echo "    $path (--purge-data removes it)"; stays=1; fi
done
if getent passwd hailo-clip > /dev/null; then echo "    the user hailo-clip (--remove-user removes it)"; stays=1; fi
echo "    the service's lines in the journal (journalctl --vacuum-time=1s removes everybody's)"
echo "    packages that the program depended on (apt-get autoremove removes those that nobody else needs)"
[ $stays -eq 0 ] && echo "    no file and no user of hailo-clip"
if [ $failures -eq 0 ]; then exit 0; else exit 1; fi
}
