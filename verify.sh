#!/usr/bin/env bash
# Checks that the installed service works, and prints a table of what passed and what failed.
#
#   ./verify.sh [--wait SECONDS] [--port N] [--key-file FILE]
#     --wait SECONDS   how long the service may take to become ready (default 30)
#     --port N         the port, if it is not the configuration's
#     --key-file FILE  a file with an API key, if keys are in use
#
# Exit status: 0 all passed (warnings do not count), 1 something failed, 2 wrong usage, 3 curl is missing.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
wait=30 port='' key_file=''
while [ $# -gt 0 ]; do
  case "$1" in
    --wait | --port | --key-file)
      [ $# -ge 2 ] || { echo "verify.sh: $1 needs a value" >&2; exit 2; }
      case "$1" in --wait) wait=$2 ;; --port) port=$2 ;; *) key_file=$2 ;; esac
      shift ;;
    -h | --help) sed -n '2,/^set -/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" | sed '$d'; exit 0 ;;
    *) echo "verify.sh: unknown option '$1'" >&2; exit 2 ;;
  esac
  shift
done
[[ $wait =~ ^[0-9]+$ && $port =~ ^[0-9]*$ ]] || { echo "verify.sh: --wait and --port take numbers" >&2; exit 2; }
command -v curl > /dev/null || { echo "verify.sh: curl is missing; sudo apt-get install curl" >&2; exit 3; }

config=/etc/hailo/hailo-clip.yaml
setting() { [ ! -r "$config" ] || awk -v section="$1:" -v key="$2:" '/^[a-z]/ { inside = ($1 == section) } inside && $1 == key { gsub(/["\047]/, "", $2); print $2; exit }' "$config"; }
port=${port:-$(setting server port)}
url=http://127.0.0.1:${port:-5000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

picture=''
for candidate in "$here/tests/data/images/photo_cat.png" "$here/../pictures/cat.png" /usr/share/hailo-clip/pictures/cat.png /opt/hailo-clip/share/hailo-clip/pictures/cat.png; do
  if [ -r "$candidate" ]; then picture=$candidate; break; fi
done

failures=0 warnings=0
row() { printf '| %-4s | %-16s | %s\n' "$1" "$2" "$3"; }
pass() { row ok "$1" "$2"; }
warn() { row warn "$1" "$2"; warnings=$((warnings + 1)); }
bad() { row FAIL "$1" "$2"; failures=$((failures + 1)); }

# The key goes through a file: a command line can be read by everybody on this machine.
if [ -n "$key_file" ]; then
  (umask 077 && printf 'Authorization: Bearer %s\n' "$(tr -d '[:space:]' < "$key_file")" > "$work/headers") || exit 2
else
  : > "$work/headers"
fi
# ask PATH [CURL ARGUMENT...]: the body into $work/body; prints the status, 000 without an answer.
ask() {
  local path=$1
  shift
  : > "$work/body"
  curl --silent --max-time 40 --noproxy '*' -H "@$work/headers" -o "$work/body" -w '%{http_code}' "$@" "$url$path" 2> /dev/null
}
# field NAME: a string, number or word of the JSON object in $work/body; the first of that name.
field() { grep -o "\"$1\":\(\"[^\"]*\"\|[^,}]*\)" "$work/body" | head -n 1 | sed 's/^"[^"]*"://; s/^"//; s/"$//'; }

check_service() {
  local state detail job
  if [ ! -d /run/systemd/system ]; then warn service "systemd does not run here"; return; fi
  # A start or stop may be under way, or only asked for; "auto-restart" means that it has failed and will be tried again.
  for ((i = 0; i < wait * 2; i++)); do
    job=$(systemctl show -p Job --value hailo-clip.service)
    state=$(systemctl is-active hailo-clip.service)
    case "$state ${job:-0}" in 'active 0' | 'inactive 0' | 'failed 0') break ;; esac
    [ "$(systemctl show -p SubState --value hailo-clip.service)" = auto-restart ] && break
    [ "$(ask /health)" = 503 ] && [ "$(field status)" = unhealthy ] && break
    sleep 0.5
  done
  detail=$(systemctl show -p StatusText --value hailo-clip.service)
  case "$state" in
    active) pass service "active${detail:+: $detail}" ;;
    *) bad service "$state${detail:+: $detail}; why: journalctl -u hailo-clip -n 20" ;;
  esac
  case "$(systemctl is-enabled hailo-clip.service 2> /dev/null) $(systemctl is-enabled hailo-clip.socket 2> /dev/null)" in
    enabled* | *' enabled') pass boot "starts at boot" ;;
    *) warn boot "does not start at boot; systemctl enable hailo-clip" ;;
  esac
}

check_health() {
  local status
  for ((i = 0; i < wait * 2; i++)); do
    status=$(ask /health)
    [ "$status" = 200 ] && break
    [ "$(field status)" = unhealthy ] && break
    # A service that does not run will not answer however long one waits.
    [ "$status" = 000 ] && systemctl is-failed --quiet hailo-clip.service 2> /dev/null && break
    sleep 0.5
  done
  case "$status" in
    200) pass health "$(field status), version $(field version), up $(field uptime_s) s" ;;
    000) bad health "nothing answers at $url/health" ;;
    *) bad health "$status $(field status): $(field error)" ;;
  esac
  if [ "$status" = 200 ] && [ "$(field model_loaded)" = true ]; then
    pass model "$(field model) $(field model_fingerprint) on $(field backend), self-test cosine $(field min_cosine)"
    [ -z "$(field requested_model)" ] || warn model "stands in for $(field requested_model), which is not installed"
    [ -z "$(field simulated)" ] || warn model "simulated: its answers are made up"
  else
    bad model "not loaded"
  fi
}

# refused NAME STATUS: what was asked for, with what it was answered. Without a key there is nothing to hold against a
# service that wants one.
refused() {
  case "$2 $key_file" in
    '401 ' | '403 ') warn "$1" "not checked: API keys are in use; give one with --key-file" ;;
    '000 '*) bad "$1" "no answer" ;;
    *) bad "$1" "$2: $(field error)" ;;
  esac
}

prompts='prompts=a+cat&prompts=a+dog&prompts=a+cup+of+coffee&prompts=a+rocket&prompts=a+bicycle'
classify() { ask "/v1/classify?$prompts" -H 'Content-Type: image/png' -H 'Cache-Control: no-store' --data-binary "@$picture"; }

check_classification() {
  if [ -z "$picture" ]; then bad classification "the picture of the cat is missing beside this script"; return; fi
  local status top
  status=$(classify)
  if [ "$status" != 200 ]; then refused classification "$status"; return; fi
  top=$(field text)
  if [ "$top" = 'a cat' ]; then
    pass classification "the cat is '$top', score $(field score)"
  else
    bad classification "the cat is '$top', score $(field score)"
  fi
}

# unit_length NAME STATUS
unit_length() {
  if [ "$2" != 200 ]; then refused "$1" "$2"; return; fi
  local found
  found=$(grep -o '"embedding":\[[^]]*\]' "$work/body" | tr -d '[]' | cut -d: -f2 |
    awk -F, '{ for (i = 1; i <= NF; ++i) sum += $i * $i; printf "%d %.6f", NF, sqrt(sum) }')
  if awk -v found="$found" 'BEGIN { split(found, part, " "); exit !(part[1] > 1 && part[2] > 0.9999 && part[2] < 1.0001) }'; then
    pass "$1" "${found% *} numbers, length ${found#* }"
  else
    bad "$1" "${found% *} numbers, length ${found#* } instead of 1"
  fi
}

check_embeddings() {
  unit_length 'text embedding' "$(ask /v1/embed/text -H 'Content-Type: application/json' -d '{"text":"a cat"}')"
  [ -z "$picture" ] ||
    unit_length 'image embedding' "$(ask /v1/embed/image -H 'Content-Type: image/png' --data-binary "@$picture")"
}

check_latency() {
  [ -n "$picture" ] || return
  local times=() begin status
  for _ in 1 2 3 4 5 6 7; do
    begin=$(date +%s%N)
    status=$(classify)
    [ "$status" = 200 ] || { refused latency "$status"; return; }
    times+=($((($(date +%s%N) - begin) / 1000000)))
  done
  local median
  median=$(printf '%s\n' "${times[@]}" | sort -n | sed -n 4p)
  # No promise about this machine: only that the service is not stuck.
  if [ "$median" -lt 5000 ]; then
    pass latency "a classification takes $median ms (median of 7, picture not cached, with curl's start)"
  else
    bad latency "a classification takes $median ms"
  fi
}

check_journal() {
  [ -d /run/systemd/system ] || return
  local invocation errors
  invocation=$(systemctl show -p InvocationID --value hailo-clip.service)
  if [ -z "$invocation" ] || ! journalctl -q -n 1 > /dev/null 2>&1; then
    warn journal "cannot be read; run this as root"
    return
  fi
  errors=$(journalctl -q -o cat -p err "_SYSTEMD_INVOCATION_ID=$invocation" 2> /dev/null)
  if [ -z "$errors" ]; then
    pass journal "no errors since the start"
  else
    bad journal "$(printf '%s\n' "$errors" | wc -l) errors since the start, the last: $(printf '%s\n' "$errors" | tail -n 1 | cut -c1-160)"
  fi
}

check_memory() {
  local bytes limit
  bytes=$(systemctl show -p MemoryCurrent --value hailo-clip.service 2> /dev/null)
  limit=$(systemctl show -p MemoryMax --value hailo-clip.service 2> /dev/null)
  [[ $bytes =~ ^[0-9]+$ ]] || return
  [[ $limit =~ ^[0-9]+$ ]] && limit="of $((limit / 1048576)) MiB" || limit='without a limit'
  pass memory "$((bytes / 1048576)) MiB $limit"
}

# Whoever can reach the port may use it, unless there are keys.
check_access() {
  local host
  host=$(setting server host)
  case "${host:-127.0.0.1}" in 127.* | localhost | ::1) pass access "this machine only (${host:-127.0.0.1})"; return ;; esac
  local status
  status=$(curl --silent --max-time 40 --noproxy '*' -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d '{"text":"a cat"}' "$url/v1/embed/text" 2> /dev/null)
  case "$status" in
    401 | 403) pass access "network ($host), with a key only" ;;
    *) warn access "the whole network ($host) may use it without a key; sudo hailo-clip keys add NAME, or server.host: 127.0.0.1" ;;
  esac
}

row '' check result
row ---- ---------------- ------
check_service
check_health
check_classification
check_embeddings
check_latency
check_journal
check_memory
check_access
echo
if [ "$failures" -eq 0 ]; then
  echo "All passed, $warnings warnings."
else
  echo "$failures failed, $warnings warnings. Next: hailo-clip doctor; docs/TROUBLESHOOTING.md"
  exit 1
fi
