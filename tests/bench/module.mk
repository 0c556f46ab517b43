# SPDX-License-Identifier: Apache-2.0
# bench: one program, built by make check and run by hand: check_PROGRAMS += %D%/bench
