#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The client library's recovery, against the real daemon in a state directory of its own.
. "$KC_SRCDIR/tests/lib/tap.sh"
keyclave_env
"$KC_BUILDDIR/tests/integration/client_recovery"
done_testing
