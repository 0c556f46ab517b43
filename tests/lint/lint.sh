# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the lints share. A lint is a function of a source tree's root that prints one line for each
# fault, "file:line: what" or "file: what". lint_tree runs it over this tree; lint_fault shows that it
# finds a fault, in a tiny tree of its own.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99

# One process reads many files: these lists are short enough for one command line, and a lint that
# starts a process for each file is too slow to be run by everybody all the time.
product_folders='tee-backend pkcs11 ossl-provider'

# product_files ROOT SUFFIX...: paths below ROOT, of the product.
product_files() { lint_files "$1" "$product_folders" "${@:2}"; }
# all_files ROOT SUFFIX...: of the product, its tests and scripts.
all_files() { lint_files "$1" "$product_folders tests scripts" "${@:2}"; }
lint_files() {
	local root=$1 folders=$2 suffix names=()
	shift 2
	for suffix; do
		names+=(-o -name "*$suffix")
	done
	# shellcheck disable=SC2086 # words; names with blanks are not in this house
	(cd "$root" && exec find $folders -type f \( "${names[@]:1}" \) 2>/dev/null)
}
# over_files ROOT FILES COMMAND...: runs COMMAND FILES in ROOT, when there are any.
over_files() {
	local root=$1 files=$2
	shift 2
	[ -n "$files" ] || return 0
	# shellcheck disable=SC2086
	(cd "$root" && exec "$@" $files)
}

# lint_tree NAME FUNCTION
lint_tree() {
	"$2" "$KC_SRCDIR" >"$T/faults" 2>&1
	if [ ! -s "$T/faults" ]; then ok "$1"; else
		not_ok "$1"
		head -n 40 "$T/faults" | sed 's/^/# /'
		return 1
	fi
}

# bad_tree: an empty tree with the product's folders, in $B; bad_file PATH writes stdin into it.
bad_tree() {
	B=$T/bad
	rm -rf "$B"
	mkdir -p "$B"/{pkcs11,ossl-provider,scripts,tests/unit} "$B"/tee-backend/{common,mechanism,client,keys,service,crypto}
}
bad_file() {
	mkdir -p "$B/$(dirname "$1")"
	cat >"$B/$1"
}
# lint_fault NAME FUNCTION PATTERN: the lint prints a line that matches, for the tree $B.
lint_fault() {
	"$2" "$B" >"$T/faults" 2>&1
	if grep -Eq -- "$3" "$T/faults"; then ok "finds $1"; else
		not_ok "finds $1"
		diag "expected: $3"
		diag_file "$T/faults"
		return 1
	fi
}
# lint_clean NAME FUNCTION: and nothing for a tree without a fault.
lint_clean() {
	"$2" "$B" >"$T/faults" 2>&1
	if [ ! -s "$T/faults" ]; then ok "passes $1"; else
		not_ok "passes $1"
		diag_file "$T/faults"
		return 1
	fi
}
