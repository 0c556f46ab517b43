#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# House style, as far as a script can see it.
. "${KC_SRCDIR:-.}/tests/lint/lint.sh" || exit 99

file_lines=700
function_lines=80

# The specification's interface is one header.
long_files=' tee-backend/mechanism/cryptoki.h '

have_ctags=no
ctags --version 2>/dev/null | grep -q Universal && have_ctags=yes

in_files() { # ROOT PATTERN FILES: "file:line:text", comments included
	over_files "$1" "$3" grep -HnE -- "$2"
}

unfinished() {
	in_files "$1" '\b(TODO|FIXME|XXX|HACK)\b|\b([Ss]tub|STUB|[Pp]laceholder|PLACEHOLDER|not implemented yet)\b' \
		"$(product_files "$1" .c .h .in .map)"
}

long_file() {
	over_files "$1" "$(all_files "$1" .c .h .sh
		cd "$1" && find scripts -type f ! -name '*.*' 2>/dev/null)" awk -v limit=$file_lines -v long="$long_files" '
		FNR == 1 { most = FILENAME ~ /^tests\// ? limit + 100 : limit } # a test carries its data with it
		FNR == most + 1 && !index(long, " " FILENAME " ") { print FILENAME ": more than " most " lines" }'
}

long_function() {
	over_files "$1" "$(all_files "$1" .c .h)" \
		ctags -f - --languages=C --langmap=C:.h.c --kinds-C=f --fields=+ne |
		awk -F '\t' -v limit=$function_lines '!/^!/ {
			start = end = 0
			for (i = 4; i <= NF; i++) {
				if ($i ~ /^line:/) start = substr($i, 6)
				if ($i ~ /^end:/) end = substr($i, 5)
			}
			if (end && end - start + 1 > limit)
				print $2 ":" start ": " $1 " has " end - start + 1 " lines, limit " limit
		}'
}

# foo_bar() that other files can call is in foo.c; or it belongs to foo.h of the same folder (its large
# parts have files of their own), or to struct foo that a header of the folder declares. PKCS#11's own
# names, main and what a library's interface demands are not ours to choose.
function_names() {
	{
		over_files "$1" "$(product_files "$1" .h)" awk '
			FNR == 1 {
				match(FILENAME, /.*\//)
				folder = substr(FILENAME, 1, RLENGTH)
				stem = substr(FILENAME, RLENGTH + 1)
				sub(/\.h$/, "", stem)
				print "prefix " folder " " stem
			}
			/^struct [a-z0-9_]+[ ;]/ { sub(/;/, "", $2); print "prefix " folder " " $2 }'
		over_files "$1" "$(product_files "$1" .c | grep -v '^pkcs11/')" \
			ctags -f - --languages=C --kinds-C=f --extras=-F --fields=+f |
			awk -F '\t' '!/^!/ && !/\tfile:/ { print "function " $2 " " $1 }'
	} | awk '
		$1 == "prefix" { prefixes[$2] = prefixes[$2] " " $3; next }
		{
			match($2, /.*\//)
			folder = substr($2, 1, RLENGTH)
			stem = substr($2, RLENGTH + 1)
			sub(/\.c$/, "", stem)
			gsub(/-/, "_", stem)
			good = $3 == stem || $3 == "main" || $3 == "OSSL_provider_init" || $3 ~ /^__lsan_/
			n = split(stem prefixes[folder], prefix, " ")
			for (i = 1; i <= n && !good; i++)
				good = index($3, prefix[i] "_") == 1 || $3 == prefix[i]
			if (!good)
				print $2 ": " $3 " does not begin with " stem "_"
		}'
}

declarations() {
	in_files "$1" '^[[:space:]]*extern[[:space:]]' "$(all_files "$1" .c)"
}
pasting() {
	# The specification's names of function types (CK_C_Sign of C_Sign) are made in cryptoki.h.
	in_files "$1" '^[^"]*[A-Za-z0-9_[:space:]]##[[:space:]]*[A-Za-z0-9_]' \
		"$(all_files "$1" .c .h | grep -v '/mechanism/cryptoki\.h$')"
}
banned_calls() {
	in_files "$1" '\b(strcpy|strcat|sprintf|vsprintf|gets|alloca|strtok|mktemp|tmpnam|system|popen|rand|bzero)\(' \
		"$(product_files "$1" .c .h)"
}
# What an attacker can guess byte by byte is compared in constant time (buffer.h, CRYPTO_memcmp).
secret_compare() {
	in_files "$1" '\b(memcmp|strcmp|bcmp)\([^;]*([Pp][Ii][Nn]\b|secret|passw|\bmac\b|\bhmac\b|\btag\b|ticket|verifier|proof)' \
		"$(product_files "$1" .c)"
}
environment() {
	in_files "$1" '(^|[^_[:alnum:]])getenv\(' "$(product_files "$1" .c)"
}
first_include() {
	over_files "$1" "$(all_files "$1" .c | grep -vE '/(data|corpus)/')" awk '
		function none() { if (file != "" && !found) print file ": does not include \"config.h\"" }
		FNR == 1 { none(); file = FILENAME; found = 0 }
		/^[ \t]*#[ \t]*include/ {
			if ($0 !~ /"config\.h"/) print FILENAME ":" FNR ": the first include is not \"config.h\""
			found = 1
			nextfile
		}
		END { none() }'
}
licence() {
	over_files "$1" "$(all_files "$1" .c .h .sh .mk .py .map .cddl | grep -vE '/(data|corpus)/'
		cd "$1" && find scripts tests/lib .ci -type f ! -name '*.*' 2>/dev/null
		ls configure.ac Makefile.am autogen.sh m4/kc_*.m4 2>/dev/null)" \
		grep -L 'SPDX-License-Identifier: Apache-2.0' | sed 's/$/: no SPDX line/'
}
header_comment() {
	over_files "$1" "$(product_files "$1" .c .h)" awk '
		function none() { if (file != "" && !found) print file ": says not what it owns (comment after the SPDX line)" }
		FNR == 1 { none(); file = FILENAME; found = 0 }
		FNR >= 2 && /^(\/\*| \*)/ { found = 1 }
		FNR >= 4 { nextfile }
		END { none() }'
}
vague_names() {
	(cd "$1" && find $product_folders tests scripts 2>/dev/null) | grep -E '(^|[/_-])(utils?|misc|helpers?|stuff|common)([_.-][^/]*)?$' |
		grep -vE '^tee-backend/common$|^tests/unit/test_common_|/data/' | sed 's/$/: a name that says nothing/'
	in_files "$1" '^[a-z].*\b[a-z_]*_(utils?|misc|helper)[a-z_]*\(' "$(product_files "$1" .c .h)"
}
scripts() {
	local file
	for file in $(all_files "$1" .sh; cd "$1" && find scripts tests/lib .ci autogen.sh -type f ! -name '*.*' 2>/dev/null
		ls autogen.sh 2>/dev/null); do
		case $(head -n 1 "$1/$file") in
		'#!/bin/sh'*) sh -n "$1/$file" 2>&1 ;;
		'#!/bin/bash'* | '# '*) bash -n "$1/$file" 2>&1 ;;
		'#!'*) ;;
		*) echo "$file: no interpreter named in line 1" ;;
		esac
	done
}
shell_faults() {
	local files
	files=$(all_files "$1" .sh; cd "$1" && grep -lE '^#!/bin/(ba)?sh' scripts/* tests/lib/* .ci/* autogen.sh 2>/dev/null)
	[ -n "$files" ] || return 0
	# Sourced files and variables that they set are out of its sight.
	# shellcheck disable=SC2086
	(cd "$1" && printf '%s\n' $files | xargs -n 12 -P 2 shellcheck -S warning -e SC1090,SC1091,SC2154,SC2034 -f gcc 2>&1)
}

lint_tree "nothing unfinished" unfinished
lint_tree "no file over $file_lines lines" long_file
lint_tree "no extern in a .c" declarations
lint_tree "no pasted names" pasting
lint_tree "no call that has a safe brother" banned_calls
lint_tree "secrets are compared in constant time" secret_compare
lint_tree "the environment is read by secure_getenv" environment
lint_tree "config.h is the first include" first_include
lint_tree "each file has its SPDX line" licence
lint_tree "each file says what it owns" header_comment
lint_tree "names say something" vague_names
lint_tree "shell scripts parse" scripts
if [ $have_ctags = yes ]; then
	lint_tree "no function over $function_lines lines" long_function
	lint_tree "a function's name begins with its file's" function_names
else
	skip "no function over $function_lines lines" "universal-ctags is not there"
	skip "a function's name begins with its file's" "universal-ctags is not there"
fi
if command -v shellcheck >/dev/null 2>&1; then
	lint_tree "shellcheck finds nothing" shell_faults
else
	skip "shellcheck finds nothing" "shellcheck is not there"
fi

# ---- each rule can fail ----
rules='unfinished long_file declarations pasting banned_calls secret_compare environment first_include licence
	header_comment vague_names scripts'
bad_tree
bad_file tee-backend/keys/good.c <<'C'
/* SPDX-License-Identifier: Apache-2.0 */
/* A good file. The tag is the full one. */
#include "config.h"

#include <string.h>

static const char name[] = "extern sprintf ## XXXXXX";

int good_call(const char *pin)
{
	return memcmp(name, pin + 1, 1) + (int)strlen(secure_getenv("PATH"));
}
C
sed -i 's/memcmp(name, pin + 1, 1)/(pin != NULL)/' "$B/tee-backend/keys/good.c"
for rule in $rules; do lint_clean "a good file ($rule)" "$rule"; done

bad_file tee-backend/keys/bad.c <<'C'
#include <stdio.h>
/* TODO: a placeholder */
extern int other;
#define NAME(x) key_##x
void bad_call(char *to, const char *pin)
{
	strcpy(to, getenv("PIN"));
	if (memcmp(to, pin, 4)) return;
}
void wrong_name(void)
{
C
for _ in $(seq 80); do echo '	wrong_name();' >>"$B/tee-backend/keys/bad.c"; done
echo '}' >>"$B/tee-backend/keys/bad.c"
for _ in $(seq 701); do echo; done >"$B/tee-backend/keys/long.c"
mkdir -p "$B/tee-backend/keys/data"
bad_file tee-backend/keys/key_util.c </dev/null
bad_file scripts/broken.sh <<<'#!/bin/sh
if true; then
'
lint_fault "unfinished work" unfinished 'bad.c:2:'
lint_fault "a long file" long_file 'long.c: more than 700 lines'
lint_fault "extern in a .c" declarations 'bad.c:3:'
lint_fault "a pasted name" pasting 'bad.c:4:'
lint_fault "strcpy" banned_calls 'bad.c:7:'
lint_fault "memcmp of a PIN" secret_compare 'bad.c:8:'
lint_fault "getenv" environment 'bad.c:7:'
lint_fault "a file without config.h" first_include 'bad.c:1: the first include'
lint_fault "a file without its licence" licence 'bad.c: no SPDX line'
lint_fault "a file that does not say what it owns" header_comment 'long.c: says not'
lint_fault "a vague name" vague_names 'key_util.c: a name'
lint_fault "a script that does not parse" scripts 'broken.sh'
if [ $have_ctags = yes ]; then
	bad_file tee-backend/keys/good.h <<<'struct span { int n; };'
	echo 'void span_of(void) { }' >>"$B/tee-backend/keys/good.c"
	lint_fault "a long function" long_function 'bad.c:10: wrong_name has 83 lines'
	lint_fault "a function of another name" function_names 'bad.c: wrong_name does not begin with bad_'
	rm "$B/tee-backend/keys/bad.c"
	lint_clean "names of a file and of its header's struct" function_names
fi
if command -v shellcheck >/dev/null 2>&1; then
	rm "$B/scripts/broken.sh"
	bad_file scripts/unquoted.sh <<<'#!/bin/sh
cd /tmp; rm -rf $1/*'
	lint_fault "an unsafe script" shell_faults 'unquoted.sh'
fi
done_testing
