# SPDX-License-Identifier: Apache-2.0
# Lints: rules of the house that a script can prove. Each ends with a self-test that shows it fail on a bad tree.
lint_tests += \
	%D%/headers.sh \
	%D%/layers.sh \
	%D%/one_table.sh \
	%D%/registered.sh \
	%D%/rules.sh \
	%D%/style.sh
EXTRA_DIST += %D%/lint.sh $(lint_tests)
CLEANFILES += %D%/headers.stamp
