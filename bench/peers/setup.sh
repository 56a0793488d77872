#!/bin/sh
# Installs the Python peers that the benchmarks and the recorded expected values come from (Debian 12 packages).
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends python3-sklearn python3-scipy python3-fastcluster python3-pandas
