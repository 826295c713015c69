#!/usr/bin/env bash
# Installs from Debian's packages what the tests use and the machine lacks.
set -euo pipefail
packages=()
command -v openssl >/dev/null || packages+=(openssl)
command -v jq >/dev/null || packages+=(jq)
command -v curl >/dev/null || packages+=(curl)
command -v h2load >/dev/null || packages+=(nghttp2-client)
command -v haproxy >/dev/null || [ -x /usr/sbin/haproxy ] || packages+=(haproxy)
if [ ${#packages[@]} -gt 0 ]; then
  sudo=""
  [ "$(id -u)" -eq 0 ] || sudo="sudo"
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${packages[@]}"
fi
