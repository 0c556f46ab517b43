#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each fuzz target over its seeds: a crash, a sanitizer's report or a target without seeds fails.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99

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
done
[ "$tap_count" -gt 0 ] || skip_all "no fuzz targets yet"
done_testing
