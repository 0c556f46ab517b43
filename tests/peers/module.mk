# SPDX-License-Identifier: Apache-2.0
# peers: services that Keyclave speaks to, played in another language for tests. Never installed.
EXTRA_DIST += %D%/kms.py
