#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 200
# Evidence as others read it, from an installed tree and nothing else: Python's PKCS#11, a C program with keyclave.h, an
# OpenSSL program that knows parameter names only; keyclave verify judges what they got.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
need openssl pkcs11-tool pkg-config "${KC_CC:-cc}"
[ -z "${KC_SANITIZERS:-}" ] || skip_all "programs of others link no sanitizer"
pkg-config --exists p11-kit-1 libcrypto || skip_all "the headers of p11-kit and libcrypto are not there"

root=$T/root
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$KC_BUILDDIR" install DESTDIR="$root" >"$T/install.log" 2>&1 ||
	bail_out "make install: $(tail -n 3 "$T/install.log")"
pc=$(find "$root" -name keyclave.pc)
variable() { echo "$root$(env PKG_CONFIG_PATH="${pc%/*}" pkg-config --variable="$1" keyclave)"; }
KC_MODULE=$(variable p11_module_path)
KC_PROVIDER_DIR=$(variable openssl_modulesdir)
KC_DAEMON=$(find "$root" -name keyclaved -type f)
KC_CLI=$(find "$root" -name keyclave -type f -perm -1 | head -n 1)
for file in "$KC_MODULE" "$KC_PROVIDER_DIR/keyclave.so" "$KC_DAEMON" "$KC_CLI"; do
	check "installed: ${file#"$root"}" test -x "$file"
done
# shellcheck source=tests/integration/token.sh
. "$KC_SRCDIR/tests/integration/token.sh"
make_token
check "a key" user --keypairgen --key-type EC:prime256v1 --label web --id 07
check "its public half" tool --read-object --type pubkey --label web -o "$T/web.pub"
other() { printf '%064x' "$1"; }
judge() { # judge NAME NONCE FILE [OPTION]...: good for that nonce and key, refused for others
	local name=$1 nonce=$2 file=$3
	shift 3
	check "$name: the verdict is good" "$KC_CLI" verify --allow-notee --any-identity --nonce "$nonce" --key "$T/web.pub" \
		--generated "$@" "$file"
	check_status "$name: not for another nonce" 1 "$KC_CLI" verify --allow-notee --any-identity --nonce "$(other 99)" \
		"$file"
}

# ---- the vendor attribute, in C ----
cat >"$T/attribute.c" <<'C'
#include <p11-kit/pkcs11.h>
#include <keyclave.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *what, CK_RV rv)
{
	fprintf(stderr, "%s: 0x%lx\n", what, rv);
	return 1;
}

/* attribute MODULE NONCE-BYTE OUT [PIN]: of the private key, or without a PIN of the public one. */
int main(int argc, char **argv)
{
	void *module = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get = module ? (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList") : NULL;
	CK_FUNCTION_LIST *p11 = NULL;
	CK_SLOT_ID slots[16];
	CK_ULONG count = 16, found = 0;
	CK_SESSION_HANDLE session = 0;
	CK_OBJECT_HANDLE key = 0;
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	unsigned char nonce[32] = {0};
	CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof(class)};
	CK_ATTRIBUTE set = {CKA_KEYCLAVE_NONCE, nonce, sizeof(nonce)}, evidence = {CKA_KEYCLAVE_EVIDENCE, NULL, 0};
	CK_RV rv = CKR_OK;
	FILE *out = NULL;
	CK_ULONG size = 0;

	class = argc > 4 ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY;
	if (argc < 4 || !get || get(&p11) != CKR_OK)
		return fail("loading", 0);
	nonce[31] = (unsigned char)atoi(argv[2]);
	if ((rv = p11->C_Initialize(NULL)) || (rv = p11->C_GetSlotList(CK_TRUE, slots, &count)) ||
	    (rv = p11->C_OpenSession(slots[0], CKF_SERIAL_SESSION, NULL, NULL, &session)) ||
	    (argc > 4 && (rv = p11->C_Login(session, CKU_USER, (CK_UTF8CHAR *)argv[4], strlen(argv[4])))) ||
	    (rv = p11->C_FindObjectsInit(session, &template, 1)) ||
	    (rv = p11->C_FindObjects(session, &key, 1, &found)) || (rv = p11->C_FindObjectsFinal(session)) || found != 1)
		return fail("finding the key", rv);
	if ((rv = p11->C_SetAttributeValue(session, key, &set, 1)))
		return fail("setting the nonce", rv);
	if ((rv = p11->C_GetAttributeValue(session, key, &evidence, 1)))
		return fail("asking for the size", rv);
	size = evidence.ulValueLen;
	evidence.pValue = malloc(size);
	if ((rv = p11->C_GetAttributeValue(session, key, &evidence, 1)) || evidence.ulValueLen != size)
		return fail("reading", rv);
	out = fopen(argv[3], "wb");
	if (!out || fwrite(evidence.pValue, 1, size, out) != size || fclose(out))
		return fail("writing", 0);
	return p11->C_Finalize(NULL) != CKR_OK;
}
C
# shellcheck disable=SC2046
check "a C program compiles against the installed header" "${KC_CC:-cc}" -Wall -Wextra -Werror "$T/attribute.c" \
	-o "$T/attribute" $(env PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$root" pkg-config --cflags keyclave) \
	$(pkg-config --cflags p11-kit-1) -ldl
check "it reads the attribute of the private key" "$T/attribute" "$KC_MODULE" 1 "$T/c.evidence" "$PIN"
judge "by a C program" "$(other 1)" "$T/c.evidence" --never-extractable
check "of the public key, without a login" "$T/attribute" "$KC_MODULE" 6 "$T/c.evidence"
judge "by a C program that is nobody" "$(other 6)" "$T/c.evidence"
nm -u "$T/attribute" >"$T/undefined"
is "it links nothing of ours" "$(grep -c keyclave "$T/undefined")" 0

# ---- the vendor attribute, in Python ----
if python=$(python_with PyKCS11); then
	cat >"$T/attribute.py" <<-'PYTHON'
		import re, sys
		from PyKCS11 import *
		module, header, out = sys.argv[1:]
		base = 0x80000000 | 0x4B430000
		offsets = dict(re.findall(r'(CKA_KEYCLAVE_\w+) \(CKA_KEYCLAVE_BASE \+ (0x[0-9a-f]+)UL\)', open(header).read()))
		evidence, nonce = (base + int(offsets[n], 16) for n in ('CKA_KEYCLAVE_EVIDENCE', 'CKA_KEYCLAVE_NONCE'))
		lib = PyKCS11Lib()
		lib.load(module)
		session = lib.openSession(lib.getSlotList(tokenPresent=True)[0])
		key = session.findObjects([(CKA_CLASS, CKO_PUBLIC_KEY), (CKA_LABEL, 'web')])[0]
		session.setAttributeValue(key, [(nonce, bytes(31) + b'\2')])
		value = session.getAttributeValue(key, [evidence])[0]
		open(out, 'wb').write(bytes(value))
	PYTHON
	check "PyKCS11 reads the attribute" "$python" "$T/attribute.py" "$KC_MODULE" "$(find "$root" -name keyclave.h)" "$T/py.evidence"
	judge "by PyKCS11" "$(other 2)" "$T/py.evidence"
else
	skip "PyKCS11 reads the attribute" "PyKCS11 is not there"
fi

# ---- the data object, by pkcs11-tool ----
printf '%064x' 3 | sed 's/../\\x&/g' >"$T/hex"
# shellcheck disable=SC2059 # a format on purpose
printf "$(<"$T/hex")" >"$T/nonce"
check "pkcs11-tool sets a nonce" tool --write-object "$T/nonce" --type data --label nonce --application-label keyclave-nonce
check "and reads evidence" tool --read-object --type data --label web --application-label keyclave-evidence -o "$T/tool.evidence"
judge "by pkcs11-tool" "$(other 3)" "$T/tool.evidence"

# ---- the OpenSSL parameter ----
cat >"$T/parameter.c" <<'C'
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <stdio.h>
#include <stdlib.h>

/* parameter URI NONCE-BYTE OUT */
int main(int argc, char **argv)
{
	static unsigned char evidence[65536];
	unsigned char nonce[32] = {0}, long_nonce[65] = {0};
	OSSL_STORE_CTX *store = NULL;
	EVP_PKEY *key = NULL;
	size_t size = 0, again = 0;
	FILE *out = NULL;

	if (argc != 4 || !OSSL_PROVIDER_load(NULL, "keyclave") || !OSSL_PROVIDER_load(NULL, "default"))
		goto fail;
	/* The property: without it OpenSSL makes a software key of a public one. */
	store = OSSL_STORE_open_ex(argv[1], NULL, "provider=keyclave", NULL, NULL, NULL, NULL, NULL);
	while (store && !key && !OSSL_STORE_eof(store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		key = info ? OSSL_STORE_INFO_get1_PUBKEY(info) : NULL;
		if (info && !key)
			key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	OSSL_STORE_close(store);
	nonce[31] = (unsigned char)atoi(argv[2]);
	if (!key || !EVP_PKEY_set_octet_string_param(key, "keyclave-nonce", nonce, sizeof(nonce)))
		goto fail;
	if (!EVP_PKEY_get_octet_string_param(key, "keyclave-evidence", NULL, 0, &size) || size > sizeof(evidence) ||
	    !EVP_PKEY_get_octet_string_param(key, "keyclave-evidence", evidence, sizeof(evidence), &again) || size != again)
		goto fail;
	if (EVP_PKEY_set_octet_string_param(key, "keyclave-nonce", long_nonce, sizeof(long_nonce)))
		goto fail;
	out = fopen(argv[3], "wb");
	if (!out || fwrite(evidence, 1, size, out) != size || fclose(out))
		return 1;
	EVP_PKEY_free(key);
	return 0;
fail:
	ERR_print_errors_fp(stderr);
	return 1;
}
C
# shellcheck disable=SC2046
check "an OpenSSL program compiles without us" "${KC_CC:-cc}" -Wall -Wextra -Werror "$T/parameter.c" -o "$T/parameter" \
	$(pkg-config --cflags --libs libcrypto)
check "it reads the parameter of a private key" "$T/parameter" "pkcs11:object=web;type=private?pin-value=$PIN" 4 "$T/ossl.evidence"
judge "by the OpenSSL parameter" "$(other 4)" "$T/ossl.evidence" --never-extractable
check "of a public key, without a PIN" "$T/parameter" "pkcs11:object=web;type=public" 5 "$T/ossl.evidence"
judge "by the public key's parameter" "$(other 5)" "$T/ossl.evidence"
done_testing
