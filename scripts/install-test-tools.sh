#!/usr/bin/env bash
# Installs the programs that tests and benchmarks call, on Debian and its relatives, where they are
# missing.
set -euo pipefail

# command:package
tools=(
  curl:curl
  openssl:openssl
  nginx:nginx-light
  haproxy:haproxy
  wrk:wrk
  chromium:chromium
  postgres:postgresql
  redis-server:redis-server
  faketime:faketime
)
# Where daemons live, which is not on every user's PATH.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
for folder in /usr/lib/postgresql/*/bin; do
  PATH="$PATH:$folder"
done

missing=()
for tool in "${tools[@]}"; do
  command -v "${tool%%:*}" >/dev/null || missing+=("${tool#*:}")
done
can_install() {
  command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]
}
# No test reads it: without it the Chinese console is boxes to whoever looks at its screenshots.
if can_install && [ -z "$(fc-list :lang=zh 2>/dev/null)" ]; then
  missing+=(fonts-wqy-microhei)
fi
if [ "${#missing[@]}" -eq 0 ]; then
  exit 0
fi
if ! can_install; then
  echo "The tests need: ${missing[*]}. Install them with the system's package manager." >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# Debian starts a daemon as soon as it is installed, unless this policy says no (invoke-rc.d(8)).
policy=/usr/sbin/policy-rc.d
own_policy=
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  own_policy=$policy
fi
trap 'rm -f "$log" $own_policy' EXIT
install() {
  apt-get update -q && apt-get install -q -y --no-install-recommends "${missing[@]}"
}
if ! install >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
