# SPDX-License-Identifier: Apache-2.0
# Probes for compiler and linker flags.

# KC_CC_FLAGS(VARIABLE, FLAGS...): appends to VARIABLE each FLAG that the compiler takes without a word.
AC_DEFUN([KC_CC_FLAGS], [m4_foreach_w([kc_flag], [$2], [KC_CC_FLAG([$1], m4_quote(kc_flag))
])])

AC_DEFUN([KC_CC_FLAG], [
	AS_VAR_PUSHDEF([kc_cache], [kc_cv_cc_$2])
	AC_CACHE_CHECK([whether $CC accepts $2], [kc_cache], [
		kc_saved_cflags=$CFLAGS
		CFLAGS="$CFLAGS $2 -Werror"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]], [[char b[16]; memset(b, 0, sizeof(b)); return b[0];]])],
			[AS_VAR_SET([kc_cache], [yes])], [AS_VAR_SET([kc_cache], [no])])
		CFLAGS=$kc_saved_cflags])
	AS_VAR_IF([kc_cache], [yes], [AS_VAR_APPEND([$1], [" $2"])])
	AS_VAR_POPDEF([kc_cache])
])

# KC_LD_FLAGS(VARIABLE, FLAGS...): the same for the linker.
AC_DEFUN([KC_LD_FLAGS], [m4_foreach_w([kc_flag], [$2], [KC_LD_FLAG([$1], m4_quote(kc_flag))
])])

AC_DEFUN([KC_LD_FLAG], [
	AS_VAR_PUSHDEF([kc_cache], [kc_cv_ld_$2])
	AC_CACHE_CHECK([whether the linker accepts $2], [kc_cache], [
		kc_saved_cflags=$CFLAGS
		kc_saved_ldflags=$LDFLAGS
		CFLAGS="$CFLAGS -fPIC -Werror"
		LDFLAGS="$LDFLAGS $2"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
			[AS_VAR_SET([kc_cache], [yes])], [AS_VAR_SET([kc_cache], [no])])
		CFLAGS=$kc_saved_cflags
		LDFLAGS=$kc_saved_ldflags])
	AS_VAR_IF([kc_cache], [yes], [AS_VAR_APPEND([$1], [" $2"])])
	AS_VAR_POPDEF([kc_cache])
])

# KC_SANITIZER(NAME, FLAG): --enable-NAME adds FLAG to KC_SANITIZE_CFLAGS and names it in KC_SANITIZERS.
AC_DEFUN([KC_SANITIZER], [
	AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [build with $2])], [], [enable_$1=no])
	AS_IF([test "x$enable_$1" = xyes], [
		kc_found=
		KC_LD_FLAG([kc_found], [$2])
		AS_IF([test -z "$kc_found"], [AC_MSG_ERROR([--enable-$1: the compiler cannot link with $2])])
		AS_VAR_APPEND([KC_SANITIZE_CFLAGS], [" $2"])
		AS_VAR_APPEND([KC_SANITIZERS], [" $1"])
	])
])
