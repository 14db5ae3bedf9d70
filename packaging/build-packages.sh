#!/usr/bin/env bash
# Builds the Debian packages in a Debian 13 root of their own, from what is committed. For root; needs debootstrap.
#
#   packaging/build-packages.sh [OPTION...] OUTPUT_FOLDER
#     --arch ARCH     amd64 or arm64 (default: this machine's); the other one is cross-built
#     --version V     the version to give them, for tests of upgrades (default: that of debian/changelog)
#     --vary          with another path, time zone, locale, umask and host name, to compare hashes: packages that differ
#                     from those of a build without it are not reproducible
#     --lintian       run lintian over the result; any error or warning fails
#
# The folder gets the packages, a .buildinfo, the three scripts and SHA256SUMS: an unpacked release.
set -euo pipefail

source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=packaging/debian-root.sh
. "$source_root/packaging/debian-root.sh"

host=$(dpkg --print-architecture) arch='' version='' vary=false lintian=false output=''
while [ $# -gt 0 ]; do
  case "$1" in
    --arch) arch=$2; shift ;;
    --version) version=$2; shift ;;
    --vary) vary=true ;;
    --lintian) lintian=true ;;
    -*) sed -n '2,/^set -/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
    *) output=$1 ;;
  esac
  shift
done
[ -n "$output" ] || { echo "usage: build-packages.sh [OPTION...] OUTPUT_FOLDER" >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || { echo "build-packages.sh: this needs root, for a root of Debian 13" >&2; exit 3; }
arch=${arch:-$host}
case "$arch" in amd64) machine=x86_64 ;; arm64) machine=aarch64 ;; *) echo "build-packages.sh: no build for $arch" >&2; exit 2 ;; esac

mkdir -p "$cache" "$output"
output=$(cd "$output" && pwd)
"$source_root/scripts/onnxruntime.sh" "$cache/onnxruntime-$arch" "$machine"

# Tools first; what debian/control wants is installed by apt itself, for the architecture that is built for.
tools=(build-essential debhelper devscripts dpkg-dev fakeroot lintian)
if [ "$arch" != "$host" ]; then tools+=("crossbuild-essential-$arch"); fi
make_root "build-$arch" "${tools[@]}"
root=$made_root

place=/build/hailo-clip
if $vary; then place=/var/tmp/another/place; fi
rm -rf "${root:?}/build" "$root/var/tmp/another"
mkdir -p "$root$place"
git -C "$source_root" archive HEAD | tar -x -C "$root$place"
if [ -n "$version" ]; then sed -i "1s/(.*)/($version)/" "$root$place/debian/changelog"; fi
mkdir -p "$root$place/.deps"
cp -a "$cache/onnxruntime-$arch" "$root$place/.deps/onnxruntime"

if [ "$arch" != "$host" ]; then
  in_root "$root" dpkg --add-architecture "$arch"
  in_root "$root" apt-get update -q > /dev/null
fi
in_root "$root" apt-get build-dep -y -q --no-install-recommends -a "$arch" "$place" > "$cache/build-dep.log" 2>&1 ||
  { tail -n 20 "$cache/build-dep.log" >&2; exit 1; }

# The starter's package is for all architectures: only the build for this machine's own makes it.
kind=any,all
if [ "$arch" != "$host" ]; then kind=any; fi
# No packages with debug information: nobody keeps them.
build=(env DEB_BUILD_OPTIONS=noautodbgsym DEB_CXXFLAGS_STRIP=-g dpkg-buildpackage "--build=$kind" -us -uc "-a$arch" "-j${HAILO_BUILD_JOBS:-$(nproc)}")
if $vary; then
  # Not the clock itself: it is the machine's. Files' times are of the checkout, the date is 14 hours away.
  in_root "$root" unshare --uts sh -c "hostname elsewhere; umask 0027; cd $place && TZ=Etc/GMT-14 LC_ALL=C ${build[*]}"
else
  in_root "$root" sh -c "umask 0022; cd $place && TZ=UTC ${build[*]}"
fi

built=$root$(dirname "$place")
if $lintian; then
  in_root "$root" sh -c "lintian --allow-root --fail-on error,warning --info $(dirname "$place")/hailo-clip_*_$arch.changes"
fi
find "$built" -maxdepth 1 \( -name '*.deb' -o -name '*.buildinfo' \) -exec cp -t "$output" {} +
cp "$source_root"/{install,verify,uninstall}.sh "$output/"
mkdir -p "$output/tests/data/images"
cp "$source_root/tests/data/images/photo_cat.png" "$output/tests/data/images/"
(cd "$output" && sha256sum -- *.deb *.sh | tee SHA256SUMS)
