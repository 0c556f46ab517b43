# SPDX-License-Identifier: Apache-2.0
# Lints: rules of the house that a script can prove, each with a self-test that shows it fail.
