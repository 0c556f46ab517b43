#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes ./configure from configure.ac; needed once after a clone, not for a release tarball.
set -e
cd "$(dirname "$0")"
for tool in autoreconf aclocal automake pkg-config; do
	command -v "$tool" >/dev/null 2>&1 || {
		echo "autogen.sh: $tool is missing: run scripts/install-deps build" >&2
		exit 1
	}
done
mkdir -p build-aux m4
autoreconf --install --force --warnings=all
echo "now run: ./configure && make && make check"
