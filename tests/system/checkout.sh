# Sourced by run.sh: install.sh in a checkout, with the compiler, on a booted Debian 13.
# shellcheck shell=bash
# shellcheck disable=SC2154  # globals of run.sh, container.sh and debian-root.sh

# A program that is built here, installed, verified and removed again. The compiler works for minutes.
install_from_checkout() {
  local machine before after difference
  machine=$(uname -m)
  # shellcheck disable=SC2046  # lists
  make_root checkout "${system_packages[@]}" $(. "$repository/scripts/setup.sh" && packages_of build 13) || return 1
  base=$made_root
  trap 'end_container' EXIT
  new_container || return 1
  mkdir -p "$container/root/srv/checkout/.deps"
  git -C "$repository" archive HEAD | tar -x -C "$container/root/srv/checkout" || return 1
  # No network inside: what scripts/onnxruntime.sh would fetch is there.
  "$repository/scripts/onnxruntime.sh" "$cache/onnxruntime-$(dpkg --print-architecture)" "$machine" || return 1
  cp -a "$cache/onnxruntime-$(dpkg --print-architecture)" "$container/root/srv/checkout/.deps/onnxruntime"
  boot || return 1
  before=$(files_inside | grep -v ^/srv/checkout)
  inside /srv/checkout/install.sh > "$cache/checkout-install.log" 2>&1 || { tail -n 5 "$cache/checkout-install.log"; return 1; }
  is_healthy && inside test -x /opt/hailo-clip/bin/hailo-clip && ! inside dpkg-query -W hailo-clip > /dev/null 2>&1 || return 1
  inside /srv/checkout/uninstall.sh --purge-data --remove-user > /dev/null 2>&1 || return 1
  after=$(files_inside | grep -v ^/srv/checkout)
  difference=$(diff <(echo "$before") <(echo "$after"))
  [ -z "$difference" ] || { echo "left: $(echo "$difference" | grep '^[<>]' | tr '\n' ' ')"; return 1; }
  echo "built, verified ($(grep -c '^| ok' "$cache/checkout-install.log") checks), removed: the same $(echo "$after" | wc -l) paths as before"
}
