#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One table: mechanisms and attributes are listed in mechanism/ and nowhere else. A CKM_ name outside is
# a special case in code; many of them in one file, or one of them in many files, are a second list.
. "${KC_SRCDIR:-.}/tests/lint/lint.sh" || exit 99

files_per_mechanism=3  # outside mechanism/ that may name the same CKM_
mechanisms_per_file=12 # different CKM_ names in one file
run_of_names=8         # consecutive lines that name a CKM_ or CKA_ (one to a line): an array or a switch

# Allowed. "file" or "file name", each with its reason:
# - evidence.c says which attribute stands behind each bit of claim 25, which the evidence format numbers;
# - cmd_import.c gives each number of an RSA key its name in libcrypto, which mechanism/ does not know.
allowed='
tee-backend/token/evidence.c
tee-backend/cli/cmd_import.c
'

# names ROOT: "file line name", each CKM_ and CKA_ in code outside mechanism/, comments left out; a line
# without one is "file line -".
names() {
	over_files "$1" "$(product_files "$1" .c .h | grep -v '^tee-backend/mechanism/')" awk '
		FNR == 1 { comment = 0 }
		{
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
			found = 0
			while (match(out, /CK[MA]_[A-Z0-9_]+/)) {
				print FILENAME, FNR, substr(out, RSTART, RLENGTH)
				out = substr(out, RSTART + RLENGTH)
				found = 1
			}
			if (!found)
				print FILENAME, FNR, "-"
		}'
}

scattered() {
	names "$1" | awk -v limit=$files_per_mechanism -v allowed="$allowed" '
		BEGIN { n = split(allowed, a, "\n"); for (i = 1; i <= n; i++) skip[a[i]] = 1 }
		$3 ~ /^CKM_/ && $3 != "CKM_VENDOR_DEFINED" && !(($1 " " $3) in skip) && !(($1, $3) in seen) {
			seen[$1, $3] = 1
			count[$3]++
			where[$3] = where[$3] " " $1
		}
		END { for (m in count) if (count[m] > limit)
			print m ": named in " count[m] " files, limit " limit ":" where[m] }'
}
listed() {
	names "$1" | awk -v limit=$mechanisms_per_file -v allowed="$allowed" '
		BEGIN { n = split(allowed, a, "\n"); for (i = 1; i <= n; i++) skip[a[i]] = 1 }
		$3 ~ /^CKM_/ && !($1 in skip) && !(($1, $3) in seen) { seen[$1, $3] = 1; count[$1]++ }
		END { for (f in count) if (count[f] > limit)
			print f ": names " count[f] " mechanisms, limit " limit }'
}
runs() {
	names "$1" | awk -v limit=$run_of_names -v allowed="$allowed" '
		BEGIN { n = split(allowed, a, "\n"); for (i = 1; i <= n; i++) skip[a[i]] = 1 }
		$1 != file { file = $1; run = 0; last = 0 }
		$3 == "-" { run = 0; next }
		$2 != last { last = $2; run++ }
		run == limit && !($1 in skip) {
			print $1 ":" $2 ": " limit " lines of CKM_ or CKA_ names in a row: a second list?"
			run++
		}'
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
