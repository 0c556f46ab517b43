#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Functions that SoftHSM2 does not have: recovery, two operations at once, and what version 3.0 added. Each
# call's result stands in expected.txt with its clause.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99

here=$KC_SRCDIR/tests/conformance
. "$here/lines.sh"
keyclave_env
# shellcheck disable=SC2046 # chapters are words
run keyclave "$KC_MODULE" $("$program" --expected)

# expected.txt: "= clause" and below it "case | result", the second a regular expression of the whole.
awk -F '\t' -v expected="$here/expected.txt" '
	{ ours[$1] = $2 }
	END {
		while ((getline line < expected) > 0) {
			if (line ~ /^#/ || line == "") continue
			if (line ~ /^= .*[Ss]ections? [1-9]/) { clause = 1; continue }
			if (split(line, p, / \| /) != 2 || !clause) { print "bad " line; continue }
			if (!(p[1] in ours)) { print "bad no such case: " line; continue }
			print (ours[p[1]] ~ ("^(" p[2] ")$") ? "good " line : "bad " p[1] " | " ours[p[1]] ", not " p[2])
			delete ours[p[1]]
		}
		for (name in ours) print "bad nothing is expected of: " name " | " ours[name]
	}' "$T/lines/keyclave" | sort >"$T/result"
while IFS= read -r line; do
	case $line in
	'good '*) ok "${line#good }" ;;
	*) not_ok "${line#bad }" ;;
	esac
done <"$T/result"
done_testing
