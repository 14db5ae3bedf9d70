#!/usr/bin/env bash
# Which instructions the hot loops are made of, most frequent first: `bench/assembly.sh [BINARY]`, by default the release
# build's program; `bench/assembly.sh BINARY FUNCTION` prints the code of the functions whose names contain FUNCTION.
# Functions that the compiler put into their callers are counted there.
set -euo pipefail
binary=${1:-"$(dirname "$0")/../build/release/bin/hailo-clip"}

# code FUNCTION: its instructions, without addresses and bytes.
code() {
  objdump --disassemble --demangle --no-show-raw-insn "$binary" |
    awk -v name="$1" '/^[0-9a-f]+ </ { inside = index($0, name) } inside'
}

if [ $# -gt 1 ]; then
  code "$2"
  exit
fi
disassembly=$(objdump --disassemble --demangle --no-show-raw-insn "$binary")
for name in "(anonymous namespace)::Rows" "(anonymous namespace)::Dots" "(anonymous namespace)::SumOnAvx2" \
  "hailo_clip::LargestIndexes" "(anonymous namespace)::AlongRow" "(anonymous namespace)::AcrossRows" \
  "hailo_clip::NormalizeToNchw"; do
  echo "== $name"
  awk -v name="$name" '/^[0-9a-f]+ </ { inside = index($0, name) } inside && /^ / { print $2 }' <<< "$disassembly" |
    sort | uniq -c | sort -rn | awk 'NR <= 24 { printf "%s %s  ", $2, $1 } END { print "" }'
done
