#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 240
# Concurrency and death: the token under four threads while the daemon is killed (death.c), here for some 60 kills;
# test_death_long.sh does 1,000.
. "$KC_SRCDIR/tests/lib/tap.sh"
keyclave_env
. "$KC_SRCDIR/tests/integration/death.sh"
death 60 45
done_testing
