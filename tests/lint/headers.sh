#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 900
# Headers: each compiles alone and twice, with the compiler of the build (scripts/check runs this with both); its guard has its name; functions that foo.h
# and foo_part.h declare are defined in foo.c (a large one has further files foo_*.c).
. "${KC_SRCDIR:-.}/tests/lint/lint.sh" || exit 99

cflags="-std=gnu11 -fsyntax-only -Wall -Wextra -Wstrict-prototypes -Werror"
cflags="$cflags $(pkg-config --cflags p11-kit-1 libcrypto 2>/dev/null)"

# Through a cache or not; clang takes three times as long as gcc.
compiler=${KC_CC##* }
command -v "${compiler:=gcc}" >/dev/null 2>&1 || compiler=

# to_compile ROOT: the headers that changed, or that include one that did, since the stamp was written. The
# stamp belongs to a build folder, so that a second make check compiles next to nothing.
to_compile() {
	local root=$1 stamp=$2
	[ -e "$stamp" ] || stamp=/dev/null
	(cd "$root" && find $product_folders -name '*.h' -printf '%T@ %p\n' 2>/dev/null) | awk -v root="$root" -v stamp="$stamp" '
		BEGIN { while ((getline line < stamp) > 0) good[line] = 1 }
		{
			time[$2] = $1
			name = $2
			sub(/^tee-backend\//, "", name)
			path[name] = $2
		}
		function newest(file, depth,   line, q, t, n) {
			if (file in known)
				return known[file]
			t = time[file]
			while (depth < 20 && (getline line < (root "/" file)) > 0)
				if (line ~ /^#include "/) {
					split(line, q, "\"")
					if (q[2] in path && (n = newest(path[q[2]], depth + 1)) > t)
						t = n
				}
			close(root "/" file)
			return known[file] = t
		}
		END { for (f in time) {
			entry = f " " newest(f, 0)
			if (!(entry in good))
				print entry
		} }'
}

# compile_alone ROOT [STAMP]
compile_alone() {
	local root=$1 stamp=${2:-/dev/null} file time name n=0
	rm -rf "$T/alone"
	mkdir "$T/alone"
	to_compile "$root" "$stamp" >"$T/to_compile"
	# Quoted as its users write it. The public header stands without config.h too.
	while read -r file time; do
		name=${file#tee-backend/}
		n=$((n + 1))
		{
			case $file in
			*/keyclave.h) ;;
			*) echo '#define _GNU_SOURCE 1' ;;
			esac
			printf '#include "%s"\n#include "%s"\n' "$name" "$name"
			echo 'typedef int not_empty;'
		} >"$T/alone/$n.c"
	done <"$T/to_compile"
	[ $n -gt 0 ] || return 0
	# shellcheck disable=SC2086 # flags
	find "$T/alone" -name '*.c' -print0 | xargs -0 -n 8 -P 2 "$compiler" $cflags -I "$root" -I "$root/tee-backend" 2>&1 |
		grep -E 'error|warning' | sed "s|^$root/||; s|\$| ($compiler)|" | tee "$T/compile_faults"
	[ -s "$T/compile_faults" ] || [ "$stamp" = /dev/null ] || cat "$T/to_compile" >>"$stamp"
}
compile_changed() { compile_alone "$1" "$KC_BUILDDIR/tests/lint/headers.stamp"; }

guards() {
	over_files "$1" "$(product_files "$1" .h)" awk '
		function done_file() { if (file != "" && (!opened || !defined)) print file ": guard is not " guard }
		FNR == 1 {
			done_file()
			file = FILENAME
			opened = defined = 0
			n = split(file, path, "/")
			guard = toupper("KEYCLAVE_" path[n - 1] "_" substr(path[n], 1, length(path[n]) - 2) "_H")
			gsub(/-/, "_", guard)
			if (file ~ /mechanism\/keyclave\.h$/)
				guard = "KEYCLAVE_H" # installed: the name of the product
		}
		$1 == "#ifndef" && $2 == guard { opened = 1 }
		$1 == "#define" && $2 == guard { defined = 1 }
		END { done_file() }'
}

# Prototypes only: no typedefs, members or static inline functions. Not the specification's own functions,
# nor internal.h and cli/cli.h: what the files of one folder say to each other.
definitions() {
	local root=$1 file
	over_files "$root" "$(product_files "$root" .h | grep -vE '/(cryptoki|internal|cli)\.h$')" \
		ctags -f - --languages=C --langmap=C:.h.c --kinds-C=p --extras=-F | awk -F '\t' '!/^!/ && !seen[$2]++ { print $2 }' |
		while read -r file; do
			# foo_part.h may be the inner face of foo.c.
			compgen -G "$root/${file%.h}.c" >/dev/null || compgen -G "$root/${file%.h}_*.c" >/dev/null ||
				[ -e "$root/${file%_*}.c" ] ||
				echo "$file: declares functions, but there is no ${file%.h}.c"
		done
}

have_ctags=no
ctags --version 2>/dev/null | grep -q Universal && have_ctags=yes

[ -n "$compiler" ] || skip_all "no compiler"
lint_tree "each header compiles alone ($compiler)" compile_changed
lint_tree "guards have the header's name" guards
if [ $have_ctags = yes ]; then
	lint_tree "functions are defined in the .c of their header's name" definitions
else
	skip "functions are defined in the .c of their header's name" "universal-ctags is not there"
fi

bad_tree
bad_file tee-backend/common/good.h <<'H'
#ifndef KEYCLAVE_COMMON_GOOD_H
#define KEYCLAVE_COMMON_GOOD_H
#include <stddef.h>
size_t good_size(void);
#endif
H
bad_file tee-backend/common/good.c </dev/null
lint_clean "a good header" compile_alone
lint_clean "a good guard" guards
bad_file tee-backend/common/alone.h <<'H'
#ifndef KEYCLAVE_ALONE_H
#define KEYCLAVE_ALONE_H
size_t alone_size(void);
#endif
H
lint_fault "a header that needs another" compile_alone 'common/alone.h.*error.*size_t'
lint_fault "a guard of another name" guards 'alone.h: guard is not KEYCLAVE_COMMON_ALONE_H'
if [ $have_ctags = yes ]; then
	lint_fault "a header without its .c" definitions 'alone.h: declares functions'
	rm "$B/tee-backend/common/alone.h"
	bad_file tee-backend/common/table.h <<<'struct row { int (*call)(int); };'
	lint_clean "a header with a table only" definitions
fi
done_testing
