# Sourced by run.sh: the arm64 packages on an arm64 Debian 13, emulated.
# shellcheck shell=bash
# shellcheck disable=SC2154  # cache, repository, base, suite, release: run.sh and debian-root.sh set them

# Debian 13's: that of Debian 12 crashes in the initialisers of ONNX Runtime. It is one static program.
fetch_qemu() {
  qemu=$cache/qemu/usr/bin/qemu-aarch64
  [ -x "$qemu" ] && return
  rm -rf "${base:?}/tmp/qemu"
  mkdir -p "$base/tmp/qemu"
  in_root "$base" sh -c 'apt-get update -q && cd /tmp/qemu && apt-get download -q -o APT::Sandbox::User=root qemu-user' || return 1
  dpkg -x "$base"/tmp/qemu/qemu-user_*.deb "$cache/qemu"
  rm -rf "$base/tmp/qemu"
  [ -x "$qemu" ]
}

# The F flag opens the emulator now: nothing of it has to lie in the root that is run.
register_qemu() {
  local registry=/proc/sys/fs/binfmt_misc
  [ -e $registry/register ] || mount -t binfmt_misc binfmt_misc $registry || return 1
  [ ! -e $registry/hailo-clip-arm64 ] || echo -1 > $registry/hailo-clip-arm64
  printf '%s' ':hailo-clip-arm64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:'"$qemu"':F' > $registry/register
}

# About six minutes for the second stage, once.
make_arm64_base() {
  arm64_base=$cache/system-arm64
  [ -e "$arm64_base/.complete" ] && return
  rm -rf "$arm64_base"
  # shellcheck disable=SC2046  # one word or none
  debootstrap --arch=arm64 --foreign --variant=minbase --include=ca-certificates "$suite" "$arm64_base" $(debian_mirror) > "$cache/arm64.log" 2>&1 &&
    in_root "$arm64_base" /debootstrap/debootstrap --second-stage >> "$cache/arm64.log" 2>&1 || { tail -n 5 "$cache/arm64.log"; return 1; }
  touch "$arm64_base/.complete"
}

# The cat must be a cat there, too. Prints what the program says and what `file` says of it.
classify_on_arm64() {
  local packages=$cache/release-arm64 root answer
  fetch_qemu && register_qemu && make_arm64_base || return 1
  "$repository/packaging/build-packages.sh" --arch arm64 "$packages" > "$cache/build-arm64.log" 2>&1 || { tail -n 5 "$cache/build-arm64.log"; return 1; }
  root=$(mktemp -d "$cache/arm64.XXXXXX")
  mkdir "$root"/{upper,work,root}
  mount -t overlay overlay -o "lowerdir=$arm64_base,upperdir=$root/upper,workdir=$root/work" "$root/root" || return 1
  cp "$packages"/hailo-clip_*_arm64.deb "$release"/hailo-clip-model-starter_*_all.deb "$packages/tests/data/images/photo_cat.png" "$root/root/srv/"
  in_root "$root/root" env QEMU_CPU=cortex-a76 sh -c 'apt-get update -q && apt-get install -y -q --no-install-recommends /srv/*.deb' > "$cache/arm64-install.log" 2>&1
  # An emulated processor beside other work may take longer for a picture than any real one is given.
  answer=$(in_root "$root/root" env QEMU_CPU=cortex-a76 hailo-clip classify /srv/photo_cat.png --set clip.device_timeout_ms=600000 \
    -p 'a dog' -p 'a cat' -p 'a rocket' 2>&1)
  file -b "$root/root/usr/bin/hailo-clip" | cut -c1-80
  echo "$answer"
  umount "$root/root" && rm -rf "$root"
  echo "$answer" | sed -n 2p | grep -q 'a cat'
}
