#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The same PKCS#11 calls against SoftHSM2 and against our module, compared line by line. A difference stands
# in differences.txt with its reason, else the test fails; so does an entry that is no difference any more.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99

here=$KC_SRCDIR/tests/conformance
softhsm=${KC_SOFTHSM:-/usr/lib/softhsm/libsofthsm2.so}
[ -e "$softhsm" ] || skip_all "SoftHSM2 is not installed"
. "$here/lines.sh"

keyclave_env
mkdir -p "$T/tokens"
cat >"$T/softhsm2.conf" <<CONF
directories.tokendir = $T/tokens
objectstore.backend = file
log.level = ERROR
CONF
export SOFTHSM2_CONF=$T/softhsm2.conf

# shellcheck disable=SC2046 # chapters are words
run softhsm2 "$softhsm" $("$program" --chapters)
# shellcheck disable=SC2046
run keyclave "$KC_MODULE" $("$program" --chapters)

# differences.txt: "= why" and below it "case | SoftHSM2 | Keyclave", three regular expressions, each of which has
# to match the whole. Every case that an entry names must be that difference, and there must be one.
awk -F '\t' -v listed="$here/differences.txt" '
	function whole(text, pattern) { return text ~ ("^(" pattern ")$") }
	FNR == 1 { file++ }
	file == 1 { soft[$1] = $2; next }
	{ ours[$1] = $2; order[++n] = $1 }
	END {
		while ((getline line < listed) > 0) {
			if (line ~ /^#/ || line == "") continue
			if (line ~ /^= ./) {
				if (line !~ /[Ss]ections? [1-9]/) print "bad no clause: " line
				reason = substr(line, 3)
				continue
			}
			parts = split(line, p, / \| /)
			if (parts != 3 || reason == "") { print "bad " line; continue }
			name[++entries] = p[1]; left[entries] = p[2]; right[entries] = p[3]
		}
		for (case_name in soft) if (!(case_name in ours)) { ours[case_name] = "-"; order[++n] = case_name }
		for (i = 1; i <= n; i++) {
			case_name = order[i]
			if (!(case_name in soft)) soft[case_name] = "-"
			chapter = case_name; sub(/ .*/, "", chapter); cases[chapter]++
			differs = soft[case_name] != ours[case_name]
			found = 0
			for (e = 1; e <= entries; e++) {
				if (!whole(case_name, name[e])) continue
				found++
				used[e] = 1
				if (!differs)
					print "stale " name[e] ": " case_name ": both say " ours[case_name]
				else if (!whole(soft[case_name], left[e]) || !whole(ours[case_name], right[e]))
					print "new " case_name " | " soft[case_name] " | " ours[case_name]
			}
			if (found > 1) print "bad twice: " case_name
			if (differs && !found) print "new " case_name " | " soft[case_name] " | " ours[case_name]
			if (differs) known[chapter]++
		}
		for (e = 1; e <= entries; e++) if (!(e in used)) print "stale " name[e]
		for (chapter in cases) print "count " chapter ": " cases[chapter] " cases, " known[chapter] + 0 " differences"
		print "count the list has " entries " entries"
	}' "$T/lines/softhsm2" "$T/lines/keyclave" | sort >"$T/result"

while IFS= read -r line; do
	case $line in
	'new '*) not_ok "a difference that is not listed: ${line#new }" ;;
	'stale '*) not_ok "listed, but no difference: ${line#stale }" ;;
	'bad '*) not_ok "differences.txt: ${line#bad }" ;;
	'count '*) ok "${line#count }" ;;
	esac
done <"$T/result"
done_testing
