#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 240
# Concurrency and death: the token under four threads while the daemon is killed (death.c), here for some 60 kills;
# test_death_long.sh does 1,000.
. "$KC_SRCDIR/tests/lib/tap.sh"
keyclave_env
. "$KC_SRCDIR/tests/integration/death.sh"
# A sanitizer's daemon takes its time to start: fewer, and more patience of the clients.
if [ -n "${KC_SANITIZERS:-}" ]; then
	printf '[client]\nconnect-timeout = 20\n' >"$KEYCLAVE_CONF"
	death 20 60
else
	death 60 45
fi
done_testing
