#!/bin/sh
# Makes the file system the other images start from: Debian's minimal base without manuals and translations.
#   base.sh SUITE WORK     leaves WORK/base.tar
# Only the release's own suite is used, no security or update suite: once a release is old that suite stands still,
# so that the version in an image's tag stays the version inside it. The images serve test runs on one machine.
set -eu
suite=$1 work=$2
rm -rf "$work/root"
mkdir -p "$work"
debootstrap --variant=minbase "$suite" "$work/root"
rm -rf "$work/root/var/cache/apt/archives" "$work/root/var/lib/apt/lists" "$work/root/usr/share/doc" \
  "$work/root/usr/share/man" "$work/root/usr/share/info" "$work/root/usr/share/locale" "$work/root"/var/log/*
mkdir -p "$work/root/var/cache/apt/archives/partial" "$work/root/var/lib/apt/lists/partial"
# documentation and translations of later packages stay out as well
cat > "$work/root/etc/dpkg/dpkg.cfg.d/slim" <<'DPKG'
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
force-unsafe-io
DPKG
cat > "$work/root/etc/apt/apt.conf.d/slim" <<'APT'
Acquire::Languages "none";
APT::Install-Recommends "false";
APT
tar --numeric-owner -C "$work/root" -cf "$work/base.tar" .
rm -rf "$work/root"
