#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The same PKCS#11 calls against SoftHSM2 and against our module, compared line by line. A difference stands
# in differences.txt with its reason, else the test fails; so does an entry that is no difference any more.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99

here=$KC_SRCDIR/tests/conformance
program=$KC_BUILDDIR/tests/conformance/conformance
softhsm=${KC_SOFTHSM:-/usr/lib/softhsm/libsofthsm2.so}
[ -e "$softhsm" ] || skip_all "SoftHSM2 is not installed"
need awk

keyclave_env
mkdir -p "$T/tokens" "$T/lines"
cat >"$T/softhsm2.conf" <<CONF
directories.tokendir = $T/tokens
objectstore.backend = file
log.level = ERROR
CONF
export SOFTHSM2_CONF=$T/softhsm2.conf

# Return codes get their names from the product's own header; one name a number, the first.
name_codes() {
	awk -F '\t' '
		FNR == NR {
			if (split($0, w, /[ \t]+/) >= 3 && w[1] == "#define" && w[2] ~ /^CKR_/ && w[3] ~ /^0x/) {
				sub(/UL$/, "", w[3]); sub(/^0x0*/, "", w[3])
				if (!(w[3] in name)) name[w[3]] = w[2]
			}
			next
		}
		{
			n = split($2, w, " ")
			if (w[1] ~ /^0x/) {
				key = substr(w[1], 3)
				w[1] = key == "0" ? "CKR_OK" : key in name ? name[key] : w[1]
			}
			line = w[1]
			for (i = 2; i <= n; i++) line = line " " w[i]
			print $1 "\t" line
		}' "$KC_SRCDIR/tee-backend/mechanism/cryptoki.h" -
}

# run WHO MODULE: the lines of all chapters in $T/lines/WHO.
run() {
	local who=$1 module=$2 chapter
	for chapter in $("$program" --chapters); do
		if ! host "$program" "$module" "$chapter" >"$T/chapter" 2>"$T/chapter.err"; then
			not_ok "$who runs the chapter $chapter"
			diag "last: $(tail -n 1 "$T/chapter")"
			diag_file "$T/chapter.err"
		fi
		name_codes <"$T/chapter" >>"$T/lines/$who"
	done
}

run softhsm2 "$softhsm"
run keyclave "$KC_MODULE"
is "each case has a name of its own" "$(cut -f 1 "$T/lines/keyclave" | sort | uniq -d | tr '\n' ',')" ""

# differences.txt: "= why" and below it "case | SoftHSM2 | Keyclave"; both sides must be just what they are there.
awk -F '\t' -v listed="$here/differences.txt" '
	FNR == 1 { file++ }
	file == 1 { soft[$1] = $2; next }
	{ ours[$1] = $2; order[++n] = $1 }
	END {
		while ((getline line < listed) > 0) {
			if (line ~ /^#/ || line == "") continue
			if (line ~ /^= ./) { reason = substr(line, 3); continue }
			parts = split(line, p, / \| /)
			if (parts != 3 || reason == "") { print "bad " line; continue }
			if (p[1] in why) { print "bad twice: " line; continue }
			left[p[1]] = p[2]; right[p[1]] = p[3]; why[p[1]] = reason
		}
		for (name in soft) if (!(name in ours)) { ours[name] = "-"; order[++n] = name }
		for (i = 1; i <= n; i++) {
			name = order[i]
			if (!(name in soft)) soft[name] = "-"
			chapter = name; sub(/ .*/, "", chapter); cases[chapter]++
			if (soft[name] == ours[name]) continue
			if (name in why && left[name] == soft[name] && right[name] == ours[name]) {
				known[chapter]++; used[name] = 1
			} else {
				print "new " name " | " soft[name] " | " ours[name]
				if (name in why) used[name] = 1
			}
		}
		for (name in why) if (!(name in used)) print "stale " name
		for (chapter in cases) print "count " chapter ": " cases[chapter] " cases, " known[chapter] + 0 " listed differences"
	}' "$T/lines/softhsm2" "$T/lines/keyclave" | sort >"$T/result"

while IFS= read -r line; do
	case $line in
	'new '*) not_ok "a difference that is not listed: ${line#new }" ;;
	'stale '*) not_ok "listed, but no difference any more: ${line#stale }" ;;
	'bad '*) not_ok "differences.txt, not \"case | SoftHSM2 | Keyclave\" below a reason: ${line#bad }" ;;
	'count '*) ok "${line#count }" ;;
	esac
done <"$T/result"
done_testing
