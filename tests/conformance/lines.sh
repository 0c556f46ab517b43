# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the tests of the conformance program: runs chapters, and names the return codes in their lines.
program=$KC_BUILDDIR/tests/conformance/conformance
need awk
mkdir -p "$T/lines"

# Names from the product's own header; one name a number, the first.
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
			line = ""
			rest = $2
			while (match(rest, /0x[0-9a-f]+/)) {
				key = substr(rest, RSTART + 2, RLENGTH - 2)
				code = key == "0" ? "CKR_OK" : key in name ? name[key] : "0x" key
				line = line substr(rest, 1, RSTART - 1) code
				rest = substr(rest, RSTART + RLENGTH)
			}
			print $1 "\t" line rest
		}' "$KC_SRCDIR/tee-backend/common/status.h" -
}

# run WHO MODULE CHAPTER...: their lines in $T/lines/WHO.
run() {
	local who=$1 module=$2 chapter
	shift 2
	for chapter; do
		if ! host "$program" "$module" "$chapter" >"$T/chapter" 2>"$T/chapter.err"; then
			not_ok "$who runs the chapter $chapter"
			diag "last: $(tail -n 1 "$T/chapter")"
			diag_file "$T/chapter.err"
		fi
		name_codes <"$T/chapter" >>"$T/lines/$who"
	done
	is "each case of $who has a name of its own" "$(cut -f 1 "$T/lines/$who" | sort | uniq -d | tr '\n' ',')" ""
}
