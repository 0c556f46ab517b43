# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What test_death.sh and test_death_long.sh share.

# death ROUNDS SECONDS: runs death.c, passes its TAP on, then asks the daemon itself.
death() {
	local line
	"$KC_BUILDDIR/tests/integration/death" "$KC_MODULE" "$1" "$2" ${KC_DEATH_SEED:+"$KC_DEATH_SEED"} >"$T/death.out" 2>&1
	while IFS= read -r line; do
		case $line in
		"ok "*) ok "${line#* - }" ;;
		"not ok "*) not_ok "${line#* - }" ;;
		1..*) ;;
		*) diag "$line" ;;
		esac
	done <"$T/death.out"
	check "death ends with a plan" grep -q '^1\.\.' "$T/death.out"
	check_output "keyclave status counts no damaged record" '"damaged records": 0' "$KC_CLI" --json status
}
