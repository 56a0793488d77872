#!/bin/sh
# Installs the Python peers that the benchmarks and the recorded expected values come from (Debian 12 packages).
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends python3-sklearn python3-scipy python3-fastcluster python3-pandas

# Pandas writes Feather with pyarrow, which Debian has not. Without it the peer of I1 writes pickle, and says so.
folder="$(dirname "$0")/../../build/python"
pip install --no-deps --only-binary :all: --python-version 3.11 --target "$folder" pyarrow==25.0.1 ||
  echo "No pyarrow here: the peer of I1 writes pickle instead of Feather."
