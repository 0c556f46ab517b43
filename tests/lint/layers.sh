#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A folder includes only folders of a lower level and itself; and libcrypto stays out of what is loaded
# into applications by the PKCS#11 module.
. "${KC_SRCDIR:-.}/tests/lint/lint.sh" || exit 99

# The only list of levels.
levels='
common 0
mechanism 1
transport 1
verifier 1
platform 1
protocol 2
crypto 2
kms 2
blobstore 2
client 3
keys 3
host 3
token 4
service 5
enclaved 6
cli 6
pkcs11 6
ossl-provider 6'

# Folders that keyclave-pkcs11.so is made of link no libcrypto and no libp11-kit.
light_folders=' common mechanism transport client pkcs11 '
# Apart from these, which go into archives of their own that the module does not link.
heavy_files=' tee-backend/client/uri.c tee-backend/transport/tls.c tee-backend/transport/tls.h '

layers() {
	over_files "$1" "$(product_files "$1" .c .h)" awk -v levels="$levels" -v light="$light_folders" \
		-v heavy="$heavy_files" '
		BEGIN {
			n = split(levels, words)
			for (i = 1; i < n; i += 2)
				level[words[i]] = words[i + 1]
		}
		function fault(what) { print FILENAME ":" FNR ": " what }
		FNR == 1 {
			parts = split(FILENAME, path, "/")
			own = path[parts - 1]
			if (!(own in level)) {
				print FILENAME ": folder " own " has no level"
				nextfile
			}
		}
		/^[ \t]*#[ \t]*include[ \t]*"/ {
			split($0, quoted, "\"")
			target = quoted[2]
			if (target == "config.h")
				next
			if (target ~ /\.\./) { fault("include of " target " climbs"); next }
			if (split(target, t, "/") != 2) { fault("include of " target " names no folder"); next }
			if (!(t[1] in level)) { fault("include of unknown folder " t[1]); next }
			if (t[1] != own && level[t[1]] >= level[own])
				fault(own " (level " level[own] ") includes " target " (level " level[t[1]] ")")
		}
		/^[ \t]*#[ \t]*include[ \t]*<(openssl|p11-kit)\// && index(light, " " own " ") && !index(heavy, " " FILENAME " ") {
			fault(own " is part of the light module and includes " $0)
		}'
}

lint_tree "each folder includes only lower folders" layers

bad_tree
bad_file tee-backend/keys/seal.c <<<'#include "crypto/key.h"'
bad_file pkcs11/sign.c <<<'#include "client/client.h"'
bad_file tee-backend/platform/platform.h <<<'#include "common/status.h"'
lint_clean "includes of lower folders" layers
bad_file tee-backend/crypto/key.c <<<'#include "service/service.h"'
lint_fault "an include that goes up" layers 'key.c:1: crypto \(level 2\) includes service/service.h'
bad_file tee-backend/keys/root.c <<<'#include "client/client.h"'
lint_fault "an include that goes sideways" layers 'root.c:1: keys \(level 3\) includes client/client.h'
bad_file tee-backend/platform/notee.c <<<'#include "mechanism/attribute.h"'
lint_fault "a table of the same level" layers 'notee.c:1: platform \(level 1\) includes mechanism/attribute.h'
bad_file tee-backend/keys/climb.c <<<'#include "../common/buffer.h"'
lint_fault "a path with .." layers 'climb.c:1: .*climbs'
bad_file tee-backend/keys/bare.c <<<'#include "seal.h"'
lint_fault "an include without its folder" layers 'bare.c:1: .*names no folder'
bad_file tee-backend/client/hash.c <<<'#include <openssl/evp.h>'
lint_fault "libcrypto in the light module" layers 'hash.c:1: client is part of the light module'
bad_file tee-backend/odds/x.c <<<'int x;'
lint_fault "a folder without a level" layers 'odds/x.c: folder odds has no level'
done_testing
