#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each fuzz target over its seeds: a crash, a sanitizer's report or a target without seeds fails. Genuine evidence, which lies
# outside of this tree, is more of them where it is there.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99

evidence=${KC_EVIDENCE:-${KEYCLAVE_SHARED:-$KC_SRCDIR/../shared}/data/evidence}
declare -A genuine=([tdx]=tdx [intel_level]=tdx [event_log]=tpm [hcl]=tpm [tpm]=tpm [ima_log]=tpm)
genuine+=([sev_snp]=sev-snp [endorsements]=sev-snp)

for source in "$KC_SRCDIR"/tests/fuzz/fuzz_*.c; do
	[ -e "$source" ] || continue
	what=${source##*/fuzz_}
	what=${what%.c}
	corpus=$KC_SRCDIR/tests/fuzz/corpus/$what
	if [ -z "$(find "$corpus" -type f -print -quit 2>/dev/null)" ]; then
		not_ok "$what has seeds in tests/fuzz/corpus/$what"
		continue
	fi
	check "$what takes its seeds" "$KC_BUILDDIR/tests/fuzz/fuzz_$what" -runs=0 "$corpus"
	folder=${genuine[$what]:-}
	if [ -n "$folder" ] && [ -d "$evidence/$folder" ]; then
		check "$what takes genuine evidence" "$KC_BUILDDIR/tests/fuzz/fuzz_$what" -runs=0 "$evidence/$folder"
	fi
done
[ "$tap_count" -gt 0 ] || skip_all "no fuzz targets yet"
done_testing
