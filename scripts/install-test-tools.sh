#!/usr/bin/env bash
# Installs from Debian's packages what the tests use and the machine lacks.
set -euo pipefail
packages=()
command -v openssl >/dev/null || packages+=(openssl)
command -v jq >/dev/null || packages+=(jq)
command -v curl >/dev/null || packages+=(curl)
command -v h2load >/dev/null || packages+=(nghttp2-client)
command -v haproxy >/dev/null || [ -x /usr/sbin/haproxy ] || packages+=(haproxy)
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || packages+=(nginx-light)
sudo=""
[ "$(id -u)" -eq 0 ] || sudo="sudo"
# RUNLEVEL: a server that is installed for tests is not started as a service.
install() {
  $sudo apt-get update -qq &&
    $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$@"
}
[ ${#packages[@]} -eq 0 ] || install "${packages[@]}"
# Large, and needed by one file, which counts as skipped without it.
command -v chromium >/dev/null || install chromium ||
  echo "chromium could not be installed: the tests in a browser are skipped" >&2
