#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Headers: each compiles alone and twice, with gcc and clang; its guard has its name; functions that foo.h
# declares are defined in foo.c (a large one has further files foo_*.c).
. "${KC_SRCDIR:-.}/tests/lint/lint.sh" || exit 99

cflags="-std=gnu11 -fsyntax-only -Wall -Wextra -Wstrict-prototypes -Werror"
cflags="$cflags $(pkg-config --cflags p11-kit-1 libcrypto 2>/dev/null)"

compilers=
for compiler in gcc clang; do
	command -v $compiler >/dev/null 2>&1 && compilers="$compilers $compiler"
done

compile_alone() {
	local root=$1 file name n=0
	rm -rf "$T/alone"
	mkdir "$T/alone"
	# Quoted as its users write it. The public header stands without config.h too.
	for file in $(product_files "$root" .h); do
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
	done
	[ $n -gt 0 ] || return 0
	for compiler in $compilers; do
		# shellcheck disable=SC2086
		find "$T/alone" -name '*.c' -print0 | xargs -0 -P 2 -n 8 $compiler $cflags -I "$root" -I "$root/tee-backend" 2>&1 |
			grep -E 'error|warning' | sed "s|^$root/||; s|\$| ($compiler)|"
	done
}

guards() {
	local root=$1 file guard folder
	for file in $(product_files "$root" .h); do
		case $file in
		*/mechanism/keyclave.h) guard=KEYCLAVE_H ;; # installed: the name of the product
		*)
			folder=$(basename "$(dirname "$file")")
			guard=$(echo "KEYCLAVE_${folder}_$(basename "$file" .h)_H" | tr 'a-z-' 'A-Z_')
			;;
		esac
		if ! grep -q "^#ifndef $guard\$" "$root/$file" || ! grep -q "^#define $guard\$" "$root/$file"; then
			echo "$file: guard is not $guard"
		fi
	done
}

# A prototype that is no typedef, no member and no static inline; without ctags nothing is checked.
declares_functions() {
	ctags -x --languages=C --langmap=C:.h.c --kinds-C=p --extras=-F "$1" 2>/dev/null | grep -q .
}
definitions() {
	local root=$1 file
	for file in $(product_files "$root" .h); do
		case $file in
		*/cryptoki.h | */keyclave.h) continue ;; # the specification's functions; constants
		esac
		if declares_functions "$root/$file" && ! compgen -G "$root/${file%.h}.c" >/dev/null &&
			! compgen -G "$root/${file%.h}_*.c" >/dev/null; then
			echo "$file: declares functions, but there is no ${file%.h}.c"
		fi
	done
}

have_ctags=no
ctags --version 2>/dev/null | grep -q Universal && have_ctags=yes

[ -n "$compilers" ] || skip_all "no compiler"
lint_tree "each header compiles alone ($compilers )" compile_alone
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
