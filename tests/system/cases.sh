# Sourced by run.sh. Every function case_NAME is one test in a container of its own, already booted, with nothing of
# hailo-clip installed. It prints one line, what it saw, and returns 0 (pass), 1 (fail) or 77 (cannot be tested here).
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034  # globals of run.sh and container.sh

case_install_packages() {
  install_release > "$container/install.log" 2>&1 || { tail -n 5 "$container/install.log"; return 1; }
  inside /release/verify.sh > "$container/verify.log" 2>&1 || { grep FAIL "$container/verify.log"; return 1; }
  echo "installed and verified: $(grep -c '^| ok' "$container/verify.log") checks, $(property StatusText), memory: $(property MemoryCurrent)"
}

# Without install.sh: what the packages do by themselves.
case_packages_alone() {
  inside_sh 'apt-get install -y -q --no-install-recommends /release/hailo-clip*.deb' > "$container/install.log" 2>&1 || { tail -n 5 "$container/install.log"; return 1; }
  within 30 is_healthy && [ "$(inside systemctl is-enabled hailo-clip.service)" = enabled ] && [ "$(classify_cat)" = 'a cat' ] || return 1
  inside_sh 'apt-get purge -y -q hailo-clip hailo-clip-model-starter' > /dev/null 2>&1 || return 1
  inside_sh 'ls -d /usr/bin/hailo-clip /etc/hailo /var/lib/hailo-clip /usr/share/hailo-clip' > /dev/null 2>&1 && return 1
  echo "apt-get install: enabled, healthy, classifies; apt-get purge: program, configuration and state are gone"
}

case_install_again_changes_nothing() {
  install_release > /dev/null 2>&1 || return 1
  local before after
  before=$(files_inside; inside cat /etc/hailo/hailo-clip.yaml)
  install_release > /dev/null 2>&1 || return 1
  after=$(files_inside; inside cat /etc/hailo/hailo-clip.yaml)
  [ "$before" = "$after" ] && is_healthy && echo "the same files, the same configuration, healthy"
}

case_options_are_taken() {
  install_release --port 5055 --warmup --model starter > /dev/null 2>&1 || return 1
  is_healthy 5055 || return 1
  inside grep -E 'port:|warmup_enabled:|^  model:' /etc/hailo/hailo-clip.yaml | sed 's/ *#.*//' | tr -s ' \n' ' '
}

case_dry_run_changes_nothing() {
  local before
  before=$(files_inside)
  install_release --dry-run > /dev/null 2>&1 || return 1
  [ "$before" = "$(files_inside)" ] && echo "no file was made"
}

case_interrupted_installation_can_be_repeated() {
  local after
  for after in 0.3 0.7 1.2 2; do
    inside timeout -s KILL $after /release/install.sh > /dev/null 2>&1
  done
  install_release > "$container/install.log" 2>&1 || { tail -n 5 "$container/install.log"; return 1; }
  is_healthy && echo "killed after 0.3, 0.7, 1.2 and 2 s, run again: healthy"
}

case_ready_only_after_the_self_test() {
  install_release > /dev/null 2>&1 || return 1
  inside systemctl restart hailo-clip.service || return 1
  # systemctl returned, so the service is ready: the very next request must be answered.
  is_healthy && echo "healthy at the moment that systemctl returns; $(inside systemd-analyze blame --no-pager | grep hailo-clip | tr -s ' ')"
}

case_reboot() {
  install_release > /dev/null 2>&1 || return 1
  shut_down
  boot || return 1
  within 30 is_healthy || return 1
  echo "healthy after the boot, without a network: $(inside ip -br link | tr -s ' \n' ' '); $(inside systemd-analyze time --no-pager | head -n 1)"
}

case_killed() {
  install_release > /dev/null 2>&1 || return 1
  inside systemctl kill -s KILL hailo-clip.service
  within 30 is_healthy && [ "$(property NRestarts)" -ge 1 ] && echo "restarted $(property NRestarts) time(s), healthy"
}

case_stuck_encode_is_caught() {
  install_release > /dev/null 2>&1 || return 1
  local pid stopper
  pid=$(service_pid)
  "$here/stop_threads.py" "$pid" encoder > "$container/stopped" &
  stopper=$!
  within 5 test -s "$container/stopped" || return 1
  classify_cat > /dev/null &
  local sees_watchdog='journal | grep -q -i watchdog'
  within 90 eval "$sees_watchdog" || { kill $stopper; echo "90 s with $(cat "$container/stopped") stopped threads, and nobody noticed"; return 1; }
  within 60 is_healthy || return 1
  echo "$(cat "$container/stopped") threads stopped: $(journal | grep -o 'an encoder hangs' | head -n 1), restarted by the watchdog, healthy"
}

case_frozen_process_is_caught() {
  install_release > /dev/null 2>&1 || return 1
  inside systemctl kill -s STOP hailo-clip.service
  local restarted='[ "$(property NRestarts)" -ge 1 ]'
  within 120 eval "$restarted" && within 60 is_healthy && echo "restarted by the watchdog, healthy"
}

case_stop_is_graceful() {
  install_release > /dev/null 2>&1 || return 1
  local begin=$SECONDS
  inside systemctl stop hailo-clip.service
  [ "$(property Result)" = success ] && [ $((SECONDS - begin)) -lt 30 ] && journal | grep -q '"drained":true' &&
    echo "stopped in $((SECONDS - begin)) s, drained"
}

case_reload() {
  install_release > /dev/null 2>&1 || return 1
  inside sed -i 's/^  level: INFO/  level: DEBUG/' /etc/hailo/hailo-clip.yaml
  local pid
  pid=$(property MainPID)
  inside systemctl reload hailo-clip.service || return 1
  within 10 eval 'journal | grep -q "configuration key changed"' && [ "$pid" = "$(property MainPID)" ] && service_is active &&
    echo "logging.level taken over by the same process"
}

case_wrong_configuration() {
  install_release > /dev/null 2>&1 || return 1
  inside sed -i 's/^  port:/  prot:/' /etc/hailo/hailo-clip.yaml
  inside systemctl restart hailo-clip.service 2> /dev/null && return 1
  within 10 service_is failed || return 1
  journal -n 20 | grep "did you mean" | tail -n 1
  inside sed -i 's/^  prot:/  port:/' /etc/hailo/hailo-clip.yaml
  inside systemctl restart hailo-clip.service && is_healthy
}

case_port_in_use() {
  inside systemd-run --quiet --unit=other systemd-socket-activate -l 5000 /bin/cat
  within 10 inside_sh "ss -ltn | grep -q :5000" || return 1
  install_release > "$container/install.log" 2>&1
  local status=$?
  [ $status -eq 4 ] || { echo "install.sh ended with $status"; return 1; }
  grep -m 1 'is taken by' "$container/install.log"
}

case_port_taken_while_the_service_is_down() {
  install_release > /dev/null 2>&1 || return 1
  inside systemctl stop hailo-clip.service
  inside systemd-run --quiet --unit=other systemd-socket-activate -l 5000 /bin/cat
  within 10 inside_sh "ss -ltn | grep -q :5000" || return 1
  inside systemctl start --no-block hailo-clip.service
  within 20 eval 'journal | grep -q "taken by"' || return 1
  inside systemctl stop other
  within 60 is_healthy && echo "$(journal | grep -o 'taken by[^)]*' | head -n 1); healthy by itself once the port is free"
}

case_damaged_model() {
  install_release > /dev/null 2>&1 || return 1
  local model=/usr/share/hailo-clip/models/starter/text.onnx
  inside cp $model /root/text.onnx
  inside_sh "printf x | dd of=$model bs=1 seek=100000 conv=notrunc status=none"
  inside systemctl restart --no-block hailo-clip.service
  within 30 eval 'health | grep -q "\"status\":\"unhealthy\""' || return 1
  inside /release/verify.sh > "$container/verify.log" 2>&1 && return 1
  service_is active && return 1
  grep -m 1 'FAIL | health' "$container/verify.log" | tr -s ' '
  inside cp /root/text.onnx $model
  inside systemctl restart hailo-clip.service && is_healthy
}

case_disk_full() {
  install_release > /dev/null 2>&1 || return 1
  inside systemctl stop hailo-clip.service
  inside mount -t tmpfs -o size=1M,mode=755 tmpfs /var/lib/hailo-clip
  inside_sh "chown hailo-clip: /var/lib/hailo-clip; mkdir -m 750 /var/lib/hailo-clip/label-sets; chown hailo-clip: /var/lib/hailo-clip/label-sets
    dd if=/dev/zero of=/var/lib/hailo-clip/full bs=64k status=none" 2> /dev/null
  inside systemctl start hailo-clip.service || return 1
  local answer
  answer=$(inside curl -s -X PUT http://127.0.0.1:5000/v1/label-sets/mine -H 'Content-Type: application/json' -d '{"labels":["a cat","a dog"]}' -w ' %{http_code}')
  [ "$(classify_cat)" = 'a cat' ] && [[ $answer == *error* ]] && echo "starts and classifies; a label set that cannot be kept: $answer"
}

# The board has no clock that runs without power: it may jump by years after the boot.
case_clock_jumps() {
  install_release > /dev/null 2>&1 || return 1
  local library
  library=$(inside find /usr/lib -name 'libfaketimeMT.so.1' | head -n 1)
  [ -n "$library" ] || { echo "no libfaketime"; return 77; }
  inside_sh "echo '+0' > /etc/faketime-offset; mkdir -p /etc/systemd/system/hailo-clip.service.d
    printf '[Service]\nEnvironment=LD_PRELOAD=$library FAKETIME_TIMESTAMP_FILE=/etc/faketime-offset FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1\n' \
      > /etc/systemd/system/hailo-clip.service.d/clock.conf; systemctl daemon-reload; systemctl restart hailo-clip.service" || return 1
  local offset
  for offset in '+3650d' '-3650d' '+0'; do
    inside_sh "echo '$offset' > /etc/faketime-offset"
    [ "$(classify_cat)" = 'a cat' ] || return 1
  done
  inside sleep 35  # longer than WatchdogSec
  is_healthy && [ "$(property NRestarts)" = 0 ] && echo "ten years forth and back: answers, no restart"
}

copy_is_served() { health | grep -q '"model":"copy"'; }
case_imported_model_is_served() {
  install_release > /dev/null 2>&1 || return 1
  inside_sh "hailo-clip models export starter /tmp/copy.tar && hailo-clip models import /tmp/copy.tar --name copy" > "$container/import.log" 2>&1 ||
    { tail -n 2 "$container/import.log"; return 1; }
  inside_sh "systemctl restart hailo-clip.service" || return 1
  within 20 copy_is_served || { health; return 1; }
  echo "a model that root imported is read by the service"
}

case_upgrade_under_load() {
  install_release > /dev/null 2>&1 || return 1
  inside_sh "sed -i 's/^  max_queue_size: 10/  max_queue_size: 11/' /etc/hailo/hailo-clip.yaml"
  local version new=$container/root/srv/new
  version=$(inside dpkg-query -W -f '${Version}' hailo-clip)
  mkdir -p "$new"
  cp "$release"/*.sh "$new/"
  cp -r "$release/tests" "$new/"
  local package
  for package in "$release"/hailo-clip*.deb; do repack "$package" "$version+1" "$new"; done
  # One request after the other; a line for each: milliseconds since the first, status.
  inside_sh 'begin=$(date +%s%3N); while [ ! -e /tmp/enough ]; do
    echo "$(($(date +%s%3N) - begin)) $(curl -s -o /dev/null -w "%{http_code}" --max-time 10 "http://127.0.0.1:5000/v1/classify?prompts=a+cat&prompts=a+dog" -H "Content-Type: image/png" --data-binary @/release/tests/data/images/photo_cat.png)"
    sleep 0.05; done > /tmp/load' &
  local load=$!
  sleep 2
  inside /srv/new/install.sh > "$container/install.log" 2>&1 || { tail -n 5 "$container/install.log"; return 1; }
  inside touch /tmp/enough
  wait $load
  local pause
  pause=$(inside awk '$2 == 200 { if (last != "" && $1 - last > most) most = $1 - last; last = $1 } END { print most }' /tmp/load)
  [ "$(inside dpkg-query -W -f '${Version}' hailo-clip)" = "$version+1" ] && is_healthy &&
    inside grep -q 'max_queue_size: 11' /etc/hailo/hailo-clip.yaml || return 1
  echo "$version to $version+1: $(inside awk '$2 == 200 { ++answered } END { print answered }' /tmp/load) answered, longest pause $pause ms, configuration kept"
  [ "$pause" -lt 15000 ]
}

# A Python installation: enough of it to be recognised.
make_python_installation() {
  inside_sh "mkdir -p /opt/hailo-clip/venv/bin /etc/hailo /etc/xdg/hailo-clip /var/lib/hailo-clip/models
    ln -s /bin/sleep /opt/hailo-clip/venv/bin/python3
    echo '{}' > /etc/xdg/hailo-clip/hailo-clip.json
    printf 'server:\n  host: 0.0.0.0\n  port: 5000\n  debug: false\nclip:\n  model: clip-vit-b-32\n  embedding_dimension: 512\n  apply_softmax: true\nlogging:\n  level: INFO\n' > /etc/hailo/hailo-clip.yaml
    printf '[Service]\nExecStart=/opt/hailo-clip/venv/bin/python3 infinity\n[Install]\nWantedBy=multi-user.target\n' > /etc/systemd/system/hailo-clip.service
    systemctl daemon-reload; systemctl enable --quiet --now hailo-clip.service"
}

case_python_installation_is_replaced() {
  make_python_installation || return 1
  install_release > "$container/install.log" 2>&1 || { tail -n 5 "$container/install.log"; return 1; }
  is_healthy && inside grep -q 'if_missing: starter' /etc/hailo/hailo-clip.yaml && inside grep -q 'model: clip-vit-b-32' /etc/hailo/hailo-clip.yaml &&
    health | grep -q '"requested_model":"clip-vit-b-32"' && grep -m 1 'the starter serves' "$container/install.log"
}

case_python_installation_is_put_back() {
  make_python_installation || return 1
  local broken=$container/root/srv/broken
  mkdir -p "$broken"
  cp -r "$release"/*.sh "$release/tests" "$broken/"
  cp "$release"/hailo-clip_*.deb "$broken/"
  repack "$release"/hailo-clip-model-starter_*.deb '' "$broken" 'printf x | dd of=usr/share/hailo-clip/models/starter/text.onnx bs=1 seek=100000 conv=notrunc status=none'
  inside /srv/broken/install.sh > "$container/install.log" 2>&1
  local status=$?
  [ $status -eq 1 ] && service_is active && inside grep -q venv /etc/systemd/system/hailo-clip.service &&
    ! inside grep -q if_missing /etc/hailo/hailo-clip.yaml && grep -m 1 'put back' "$container/install.log"
}

case_socket_activation() {
  install_release > /dev/null 2>&1 || return 1
  inside systemctl disable --quiet --now hailo-clip.service
  inside systemctl enable --quiet --now hailo-clip.socket || return 1
  service_is active && return 1
  within 30 is_healthy && service_is active && echo "started by the first connection"
}

case_only_devices_of_the_kind_open() {
  install_release > /dev/null 2>&1 || return 1
  # Hailo's driver is not here: its class (char-hailo*) is played by another one that the kernel has.
  local allowed=misc denied
  denied=$(awk '$2 == "cpu/cpuid" { print $1 }' /proc/devices)
  [ -n "$denied" ] && [ -c /dev/fuse ] || { echo "this kernel has no two classes to try"; return 77; }
  mknod -m 666 "$container/root/srv/allowed" c 10 229
  mknod -m 666 "$container/root/srv/denied" c "$denied" 0
  inside_sh "head -c 0 /srv/denied" 2> /dev/null || { echo "the container itself may not open the node"; return 77; }
  inside_sh "mkdir -p /etc/systemd/system/hailo-clip.service.d
    printf '[Service]\nDeviceAllow=\nDeviceAllow=char-$allowed* rw\nExecStartPre=/bin/sh -c \"for node in allowed denied; do if head -c 0 /srv/\$node; then echo \$node opens; else echo \$node refused; fi; done\"\n' \
      > /etc/systemd/system/hailo-clip.service.d/device.conf; systemctl daemon-reload; systemctl restart hailo-clip.service" || return 1
  local saw
  saw=$(journal | grep -E '^(allowed|denied) (opens|refused)$' | sort | tr '\n' ' ')
  case "$saw" in
    'allowed opens denied refused ') echo "$saw" ;;
    'allowed opens denied opens ') echo "no device policy can be set in this container ($saw)"; return 77 ;;
    *) echo "$saw"; return 1 ;;
  esac
}

case_exposure() {
  install_release > /dev/null 2>&1 || return 1
  inside systemd-analyze security --no-pager --threshold=15 hailo-clip.service > "$container/security" || { tail -n 1 "$container/security"; return 1; }
  tail -n 1 "$container/security"
}

case_keys_shut_the_service() {
  install_release > /dev/null 2>&1 || return 1
  inside_sh 'umask 077; hailo-clip keys add test > /root/key 2> /dev/null' || return 1
  within 10 inside_sh '[ "$(curl -s -o /dev/null -w "%{http_code}" -d "{\"text\":\"a cat\"}" -H "Content-Type: application/json" http://127.0.0.1:5000/v1/embed/text)" = 401 ]' || return 1
  inside /release/verify.sh > "$container/without.log" 2>&1 || { cat "$container/without.log"; return 1; }
  inside /release/verify.sh --key-file /root/key > "$container/with.log" 2>&1 || { cat "$container/with.log"; return 1; }
  grep -q 'not checked' "$container/without.log" && ! grep -q 'not checked' "$container/with.log" || return 1
  echo "401 without a key, verify.sh warns; with the key: $(grep 'classification' "$container/with.log" | cut -d'|' -f4)"
}

case_journal_has_fields() {
  install_release > /dev/null 2>&1 || return 1
  inside journalctl -q -o cat HAILO_CLIP_MODEL=starter -n 1 | grep -q 'model ready' && [ -z "$(journal -p err)" ] &&
    echo "HAILO_CLIP_MODEL=starter finds 'model ready'; no errors"
}

case_nothing_is_written_in_steady_state() {
  install_release > /dev/null 2>&1 || return 1
  local before after
  before=$(awk '$1 == "write_bytes:" { print $2 }' "/proc/$(service_pid)/io")
  for _ in 1 2 3 4 5; do [ "$(classify_cat)" = 'a cat' ] || return 1; done
  after=$(awk '$1 == "write_bytes:" { print $2 }' "/proc/$(service_pid)/io")
  [ "$before" = "$after" ] && echo "5 classifications, 0 bytes written by the service"
}

case_uninstall_keeps_what_was_not_asked_for() {
  install_release > /dev/null 2>&1 || return 1
  inside /release/uninstall.sh > "$container/uninstall.log" 2>&1 || return 1
  inside test -f /etc/hailo/hailo-clip.yaml && inside test -d /var/lib/hailo-clip && inside getent passwd hailo-clip > /dev/null &&
    ! inside test -e /usr/bin/hailo-clip && echo "configuration, state and user stay, and it says so"
}

case_uninstall_leaves_nothing() {
  local before after
  before=$(files_inside)
  install_release > /dev/null 2>&1 || return 1
  inside /release/uninstall.sh --purge-data --remove-user > "$container/uninstall.log" 2>&1 || { tail -n 3 "$container/uninstall.log"; return 1; }
  after=$(files_inside)
  local difference
  difference=$(diff <(echo "$before") <(echo "$after"))
  [ -z "$difference" ] || { echo "left: $(echo "$difference" | grep '^[<>]' | tr '\n' ' ')"; return 1; }
  inside getent passwd hailo-clip > /dev/null && { echo "the user is still there"; return 1; }
  echo "the same $(echo "$after" | wc -l) paths as before, no user"
}
