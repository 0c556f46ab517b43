#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each source file stands in its folder's module.mk: else it is neither built nor in the release tarball, and a
# test that is not registered never runs.
. "${KC_SRCDIR:-.}/tests/lint/lint.sh" || exit 99

registered() {
	local root=$1 file folder name
	local -A fragments=()
	while IFS= read -r file; do
		fragments[${file%/module.mk}]=$(<"$root/$file")
	done < <(cd "$root" && find . -name module.mk -printf '%P\n' 2>/dev/null)
	for file in $(all_files "$root" .c .h .sh .map .in .supp .py .cddl
		cd "$root" && ls docs/*.md docs/*.[1-9]* 2>/dev/null); do
		case $file in
		scripts/* | */corpus/* | */data/*) continue ;; # Makefile.am lists them, or their folder
		esac
		folder=${file%/*}
		name=${file##*/}
		# The nearest fragment upwards; a folder without one of its own is a sub-folder of its parent's.
		while [ -z "${fragments[$folder]+set}" ] && [[ $folder == */* ]]; do
			name=${folder##*/}/$name
			folder=${folder%/*}
		done
		[[ $'\n'"${fragments[$folder]-}"$'\n' =~ $'\n'[^#$'\n']*[/[:space:]]${name//./\\.}[[:space:]] ]] ||
			echo "$file: not in $folder/module.mk"
	done
}

lint_tree "each source file stands in a module.mk" registered

bad_tree
bad_file tests/unit/test_a.c </dev/null
bad_file tests/unit/data/key.sh </dev/null
bad_file tests/unit/module.mk <<<'x_SOURCES = %D%/test_a.c'
lint_clean "a registered test" registered
bad_file tests/unit/test_b.c </dev/null
echo '# %D%/test_b.c' >>"$B/tests/unit/module.mk"
lint_fault "a test that is not registered" registered 'test_b.c: not in tests/unit/module.mk'
bad_file tee-backend/common/x.h </dev/null
lint_fault "a folder without a fragment" registered 'x.h: not in'
done_testing
