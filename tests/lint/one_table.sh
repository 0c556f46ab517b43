#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One table: mechanisms and attributes are listed in mechanism/ and nowhere else. A CKM_ name outside is
# a special case in code; many of them in one file, or one of them in many files, are a second list.
. "${KC_SRCDIR:-.}/tests/lint/lint.sh" || exit 99

files_per_mechanism=3  # outside mechanism/ that may name the same CKM_
mechanisms_per_file=12 # different CKM_ names in one file
run_of_names=8         # consecutive lines that name a CKM_ or CKA_ (one to a line): an array or a switch

# Allowed, with the reason. "file" or "file name".
allowed='
'

outside() { product_files "$1" .c .h | grep -v '^tee-backend/mechanism/'; }
without_comments() { # of one file, lines kept
	awk '{
		line = $0
		out = ""
		while (line != "") {
			if (comment) {
				if ((i = index(line, "*/")) == 0) { line = ""; break }
				line = substr(line, i + 2); comment = 0
			} else if ((i = index(line, "/*")) > 0) {
				out = out substr(line, 1, i - 1); line = substr(line, i + 2); comment = 1
			} else { out = out line; line = "" }
		}
		sub(/\/\/.*/, "", out)
		print out
	}' "$1"
}

mentions() { # "CKM_X file", once for each pair
	local file
	for file in $(outside "$1"); do
		without_comments "$1/$file" | grep -Eo '\bCKM_[A-Z0-9_]+' | sort -u | grep -v '^CKM_VENDOR_DEFINED$' |
			sed "s|\$| $file|"
	done | grep -vFx -f <(printf '%s\n' "$allowed" | awk 'NF == 2 { print $2, $1 }')
}
allowed_file() { printf '%s\n' "$allowed" | grep -qx "$1"; }

scattered() {
	mentions "$1" | sort | awk -v limit=$files_per_mechanism '
		{ n[$1]++; where[$1] = where[$1] " " $2 }
		END { for (m in n) if (n[m] > limit) print m ": named in " n[m] " files, limit " limit ":" where[m] }'
}
listed() {
	local file
	mentions "$1" | awk '{ n[$2]++ } END { for (f in n) print f, n[f] }' | sort |
		while read -r file count; do
			[ "$count" -le $mechanisms_per_file ] || allowed_file "$file" ||
				echo "$file: names $count mechanisms, limit $mechanisms_per_file"
		done
}
runs() {
	local file
	for file in $(outside "$1"); do
		allowed_file "$file" && continue
		without_comments "$1/$file" | awk -v file="$file" -v limit=$run_of_names '
			/CK[MA]_[A-Z0-9]/ { if (++n == limit) print file ":" FNR ": " limit " lines of CKM_ or CKA_ names in a row: a second list?" }
			!/CK[MA]_[A-Z0-9]/ { n = 0 }'
	done
}

lint_tree "no mechanism is named in more than $files_per_mechanism files outside mechanism/" scattered
lint_tree "no file outside mechanism/ names more than $mechanisms_per_file mechanisms" listed
lint_tree "no run of CKM_ or CKA_ names outside mechanism/" runs

bad_tree
for f in a b c; do
	bad_file tee-backend/crypto/$f.c <<<'if (m == CKM_AES_GCM) /* CKM_RSA_PKCS */'
done
for f in d e f; do
	bad_file tee-backend/service/$f.c <<<'/* CKM_AES_GCM as in 2.40 */'
done
bad_file tee-backend/mechanism/table.c < <(for i in $(seq 20); do echo "{ CKM_X$i },"; done)
lint_clean "names in comments and in mechanism/" scattered
lint_clean "a table in mechanism/" runs
bad_file pkcs11/d.c <<<'case CKM_AES_GCM:'
lint_fault "a mechanism that is named everywhere" scattered 'CKM_AES_GCM: named in 4 files'
bad_file pkcs11/list.c < <(for i in $(seq 13); do echo "{ CKM_X$i },"; done)
lint_fault "a list of mechanisms" listed 'pkcs11/list.c: names 13 mechanisms'
lint_fault "a run of names" runs 'pkcs11/list.c:8: '
done_testing
