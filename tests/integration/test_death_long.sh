#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 3600
# Concurrency and death, 1,000 kills (test_death.sh).
. "$KC_SRCDIR/tests/lib/tap.sh"
keyclave_env
. "$KC_SRCDIR/tests/integration/death.sh"
death 1000 3000
done_testing
