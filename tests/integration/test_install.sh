#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make install into a folder: each file is where its users look for it, the objects have the hardening that
# configure promised, the modules link and export what they should, units and pkg-config file are right.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
need pkg-config readelf nm

root=$T/root
# Not a part of the make that runs the tests: neither its job server nor its TESTS.
if ! env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$KC_BUILDDIR" install DESTDIR="$root" >"$T/install.log" 2>&1; then
	not_ok "make install DESTDIR=..."
	diag_file "$T/install.log"
	done_testing
fi
ok "make install DESTDIR=..."

# The folders of this build, as its Makefile has them.
folder() {
	printf 'include Makefile\nkc-print:\n\t@echo $(%s)\n' "$1" >"$T/print.mk"
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$KC_BUILDDIR" -f "$T/print.mk" kc-print
}
pkcs11=$root$(folder pkcs11moduledir)/keyclave-pkcs11.so
provider=$root$(folder opensslmoduledir)/keyclave.so
daemon=$root$(folder sbindir)/keyclaved
cli=$root$(folder bindir)/keyclave
module_file=$root$(folder p11kitmoduledir)/keyclave.module
pc=$root$(folder pkgconfigdir)/keyclave.pc
library=$root$(folder libdir)/libkeyclave-verify.so.0
units=$root$(folder systemdunitdir)
man=$root$(folder mandir)
rules=$root$(folder udevrulesdir)/70-keyclave.rules

for file in "$pkcs11" "$provider" "$daemon" "$cli" "$module_file" "$pc" "$units/keyclaved.socket" \
	"$units/keyclaved.service" "$root$(folder includedir)/keyclave.h" "$man/man8/keyclaved.8" \
	"$man/man1/keyclave.1" "$man/man5/keyclave.conf.5" "$rules" "$library" "$man/man3/libkeyclave-verify.3"; do
	if [ -s "$file" ]; then ok "installed: ${file#"$root"}"; else not_ok "installed: ${file#"$root"}"; fi
done
check_output "nothing from the build tree is installed" '^0$' \
	sh -c "find '$root' -name '*.la' -o -name '*.a' -o -name 'test_*' | wc -l"
if grep -rqF "$KC_BUILDDIR" "$pc" "$module_file" "$units"; then
	not_ok "no installed text names the build tree"
else
	ok "no installed text names the build tree"
fi

# ---- objects ----
sanitized=${KC_SANITIZERS:-}
# A program of others' needs their run time too.
sanitize=
for sanitizer in $sanitized; do
	case $sanitizer in
	asan) sanitize="$sanitize -fsanitize=address" ;;
	ubsan) sanitize="$sanitize -fsanitize=undefined" ;;
	tsan) sanitize="$sanitize -fsanitize=thread" ;;
	esac
done
hardened() {
	local file=$1 dynamic
	dynamic=$(readelf -dW "$file")
	check_output "${file##*/}: full RELRO" 'BIND_NOW|Flags:.*NOW' echo "$dynamic"
	check_output "${file##*/}: RELRO segment" 'GNU_RELRO' readelf -lW "$file"
	check_output "${file##*/}: no executable stack" 'GNU_STACK.* RW ' readelf -lW "$file"
	check_output "${file##*/}: position-independent" 'Type:.*DYN' readelf -hW "$file"
	if [ -z "$sanitized" ]; then
		check_output "${file##*/}: stack protector" '__stack_chk_fail' nm -D "$file"
		check_output "${file##*/}: no run path" '^$' sh -c "echo; readelf -dW '$file' | grep -E 'RPATH|RUNPATH' && exit 1; :"
	fi
}
for file in "$pkcs11" "$provider" "$daemon" "$cli" "$library"; do
	[ -e "$file" ] && hardened "$file"
done

needed() { readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\.so.*/\1/p' | sort | tr '\n' ' '; }
if [ -z "$sanitized" ]; then
	# DESIGN 7, rule 14. The dynamic linker is there for thread-local storage.
	is "keyclave-pkcs11.so links libcbor, nettle and inih only" \
		"$(needed "$pkcs11" | sed 's/\(ld-linux[^ ]*\|libc\|libpthread\) //g')" "libcbor libinih libnettle "
	is "keyclave-pkcs11.so exports C_ functions only" \
		"$(nm -D --defined-only "$pkcs11" | awk '$2 == "T" || $2 == "D" || $2 == "B" { print $3 }' | grep -v '^C_')" ""
	check_output "the provider does not link libssl" '^0$' sh -c "readelf -dW '$provider' | grep -c libssl; :"
	check_output "the provider exports one function" '^OSSL_provider_init' \
		sh -c "nm -D --defined-only '$provider' | awk '\$2 == \"T\" { print \$3 }'"
	is "and no other" "$(nm -D --defined-only "$provider" | awk '$2 == "T"' | wc -l)" 1
	is "nor any data" "$(nm -D --defined-only "$provider" | awk '$2 ~ /^[DBRVWui]$/')" ""
	is "it makes no OIDs" "$(nm -D --undefined-only "$provider" | grep -E 'OBJ_(create|add_object|add_sigid)')" ""
fi
for function in C_GetFunctionList C_GetInterface C_GetInterfaceList; do
	check_output "$function is exported" " T $function" nm -D "$pkcs11"
done
for file in "$pkcs11" "$provider"; do
	check_output "${file##*/} is never unloaded" NODELETE readelf -dW "$file"
	check_output "${file##*/} is bound to its own symbols" SYMBOLIC readelf -dW "$file"
done

# ---- text files ----
check_output "the p11-kit module file names the module" "^module: ${pkcs11#"$root"}\$" cat "$module_file"
for variable in p11_module_path:"${pkcs11#"$root"}" openssl_provider:keyclave \
	openssl_provider_path:"${provider#"$root"}"; do
	PKG_CONFIG_PATH=$(dirname "$pc") check_output "pkg-config: ${variable%%:*}" "^${variable#*:}\$" \
		env PKG_CONFIG_PATH="$(dirname "$pc")" pkg-config --variable="${variable%%:*}" keyclave
done
cat >"$T/user.c" <<'C'
#include <p11-kit/pkcs11.h>
#include <keyclave.h>
int main(void)
{
	return CKA_KEYCLAVE_EVIDENCE == CKA_KEYCLAVE_NONCE;
}
C
# shellcheck disable=SC2046,SC2086
check "a program includes keyclave.h" ${KC_CC:-cc} -Wall -Wextra -Werror -I "$root$(folder includedir)" \
	$(pkg-config --cflags p11-kit-1) -c "$T/user.c" -o "$T/user.o"

# A program of somebody else's that verifies evidence: what it needs is in the installed tree alone.
cat >"$T/verify.c" <<'C'
#include <keyclave-verify.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	static char bytes[1 << 20];
	FILE *file = fopen(argv[1], "rb");
	struct keyclave_verify_request request = {
		.size = sizeof(request), .evidence = {bytes, file ? fread(bytes, 1, sizeof(bytes), file) : 0}};
	char *report = NULL;
	int result = 0;

	request.policy = argc > 2 ? argv[2] : NULL;
	result = keyclave_verify(&request, &report);
	printf("%s\n", report ? report : "no report");
	keyclave_verify_free(report);
	request.size = 1;
	return keyclave_verify(&request, NULL) == KEYCLAVE_VERIFY_FAILED ? result : 99;
}
C
own_pc() { env PKG_CONFIG_PATH="$(dirname "$pc")" PKG_CONFIG_SYSROOT_DIR="$root" pkg-config "$@"; }
# shellcheck disable=SC2046,SC2086
check "a program links libkeyclave-verify" ${KC_CC:-cc} -Wall -Wextra -Werror $sanitize "$T/verify.c" -o "$T/verify" \
	$(own_pc --cflags --libs keyclave-verify)
is "the library exports its two functions" \
	"$(nm -D --defined-only "$library" | awk '$2 == "T" { sub("@.*", "", $3); print $3 }' | sort | tr '\n' ' ')" \
	"keyclave_verify keyclave_verify_free "
if (
	. "$KC_SRCDIR/tests/integration/token.sh"
	make_token && "$KC_CLI" attest --out "$T/evidence"
) >"$T/attest.log" 2>&1; then
	export LD_LIBRARY_PATH="${library%/*}"
	allow='"allow": ["notee", "no-nonce", "any-identity"]'
	check_output "it verifies evidence" '"verdict": "good"' "$T/verify" "$T/evidence" "{\"version\": 1, $allow}"
	check_status "refuses it without a policy" 1 "$T/verify" "$T/evidence"
	check_status "and says that nonsense is unusable" 2 "$T/verify" "$T/verify.c" "{\"version\": 1, $allow}"
	check_status "as is a policy that it does not understand" 2 "$T/verify" "$T/evidence" '{"version": 2}'
	unset LD_LIBRARY_PATH
else
	not_ok "evidence for it"
	diag_file "$T/attest.log"
fi

if command -v systemd-analyze >/dev/null 2>&1; then
	# It looks for the programs that units name: those of this installation.
	mkdir "$T/units"
	for unit in keyclaved.socket keyclaved.service; do
		sed "s|^ExecStart=|&$root|" "$units/$unit" >"$T/units/$unit"
	done
	check_output "systemd takes the units" '^$' \
		sh -c "echo; systemd-analyze --man=no verify '$T/units/keyclaved.socket' '$T/units/keyclaved.service' 2>&1 | grep -F '$T' && exit 1; :"
else
	skip "systemd takes the units" "systemd-analyze is not there"
fi
done_testing
