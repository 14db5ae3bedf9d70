# Sourced: Debian 13 roots to build and to test in, made once and kept outside the repository.
# shellcheck shell=bash

# Where roots and packages are kept between runs.
cache=${HAILO_SYSTEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hailo-clip-system}
suite=trixie

# This machine's own Debian mirror, so that a local one is used; nothing if it names none: debootstrap then has its own.
debian_mirror() {
  { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2> /dev/null || true; } |
    sed -nE 's/^URIs:[[:space:]]*([^[:space:]]+).*/\1/p; s/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+).*/\2/p' |
    grep -m 1 -E '/debian/?$' || true
}

# in_root ROOT COMMAND...: with /proc, /sys and the resolver of this machine, in a mount namespace that ends with it.
in_root() {
  local folder=$1
  shift
  # shellcheck disable=SC2016  # expanded by the inner shell
  unshare --mount --fork --pid --kill-child sh -c '
    root=$1; shift
    mount -t proc proc "$root/proc" && mount --rbind /sys "$root/sys" && mount --bind /dev "$root/dev" &&
    cp /etc/resolv.conf "$root/etc/resolv.conf" 2> /dev/null
    exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive "$@"
  ' sh "$folder" "$@"
}

# make_base: $cache/base, a minimal Debian that the other roots are copies of.
make_base() {
  local folder=$cache/base
  [ -e "$folder/.complete" ] && return
  rm -rf "$folder"
  mkdir -p "$folder"
  # shellcheck disable=SC2046  # one word or none
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$folder" $(debian_mirror) > "$cache/base.log" 2>&1 ||
    { tail -n 20 "$cache/base.log" >&2; return 1; }
  # No service is started while packages are installed.
  printf '#!/bin/sh\nexit 101\n' > "$folder/usr/sbin/policy-rc.d"
  chmod 755 "$folder/usr/sbin/policy-rc.d"
  touch "$folder/.complete"
}

# make_root NAME PACKAGE...: $cache/NAME, a minimal Debian with these packages; its path in $made_root. Made anew only if
# it is not complete or the list of packages differs.
make_root() {
  local name=$1 folder=$cache/$1 stamp
  shift
  # shellcheck disable=SC2034  # for the caller
  made_root=$folder
  stamp="$suite $*"
  [ "$(cat "$folder/.complete" 2> /dev/null)" = "$stamp" ] && return
  echo "Making the root $folder (some minutes, once)" >&2
  make_base || return 1
  rm -rf "$folder"
  cp -a "$cache/base" "$folder"
  rm "$folder/.complete"
  { in_root "$folder" apt-get update -q && in_root "$folder" apt-get install -y -q --no-install-recommends "$@"; } > "$cache/$name.log" 2>&1 ||
    { tail -n 20 "$cache/$name.log" >&2; return 1; }
  rm "$folder/usr/sbin/policy-rc.d"
  echo "$stamp" > "$folder/.complete"
}
