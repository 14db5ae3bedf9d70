# Sourced by run.sh: a Debian 13 with systemd, booted in a container over a base that is never written to.
# shellcheck shell=bash
# shellcheck disable=SC2154  # base, release: run.sh sets them

container=''  # its folder: upper (what changed), work, root (the two together), log
leader=''     # the process id of its systemd, seen from here
nspawn=''

# new_container: over the base, not booted yet.
new_container() {
  container=$(mktemp -d "$cache/container.XXXXXX")
  mkdir "$container"/{upper,work,root}
  mount -t overlay overlay -o "lowerdir=$base,upperdir=$container/upper,workdir=$container/work" "$container/root"
}

# join_own_group: nspawn makes the control groups "payload" and "supervisor" where it is started; containers that run side
# by side must not share them.
join_own_group() {
  local names path top group
  while IFS=: read -r _ names path; do
    case "$names" in
      '') top=/sys/fs/cgroup; [ ! -d $top/unified ] || top=$top/unified ;;
      name=systemd) top=/sys/fs/cgroup/systemd ;;
      *) continue ;;
    esac
    group=$top${path%/}/${container##*/}
    mkdir -p "$group" && echo "$BASHPID" > "$group/cgroup.procs" && echo "$group" >> "$container/groups"
  done < /proc/self/cgroup
}

# boot: returns when the boot is over, degraded or not. The network is private and has nothing but lo.
boot() {
  : > "$container/groups"
  (join_own_group
    exec env SYSTEMD_SECCOMP="${container_seccomp:-1}" systemd-nspawn --quiet --register=no --keep-unit --boot --private-network \
      --machine=hailo-clip-test --console=pipe --bind-ro="$release:/release" --capability=CAP_BPF \
      -D "$container/root") < /dev/null > "$container/log" 2>&1 &
  nspawn=$!
  for _ in $(seq 300); do
    leader=$(pgrep -P "$nspawn" | head -n 1)
    [ -n "$leader" ] && inside systemctl is-system-running > /dev/null 2>&1 && return 0
    case "$(inside systemctl is-system-running 2> /dev/null)" in degraded) return 0 ;; esac
    kill -0 "$nspawn" 2> /dev/null || { tail -n 20 "$container/log" >&2; return 1; }
    sleep 0.2
  done
  echo "the container did not boot in a minute: $container/log" >&2
  return 1
}

# shut_down: like the power button; then boot may be called again.
shut_down() {
  [ -n "$nspawn" ] || return 0
  kill -s RTMIN+4 "$leader" 2> /dev/null
  for _ in $(seq 200); do
    kill -0 "$nspawn" 2> /dev/null || break
    sleep 0.2
  done
  kill -KILL "$nspawn" 2> /dev/null
  wait "$nspawn" 2> /dev/null
  nspawn='' leader=''
  local group
  while read -r group; do find "$group" -depth -type d -exec rmdir {} \; 2> /dev/null; done < "$container/groups"
  rm "$container/groups"
}

end_container() {
  shut_down
  [ -n "$container" ] || return 0
  umount "$container/root" && rm -rf "$container"
  container=''
}

# inside COMMAND...: as root in the container.
inside() { nsenter --target "$leader" --all -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive "$@"; }
inside_sh() { inside sh -c "$1"; }

# within SECONDS COMMAND...: until it succeeds.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

# What is installed, as a list of paths; without what every boot and every apt-get writes.
files_inside() {
  inside find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp -o -path /var/log \
    -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/systemd -o -path /release \
    -o -path '/etc/*-' -o -path /etc/machine-id -o -path /var/backups/'*.*' \) -prune -o -print | LC_ALL=C sort
}

service_is() { [ "$(inside systemctl is-active hailo-clip.service)" = "$1" ]; }
# The service's process, as it is numbered here.
service_pid() { pgrep --ns "$leader" --nslist pid -f '/usr/bin/hailo-clip serve' | head -n 1; }
property() { inside systemctl show -p "$1" --value hailo-clip.service; }
health() { inside curl -s --max-time 5 "http://127.0.0.1:${1:-5000}/health"; }
is_healthy() { health "$@" | grep -q '"status":"healthy"'; }
journal() { inside journalctl -q -o cat -u hailo-clip.service --no-pager "$@"; }
# The text of rank 1 for the picture of a cat.
classify_cat() {
  inside curl -s --max-time 30 'http://127.0.0.1:5000/v1/classify?prompts=a+dog&prompts=a+cat&prompts=a+rocket' \
    -H 'Content-Type: image/png' --data-binary @/release/tests/data/images/photo_cat.png |
    sed -n 's/.*"classifications":\[{"text":"\([^"]*\)".*/\1/p'
}
install_release() { inside /release/install.sh "$@"; }
