/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers by request id. One cmd_ file for each chapter of the specification. Inside the enclave.
 */
#include "config.h"

#include "service/cmd_channel.h"
#include "service/cmd_cipher.h"
#include "service/cmd_evidence.h"
#include "service/cmd_find.h"
#include "service/cmd_hello.h"
#include "service/cmd_key.h"
#include "service/cmd_kms.h"
#include "service/cmd_login.h"
#include "service/cmd_migrate.h"
#include "service/cmd_object.h"
#include "service/cmd_random.h"
#include "service/cmd_sign.h"
#include "service/cmd_slot.h"
#include "service/cmd_status.h"
#include "service/cmd_stream.h"
#include "service/handlers.h"

static handler *const handlers[] = {
	[REQUEST_HELLO] = cmd_hello,
	[REQUEST_CONTROL] = cmd_hello_control,
	[REQUEST_STATUS] = cmd_status,
	[REQUEST_DAMAGE] = cmd_status_damage,
	[REQUEST_ROTATE_ROOT] = cmd_kms_rotate,
	[REQUEST_MIGRATE_STATUS] = cmd_migrate_status,
	[REQUEST_MIGRATE_REQUEST] = cmd_migrate_request,
	[REQUEST_SLOTS] = cmd_slot_list,
	[REQUEST_TOKEN] = cmd_slot_token,
	[REQUEST_TOKEN_INIT] = cmd_slot_init,
	[REQUEST_ATTACH] = cmd_slot_attach,
	[REQUEST_DETACH] = cmd_slot_detach,
	[REQUEST_RELEASE] = cmd_slot_release,
	[REQUEST_MIGRATE_CANCEL] = cmd_migrate_cancel,
	[REQUEST_CHANNEL] = cmd_channel,
	[REQUEST_LOGIN] = cmd_login,
	[REQUEST_LOGOUT] = cmd_login_logout,
	[REQUEST_RESUME] = cmd_login_resume,
	[REQUEST_PIN_INIT] = cmd_login_pin_init,
	[REQUEST_PIN_SET] = cmd_login_pin_set,
	[REQUEST_GRANT] = cmd_login_grant,
	[REQUEST_MIGRATE_CHALLENGE] = cmd_migrate_challenge,
	[REQUEST_MIGRATE_GRANT] = cmd_migrate_grant,
	[REQUEST_CREATE] = cmd_object_create,
	[REQUEST_COPY] = cmd_object_copy,
	[REQUEST_DESTROY] = cmd_object_destroy,
	[REQUEST_FIND] = cmd_find,
	[REQUEST_GET] = cmd_object_get,
	[REQUEST_SET] = cmd_object_set,
	[REQUEST_SIZE] = cmd_object_size,
	[REQUEST_DESCRIBE] = cmd_object_describe,
	[REQUEST_EVIDENCE] = cmd_evidence,
	[REQUEST_SIGN] = cmd_sign,
	[REQUEST_VERIFY] = cmd_sign_verify,
	[REQUEST_SIGN_RECOVER] = cmd_sign_recover,
	[REQUEST_VERIFY_RECOVER] = cmd_sign_verify_recover,
	[REQUEST_ENCRYPT] = cmd_cipher_encrypt,
	[REQUEST_DECRYPT] = cmd_cipher_decrypt,
	[REQUEST_DECRYPT_TLS] = cmd_cipher_decrypt_tls,
	[REQUEST_DECRYPT_IMPLICIT] = cmd_cipher_decrypt_implicit,
	[REQUEST_CHAIN] = cmd_cipher_chain,
	[REQUEST_AGREE] = cmd_key_agree,
	[REQUEST_STREAM_OPEN] = cmd_stream_open,
	[REQUEST_STREAM_UPDATE] = cmd_stream_update,
	[REQUEST_STREAM_KEY] = cmd_stream_key,
	[REQUEST_STREAM_FINAL] = cmd_stream_final,
	[REQUEST_STREAM_READ] = cmd_stream_read,
	[REQUEST_STREAM_CLOSE] = cmd_stream_close,
	[REQUEST_GENERATE] = cmd_key_generate,
	[REQUEST_GENERATE_PAIR] = cmd_key_generate_pair,
	[REQUEST_WRAP] = cmd_key_wrap,
	[REQUEST_UNWRAP] = cmd_key_unwrap,
	[REQUEST_DERIVE] = cmd_key_derive,
	[REQUEST_IMPORT_KMS] = cmd_kms_import,
	[REQUEST_RANDOM] = cmd_random,
	[REQUEST_SEED] = cmd_random_seed,
};

handler *handlers_find(enum request_id id)
{
	return (size_t)id < sizeof(handlers) / sizeof(handlers[0]) ? handlers[id] : NULL;
}
