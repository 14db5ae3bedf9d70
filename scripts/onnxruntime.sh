#!/usr/bin/env bash
# Puts ONNX Runtime into the folder given: lib/ from the PyPI wheel, include/ from Debian 13's development package.
# Both are pinned by version and hash. Does nothing when the folder is complete. A second argument names the machine, as
# `uname -m` would, for a build for another one.
set -euo pipefail

version=1.31.1
headers_version=1.21.0
headers_sha256=4a19a1408126c4aa31d6912612988abba045481c036312048ee06b93204755af
machine=${2:-$(uname -m)}
case "$machine" in
  x86_64) platform=manylinux_2_28_x86_64 wheel_sha256=5752bd508126ae7c49894d3b9d2e83f0c3d487319246d04c444b393308d7ad7f ;;
  aarch64) platform=manylinux_2_28_aarch64 wheel_sha256=da05378364c44d4407e463982d2bf8d5e4cfea873283757e48beeb41df97b7f3 ;;
  *) echo "onnxruntime: there is no pinned build for $machine; set -DONNXRUNTIME_ROOT= to one of your own" >&2; exit 1 ;;
esac

target=${1:?usage: onnxruntime.sh FOLDER [MACHINE]}
stamp="$target/.complete-$version-$headers_version"
[ -e "$stamp" ] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$target"
mkdir -p "$target/lib" "$target/include" "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/headers"

echo "onnxruntime: downloading the library $version (about 25 MB)"
printf 'onnxruntime==%s --hash=sha256:%s\n' "$version" "$wheel_sha256" > "$work/requirements.txt"
python3 -m pip --disable-pip-version-check download --quiet --no-deps --require-hashes --only-binary=:all: \
  --implementation cp --python-version 311 --abi cp311 --platform "$platform" \
  --dest "$work" --requirement "$work/requirements.txt"
python3 - "$work" "$target" "$version" <<'PY'
import pathlib, sys, zipfile
work, target, version = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
wheel = zipfile.ZipFile(next(work.glob("onnxruntime-*.whl")))
library = f"libonnxruntime.so.{version}"
(target / "lib" / library).write_bytes(wheel.read(f"onnxruntime/capi/{library}"))
for notice in ("LICENSE", "ThirdPartyNotices.txt"):
    (target / notice).write_bytes(wheel.read(f"onnxruntime/{notice}"))
PY
chmod 755 "$target/lib/libonnxruntime.so.$version"
ln -s "libonnxruntime.so.$version" "$target/lib/libonnxruntime.so.1"
ln -s libonnxruntime.so.1 "$target/lib/libonnxruntime.so"

echo "onnxruntime: downloading the headers $headers_version"
# A private apt configuration: the machine's own Debian mirror with the suite trixie, no trace in the system's lists.
mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } |
  sed -nE 's/^URIs:[[:space:]]*([^[:space:]]+).*/\1/p; s/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+).*/\2/p' |
  grep -m 1 -E "/debian/?$" || true)
[ -n "$mirror" ] || { echo "onnxruntime: no Debian mirror in /etc/apt/sources.list*; set -DONNXRUNTIME_ROOT= instead" >&2; exit 1; }
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keyring" ] || keyring=/usr/share/keyrings/debian-archive-keyring.pgp
echo "deb [signed-by=$keyring] $mirror trixie main" > "$work/apt/sources.list"
apt_options=(-o "Dir::Etc::sourcelist=$work/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o "Dir::State::lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache" -o APT::Sandbox::User=root
  -o Dir::Etc::preferencesparts=/dev/null)
apt-get "${apt_options[@]}" update -qq
(cd "$work/headers" && apt-get "${apt_options[@]}" download -qq "libonnxruntime-dev")
dpkg -x "$work"/headers/*.deb "$work/headers/root"
# The .deb differs between architectures, its headers do not: the pin is over the headers' content.
headers_found=$(cd "$work/headers/root/usr/include/onnxruntime" && find . -type f -print0 | LC_ALL=C sort -z |
  xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
[ "$headers_found" = "$headers_sha256" ] || {
  echo "onnxruntime: the headers in $(ls "$work/headers") are not the pinned ones ($headers_found, expected $headers_sha256)" >&2
  exit 1
}
cp -r "$work/headers/root/usr/include/onnxruntime" "$target/include/"
touch "$stamp"
