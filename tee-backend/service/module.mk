# SPDX-License-Identifier: Apache-2.0
# service, level 5. The form of this fragment is in the top Makefile.am.
noinst_LIBRARIES += %D%/libkc-service.a
KC_LIBS += %D%/libkc-service.a
%C%_libkc_service_a_SOURCES = \
	%D%/application.c %D%/application.h \
	%D%/attachment.c %D%/attachment.h \
	%D%/call.c %D%/call.h \
	%D%/cmd_channel.c %D%/cmd_channel.h \
	%D%/cmd_cipher.c %D%/cmd_cipher.h \
	%D%/cmd_evidence.c %D%/cmd_evidence.h \
	%D%/cmd_find.c %D%/cmd_find.h \
	%D%/cmd_hello.c %D%/cmd_hello.h \
	%D%/cmd_key.c %D%/cmd_key.h \
	%D%/cmd_kms.c %D%/cmd_kms.h \
	%D%/cmd_login.c %D%/cmd_login.h \
	%D%/cmd_migrate.c %D%/cmd_migrate.h \
	%D%/cmd_object.c %D%/cmd_object.h \
	%D%/cmd_random.c %D%/cmd_random.h \
	%D%/cmd_sign.c %D%/cmd_sign.h \
	%D%/cmd_slot.c %D%/cmd_slot.h \
	%D%/cmd_status.c %D%/cmd_status.h \
	%D%/cmd_stream.c %D%/cmd_stream.h \
	%D%/dispatch.c %D%/dispatch.h \
	%D%/evidence_cache.c %D%/evidence_cache.h \
	%D%/grant.c %D%/grant.h \
	%D%/handlers.c %D%/handlers.h \
	%D%/internal.h \
	%D%/nonce.c %D%/nonce.h \
	%D%/replay.c %D%/replay.h \
	%D%/service.c %D%/service.h %D%/service_link.c \
	%D%/session_objects.c %D%/session_objects.h \
	%D%/streams.c %D%/streams.h \
	%D%/ticket.c %D%/ticket.h
