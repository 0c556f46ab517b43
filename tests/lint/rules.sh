#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The table "Rules and their tests" of docs/architecture.md: each of the 20 client and protocol rules and of the provider's
# 18 recipes has a row, and each test that a row names exists, is run, and is named by something that runs it.
. "${KC_SRCDIR:-.}/tests/lint/lint.sh" || exit 99

# rows ROOT: "RULE<tab>TESTS" of each row.
rows() {
	awk -F' *[|] *' '/^## Rules and their tests/ { in_table = 1; next } /^## / { in_table = 0 }
		in_table && $2 ~ /^([67]\.|P)[0-9]+$/ { print $2 "\t" $4 }' "$1/docs/architecture.md"
}

# wanted ROOT: "RULE<tab>FILE<tab>WORD" or "RULE<tab>FILE<tab>"TEXT"" for each thing that a row names; - for a file alone.
wanted() {
	rows "$1" | awk -F'\t' '{
		n = split($2, item, "`")
		for (i = 2; i <= n; i += 2) {
			file = item[i]; sub(/ .*/, "", file); rest = substr(item[i], length(file) + 2)
			print $1 "\t" file "\t-"
			while (match(rest, /"[^"]*"/)) {
				print $1 "\t" file "\t" substr(rest, RSTART, RLENGTH)
				rest = substr(rest, 1, RSTART - 1) substr(rest, RSTART + RLENGTH)
			}
			m = split(rest, word, / +/)
			for (k = 1; k <= m; k++) if (word[k] != "") print $1 "\t" file "\t" word[k]
		}
		if (n < 3) print $1 "\t\t"
	}'
}

rules() {
	local root=$1 rule file what text said='docs/architecture.md: rule'
	local -A content=() seen=()
	while IFS=$'\t' read -r rule file what; do
		seen[$rule]=1
		[ -n "$file" ] || { echo "$said $rule: a row without a test" && continue; }
		if [ -z "${content[$file]+set}" ]; then
			content[$file]=
			[ ! -f "$root/tests/$file" ] || content[$file]=$(<"$root/tests/$file")
		fi
		text=${content[$file]}
		case $what in
		-) [ -n "$text" ] || echo "$said $rule: there is no tests/$file" ;;
		'"'*)
			what=${what:1:-1}
			[[ -z $text || $text == *"$what"* ]] || echo "$said $rule: tests/$file has no check \"$what\""
			;;
		*)
			# Defined, and named once more by the list of tests, or called from beside it.
			[[ -z $text || " $text" =~ [^a-z_0-9]"$what"[^a-z_0-9].*[^a-z_0-9]"$what"[^a-z_0-9] ]] ||
				grep -qrE --include='*.[ch]' "(^|[^a-z_0-9])$what\(" "$root/tests/${file%/*}" --exclude="${file##*/}" ||
				echo "$said $rule: tests/$file has no test $what that is run"
			;;
		esac
	done < <(wanted "$root")
	for rule in 7.{1..20} P{1..18}; do
		[ -n "${seen[$rule]-}" ] || echo "$said $rule has no row"
	done
}

lint_tree "each rule has tests, and they exist" rules

# table ROW: a tree with all rules but for one row that is given.
table() {
	local n
	bad_tree
	{
		echo '## Rules and their tests'
		for n in 7.{1..20} P{1..18}; do echo "| $n | it holds | \`unit/test_a.c test_it\` |"; done
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
table ''
sed -i '/^| P9 /d' "$B/docs/architecture.md"
lint_fault "a recipe that is left out" rules 'rule P9 has no row'
done_testing
