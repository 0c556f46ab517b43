#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The table "Rules and their tests" of docs/architecture.md: each of the 20 client and protocol rules has a row, and each
# test that a row names exists, is run, and is named by something that runs it.
. "${KC_SRCDIR:-.}/tests/lint/lint.sh" || exit 99

# rows ROOT: "RULE<tab>TESTS" of each row.
rows() {
	awk -F' *[|] *' '/^## Rules and their tests/ { in_table = 1; next } /^## / { in_table = 0 }
		in_table && $2 ~ /^[67]\.[0-9]+$/ { print $2 "\t" $4 }' "$1/docs/architecture.md"
}

# one RULE FILE [FUNCTION...|"TEXT"...]
one() {
	local root=$1 rule=$2 file=$3 rest=$4 text word
	if [ ! -f "$root/tests/$file" ]; then
		echo "docs/architecture.md: rule $rule: there is no tests/$file"
		return
	fi
	while [[ $rest == *'"'*'"'* ]]; do
		text=${rest#*'"'}
		text=${text%%'"'*}
		rest=${rest/'"'"$text"'"'/}
		grep -qF -- "$text" "$root/tests/$file" || echo "docs/architecture.md: rule $rule: tests/$file has no check \"$text\""
	done
	for word in $rest; do
		# Defined, and named once more by the list of tests or a caller.
		[ "$(grep -cE "(^|[^a-z_0-9])$word([^a-z_0-9]|\$)" "$root/tests/$file")" -ge 2 ] ||
			grep -qrE --include='*.[ch]' "(^|[^a-z_0-9])$word\(" "$root/tests/${file%/*}" --exclude="${file##*/}" ||
			echo "docs/architecture.md: rule $rule: tests/$file has no test $word that is run"
	done
}

rules() {
	local root=$1 rule tests item n
	local -A seen=()
	while IFS=$'\t' read -r rule tests; do
		seen[$rule]=1
		[[ $tests == *'`'*'`'* ]] || echo "docs/architecture.md: rule $rule: a row without a test"
		while [[ $tests == *'`'*'`'* ]]; do
			item=${tests#*'`'}
			item=${item%%'`'*}
			tests=${tests#*'`'"$item"'`'}
			if [[ $item == *' '* ]]; then one "$root" "$rule" "${item%% *}" "${item#* }"; else one "$root" "$rule" "$item" ''; fi
		done
	done < <(rows "$root")
	for n in {1..20}; do
		[ -n "${seen[7.$n]-}" ] || echo "docs/architecture.md: rule 7.$n has no row"
	done
}

lint_tree "each rule has tests, and they exist" rules

# table ROW: a tree with all rules but for one row that is given.
table() {
	local n
	bad_tree
	{
		echo '## Rules and their tests'
		for n in {1..20}; do echo "| 7.$n | it holds | \`unit/test_a.c test_it\` |"; done
		echo "$1"
	} | bad_file docs/architecture.md
	printf 'static void test_it(void **state)\n{\n}\n\tcmocka_unit_test(test_it),\nstatic void test_lost(void **state)\n' |
		bad_file tests/unit/test_a.c
	echo 'check "it is so" true' | bad_file tests/integration/test_b.sh
}
table '| 6.1 | too | `unit/test_a.c test_it`, `integration/test_b.sh "it is so"` |'
lint_clean "a table of tests that are there" rules
table '| 6.1 | too | `unit/test_c.c test_it` |'
lint_fault "a file that is not there" rules 'there is no tests/unit/test_c.c'
table '| 6.1 | too | `unit/test_a.c test_it test_other` |'
lint_fault "a function that is not there" rules 'has no test test_other'
table '| 6.1 | too | `unit/test_a.c test_lost` |'
lint_fault "a function that is not run" rules 'has no test test_lost'
table '| 6.1 | too | `integration/test_b.sh "it is so" "it is not"` |'
lint_fault "a check that is not there" rules 'has no check "it is not"'
table '| 6.1 | too | none |'
lint_fault "a row without tests" rules 'a row without a test'
table ''
sed -i '/^| 7.13 /d' "$B/docs/architecture.md"
lint_fault "a rule that is left out" rules 'rule 7.13 has no row'
done_testing
