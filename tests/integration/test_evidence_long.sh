#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 3600
# Each byte of each genuine piece of evidence changed (test_verifier_*_samples takes some of them only).
. "$KC_SRCDIR/tests/lib/tap.sh"
export KC_EVERY_BYTE=1
for program in "$KC_BUILDDIR"/tests/unit/test_verifier_*_samples; do
	[ -x "$program" ] || continue
	check "${program##*/} with every byte" "$program"
done
[ "$tap_count" -gt 0 ] || skip_all "no such programs"
done_testing
