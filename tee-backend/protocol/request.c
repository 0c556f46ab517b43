/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of requests, the only list of them: fields with their limits, rights, replay. codec.c,
 * the enclave's dispatch, the client's retries and the CDDL of docs/protocol.md read it. Both sides.
 */
#include "config.h"

#include "protocol/field.h"
#include "protocol/request.h"

static const struct field hello_request_fields[] = {
	UINT(struct hello_request, major, UINT16_MAX, CKR_ARGUMENTS_BAD),
	UINT(struct hello_request, minor, UINT16_MAX, CKR_ARGUMENTS_BAD),
	UINT(struct hello_request, mode, HELLO_CLONE, CKR_ARGUMENTS_BAD),
	EXACT(struct hello_request, context_key, PROTOCOL_CONTEXT_KEY_SIZE),
	EXACT_OR_NONE(struct hello_request, new_key, PROTOCOL_CONTEXT_KEY_SIZE),
	BYTES(struct hello_request, ticket, PROTOCOL_TICKET_MAX, CKR_ARGUMENTS_BAD),
	TEXT(struct hello_request, program, 64),
};

static const struct field hello_response_fields[] = {
	UINT(struct hello_response, major, UINT16_MAX, CKR_ARGUMENTS_BAD),
	UINT(struct hello_response, minor, UINT16_MAX, CKR_ARGUMENTS_BAD),
	EXACT(struct hello_response, context_id, PROTOCOL_CONTEXT_ID_SIZE),
	BYTES(struct hello_response, ticket, PROTOCOL_TICKET_MAX, CKR_ARGUMENTS_BAD),
	EXACT(struct hello_response, boot_id, PROTOCOL_BOOT_ID_SIZE),
	BOOL(struct hello_response, new_context),
	TEXT(struct hello_response, software, 64),
	TEXT(struct hello_response, platform, 64),
	BOOL(struct hello_response, tee),
};

static const struct field status_response_fields[] = {
	TEXT(struct status_response, software, 64),
	TEXT(struct status_response, platform, 64),
	TEXT(struct status_response, protector, 64),
	TEXT(struct status_response, rollback, 64),
	BOOL(struct status_response, tee),
	NUMBER(struct status_response, pid),
	NUMBER(struct status_response, uptime_s),
	NUMBER(struct status_response, threads),
	NUMBER(struct status_response, connections),
	NUMBER(struct status_response, contexts),
	NUMBER(struct status_response, requests),
	NUMBER(struct status_response, secret_bytes),
	NUMBER(struct status_response, locked_bytes),
	NUMBER(struct status_response, unlocked_bytes),
	NUMBER(struct status_response, lock_limit),
	NUMBER(struct status_response, tokens),
	NUMBER(struct status_response, objects),
	NUMBER(struct status_response, damaged),
	EXACT_OR_NONE(struct status_response, store_uuid, PROTOCOL_STORE_UUID_SIZE),
	TEXT(struct status_response, kms_key, PROTOCOL_KMS_KEY_MAX),
};

static const struct field damage_response_fields[] = {
	TEXTS(struct damage_response, names, PROTOCOL_TEXTS_MAX),
};

static const struct field migrate_status_response_fields[] = {
	NUMBERS(struct migrate_status_response, kinds, PROTOCOL_TEXTS_MAX),
	TEXTS(struct migrate_status_response, bindings, PROTOCOL_TEXTS_MAX),
	EXACT_OR_NONE(struct migrate_status_response, policy, PROTOCOL_POLICY_SIZE),
	BOOL(struct migrate_status_response, may_migrate),
	BOOL(struct migrate_status_response, challenged),
};

static const struct field migrate_request_request_fields[] = {
	EXACT(struct migrate_request_request, nonce, PROTOCOL_CHALLENGE_SIZE),
};

static const struct field migrate_challenge_response_fields[] = {
	EXACT(struct migrate_challenge_response, nonce, PROTOCOL_CHALLENGE_SIZE),
};

static const struct field migrate_grant_request_fields[] = {
	SLOT(struct migrate_grant_request, slot),
	BYTES(struct migrate_grant_request, evidence, PROTOCOL_CHUNK_MAX, CKR_ARGUMENTS_BAD),
	BYTES(struct migrate_grant_request, endorsements, PROTOCOL_CHUNK_MAX, CKR_ARGUMENTS_BAD),
};

static const struct field migrate_grant_response_fields[] = {
	BOOL(struct migrate_grant_response, granted),
	TEXT(struct migrate_grant_response, detail, PROTOCOL_TEXT_SIZE_MAX),
};

static const struct field migrate_cancel_response_fields[] = {
	NUMBER(struct migrate_cancel_response, count),
};

static const struct field slots_response_fields[] = {
	NUMBERS(struct slots_response, slots, PROTOCOL_NUMBERS_MAX),
};

static const struct field slot_request_fields[] = {
	SLOT(struct slot_request, slot),
};

static const struct field token_response_fields[] = {
	TEXT(struct token_response, label, PROTOCOL_LABEL_MAX),
	TEXT(struct token_response, serial, 16),
	TEXT(struct token_response, model, 64),
	TEXT(struct token_response, manufacturer, PROTOCOL_LABEL_MAX),
	NUMBER(struct token_response, flags),
	NUMBER(struct token_response, pin_min),
	NUMBER(struct token_response, pin_max),
	NUMBER(struct token_response, objects),
	NUMBER(struct token_response, epoch),
	BYTES(struct token_response, identity, 1024, CKR_ARGUMENTS_BAD),
	TEXT(struct token_response, platform, 64),
	TEXT(struct token_response, protector, 64),
	TEXT(struct token_response, rollback, 64),
	BOOL(struct token_response, weak_pin),
};

static const struct field token_init_request_fields[] = {
	SLOT(struct token_init_request, slot),
	BYTES(struct token_init_request, pin, PROTOCOL_PIN_MAX, CKR_PIN_LEN_RANGE),
	TEXT(struct token_init_request, label, PROTOCOL_LABEL_MAX),
};

static const struct field release_request_fields[] = {
	SLOT(struct release_request, slot),
	NUMBER(struct release_request, session),
};

static const struct field login_request_fields[] = {
	SLOT(struct login_request, slot),
	NUMBER(struct login_request, user),
	BYTES(struct login_request, pin, PROTOCOL_PIN_MAX, CKR_PIN_LEN_RANGE),
};

static const struct field login_response_fields[] = {
	BYTES(struct login_response, ticket, PROTOCOL_TICKET_MAX, CKR_ARGUMENTS_BAD),
};

static const struct field resume_request_fields[] = {
	SLOT(struct resume_request, slot),
	BYTES(struct resume_request, ticket, PROTOCOL_TICKET_MAX, CKR_ARGUMENTS_BAD),
	EXACT(struct resume_request, context_key, PROTOCOL_CONTEXT_KEY_SIZE),
};

static const struct field pin_init_request_fields[] = {
	SLOT(struct pin_init_request, slot),
	BYTES(struct pin_init_request, pin, PROTOCOL_PIN_MAX, CKR_PIN_LEN_RANGE),
};

static const struct field pin_set_request_fields[] = {
	SLOT(struct pin_set_request, slot),
	BYTES(struct pin_set_request, old_pin, PROTOCOL_PIN_MAX, CKR_PIN_LEN_RANGE),
	BYTES(struct pin_set_request, new_pin, PROTOCOL_PIN_MAX, CKR_PIN_LEN_RANGE),
};

static const struct field grant_request_fields[] = {
	SLOT(struct grant_request, slot),
	HANDLE(struct grant_request, key, CKR_KEY_HANDLE_INVALID),
	NUMBER(struct grant_request, usage),
	BYTES(struct grant_request, pin, PROTOCOL_PIN_MAX, CKR_PIN_LEN_RANGE),
};

static const struct field grant_response_fields[] = {
	EXACT_OR_NONE(struct grant_response, grant, PROTOCOL_GRANT_SIZE),
};

static const struct field create_request_fields[] = {
	SLOT(struct create_request, slot),
	NUMBER(struct create_request, session),
	TEMPLATE(struct create_request, template),
};

static const struct field handle_response_fields[] = {
	HANDLE(struct handle_response, handle, CKR_OBJECT_HANDLE_INVALID),
};

static const struct field copy_request_fields[] = {
	SLOT(struct copy_request, slot),
	NUMBER(struct copy_request, session),
	HANDLE(struct copy_request, handle, CKR_OBJECT_HANDLE_INVALID),
	TEMPLATE(struct copy_request, template),
};

static const struct field object_request_fields[] = {
	SLOT(struct object_request, slot),
	HANDLE(struct object_request, handle, CKR_OBJECT_HANDLE_INVALID),
};

static const struct field find_request_fields[] = {
	SLOT(struct find_request, slot),
	TEMPLATE(struct find_request, template),
	HANDLE(struct find_request, after, CKR_ARGUMENTS_BAD),
};

static const struct field find_response_fields[] = {
	BYTES(struct find_response, handles, PROTOCOL_CHUNK_MAX, CKR_ARGUMENTS_BAD),
	BOOL(struct find_response, more),
};

static const struct field get_request_fields[] = {
	SLOT(struct get_request, slot),
	HANDLE(struct get_request, handle, CKR_OBJECT_HANDLE_INVALID),
	NUMBERS(struct get_request, types, ATTRIBUTES_MAX),
	BYTES(struct get_request, nonce, PROTOCOL_NONCE_MAX, CKR_ATTRIBUTE_VALUE_INVALID),
};

static const struct field get_response_fields[] = {
	NUMBER(struct get_response, verdict),
	VALUES(struct get_response, attributes),
};

static const struct field set_request_fields[] = {
	SLOT(struct set_request, slot),
	HANDLE(struct set_request, handle, CKR_OBJECT_HANDLE_INVALID),
	TEMPLATE(struct set_request, template),
};

static const struct field size_response_fields[] = {
	NUMBER(struct size_response, size),
};

static const struct field describe_response_fields[] = {
	NUMBER(struct describe_response, class),
	NUMBER(struct describe_response, key_type),
	NUMBER(struct describe_response, bits),
	NUMBER(struct describe_response, usage),
	BOOL(struct describe_response, always_authenticate),
	BOOL(struct describe_response, is_token),
	BOOL(struct describe_response, is_private),
	NUMBER(struct describe_response, version),
	NUMBERS(struct describe_response, mechanisms, PROTOCOL_NUMBERS_MAX),
	BYTES(struct describe_response, public_info, PROTOCOL_CHUNK_MAX, CKR_ARGUMENTS_BAD),
	BYTES(struct describe_response, ec_params, 1024, CKR_ARGUMENTS_BAD),
	BYTES(struct describe_response, id, PROTOCOL_CHUNK_MAX, CKR_ARGUMENTS_BAD),
	BYTES(struct describe_response, label, PROTOCOL_CHUNK_MAX, CKR_ARGUMENTS_BAD),
};

static const struct field evidence_request_fields[] = {
	SLOT(struct evidence_request, slot),
	HANDLE(struct evidence_request, handle, CKR_OBJECT_HANDLE_INVALID),
	BYTES(struct evidence_request, nonce, PROTOCOL_NONCE_MAX, CKR_ATTRIBUTE_VALUE_INVALID),
};

static const struct field evidence_response_fields[] = {
	BYTES(struct evidence_response, evidence, PROTOCOL_CHUNK_MAX, CKR_ARGUMENTS_BAD),
};

static const struct field channel_request_fields[] = {
	EXACT(struct channel_request, nonce, PROTOCOL_CHANNEL_NONCE_SIZE),
};

static const struct field operate_request_fields[] = {
	SLOT(struct operate_request, slot),
	HANDLE(struct operate_request, key, CKR_KEY_HANDLE_INVALID),
	MECHANISM(struct operate_request, mechanism),
	BYTES(struct operate_request, data, PROTOCOL_DATA_MAX, CKR_DATA_LEN_RANGE),
	EXACT_OR_NONE(struct operate_request, grant, PROTOCOL_GRANT_SIZE),
};

static const struct field operate_response_fields[] = {
	BYTES(struct operate_response, data, PROTOCOL_DATA_MAX, CKR_DATA_LEN_RANGE),
	NUMBER(struct operate_response, version),
};

static const struct field verify_request_fields[] = {
	SLOT(struct verify_request, slot),
	HANDLE(struct verify_request, key, CKR_KEY_HANDLE_INVALID),
	MECHANISM(struct verify_request, mechanism),
	BYTES(struct verify_request, data, PROTOCOL_DATA_MAX, CKR_DATA_LEN_RANGE),
	BYTES(struct verify_request, signature, PROTOCOL_SIGNATURE_MAX, CKR_SIGNATURE_LEN_RANGE),
};

static const struct field verify_response_fields[] = {
	NUMBER(struct verify_response, version),
};

static const struct field decrypt_tls_request_fields[] = {
	SLOT(struct decrypt_tls_request, slot),
	HANDLE(struct decrypt_tls_request, key, CKR_KEY_HANDLE_INVALID),
	BYTES(struct decrypt_tls_request, data, PROTOCOL_DATA_MAX, CKR_DATA_LEN_RANGE),
	NUMBER(struct decrypt_tls_request, client_version),
	NUMBER(struct decrypt_tls_request, negotiated_version),
	EXACT_OR_NONE(struct decrypt_tls_request, grant, PROTOCOL_GRANT_SIZE),
};

static const struct field chain_request_fields[] = {
	SLOT(struct chain_request, slot),
	HANDLE(struct chain_request, key, CKR_KEY_HANDLE_INVALID),
	MECHANISM(struct chain_request, mechanism),
	BOOL(struct chain_request, encrypt),
	BOOL(struct chain_request, last),
	BYTES(struct chain_request, data, PROTOCOL_DATA_MAX, CKR_DATA_LEN_RANGE),
	EXACT_OR_NONE(struct chain_request, grant, PROTOCOL_GRANT_SIZE),
};

static const struct field chain_response_fields[] = {
	BYTES(struct chain_response, data, PROTOCOL_DATA_MAX, CKR_DATA_LEN_RANGE),
	EXACT_OR_NONE(struct chain_response, next_iv, 16),
	EXACT_OR_NONE(struct chain_response, grant, PROTOCOL_GRANT_SIZE),
	NUMBER(struct chain_response, version),
};

static const struct field agree_request_fields[] = {
	SLOT(struct agree_request, slot),
	HANDLE(struct agree_request, key, CKR_KEY_HANDLE_INVALID),
	MECHANISM(struct agree_request, mechanism),
	NUMBER(struct agree_request, size),
	EXACT_OR_NONE(struct agree_request, grant, PROTOCOL_GRANT_SIZE),
};

static const struct field stream_open_request_fields[] = {
	SLOT(struct stream_open_request, slot),
	UINT(struct stream_open_request, kind, 4, CKR_ARGUMENTS_BAD),
	HANDLE(struct stream_open_request, key, CKR_KEY_HANDLE_INVALID),
	MECHANISM(struct stream_open_request, mechanism),
	BYTES(struct stream_open_request, state, 1024, CKR_ARGUMENTS_BAD),
	EXACT_OR_NONE(struct stream_open_request, grant, PROTOCOL_GRANT_SIZE),
};

static const struct field stream_open_response_fields[] = {
	NUMBER(struct stream_open_response, stream),
	NUMBER(struct stream_open_response, version),
};

static const struct field stream_update_request_fields[] = {
	NUMBER(struct stream_update_request, stream),
	BYTES(struct stream_update_request, data, PROTOCOL_DATA_MAX, CKR_DATA_LEN_RANGE),
};

static const struct field stream_response_fields[] = {
	BYTES(struct stream_response, data, PROTOCOL_DATA_MAX, CKR_DATA_LEN_RANGE),
	BOOL(struct stream_response, more),
};

static const struct field stream_key_request_fields[] = {
	NUMBER(struct stream_key_request, stream),
	SLOT(struct stream_key_request, slot),
	HANDLE(struct stream_key_request, key, CKR_KEY_HANDLE_INVALID),
};

static const struct field stream_final_request_fields[] = {
	NUMBER(struct stream_final_request, stream),
	BYTES(struct stream_final_request, signature, PROTOCOL_SIGNATURE_MAX,
		CKR_SIGNATURE_LEN_RANGE),
};

static const struct field stream_close_request_fields[] = {
	NUMBER(struct stream_close_request, stream),
};

static const struct field generate_request_fields[] = {
	SLOT(struct generate_request, slot),
	NUMBER(struct generate_request, session),
	MECHANISM(struct generate_request, mechanism),
	TEMPLATE(struct generate_request, template),
};

static const struct field generate_pair_request_fields[] = {
	SLOT(struct generate_pair_request, slot),
	NUMBER(struct generate_pair_request, session),
	MECHANISM(struct generate_pair_request, mechanism),
	TEMPLATE(struct generate_pair_request, public_template),
	TEMPLATE(struct generate_pair_request, private_template),
};

static const struct field generate_pair_response_fields[] = {
	HANDLE(struct generate_pair_response, public_key, CKR_ARGUMENTS_BAD),
	HANDLE(struct generate_pair_response, private_key, CKR_ARGUMENTS_BAD),
};

static const struct field wrap_request_fields[] = {
	SLOT(struct wrap_request, slot),
	HANDLE(struct wrap_request, wrapping_key, CKR_WRAPPING_KEY_HANDLE_INVALID),
	MECHANISM(struct wrap_request, mechanism),
	HANDLE(struct wrap_request, key, CKR_KEY_HANDLE_INVALID),
	BOOL(struct wrap_request, length_only),
	EXACT_OR_NONE(struct wrap_request, grant, PROTOCOL_GRANT_SIZE),
};

static const struct field wrap_response_fields[] = {
	BYTES(struct wrap_response, data, PROTOCOL_DATA_MAX, CKR_DATA_LEN_RANGE),
	NUMBER(struct wrap_response, size),
};

static const struct field unwrap_request_fields[] = {
	SLOT(struct unwrap_request, slot),
	NUMBER(struct unwrap_request, session),
	HANDLE(struct unwrap_request, unwrapping_key, CKR_UNWRAPPING_KEY_HANDLE_INVALID),
	MECHANISM(struct unwrap_request, mechanism),
	BYTES(struct unwrap_request, wrapped, PROTOCOL_DATA_MAX, CKR_WRAPPED_KEY_LEN_RANGE),
	TEMPLATE(struct unwrap_request, template),
	EXACT_OR_NONE(struct unwrap_request, grant, PROTOCOL_GRANT_SIZE),
};

static const struct field derive_request_fields[] = {
	SLOT(struct derive_request, slot),
	NUMBER(struct derive_request, session),
	HANDLE(struct derive_request, base_key, CKR_KEY_HANDLE_INVALID),
	MECHANISM(struct derive_request, mechanism),
	TEMPLATE(struct derive_request, template),
	EXACT_OR_NONE(struct derive_request, grant, PROTOCOL_GRANT_SIZE),
};

static const struct field import_kms_request_fields[] = {
	SLOT(struct import_kms_request, slot),
	NUMBER(struct import_kms_request, session),
	TEMPLATE(struct import_kms_request, template),
	TEXT(struct import_kms_request, kms_key, PROTOCOL_KMS_KEY_MAX),
	BYTES(struct import_kms_request, ciphertext, PROTOCOL_KMS_CIPHERTEXT_MAX, CKR_WRAPPED_KEY_LEN_RANGE),
	EXACT_OR_NONE(struct import_kms_request, iv, 12),
	BYTES(struct import_kms_request, sealed, PROTOCOL_KMS_SEALED_MAX, CKR_WRAPPED_KEY_LEN_RANGE),
	NUMBER(struct import_kms_request, version),
	BOOL(struct import_kms_request, unbound),
};

static const struct field random_request_fields[] = {
	UINT(struct random_request, size, PROTOCOL_CHUNK_MAX, CKR_ARGUMENTS_BAD),
};

static const struct field random_response_fields[] = {
	BYTES(struct random_response, data, PROTOCOL_DATA_MAX, CKR_DATA_LEN_RANGE),
};

static const struct field seed_request_fields[] = {
	BYTES(struct seed_request, seed, PROTOCOL_CHUNK_MAX, CKR_ARGUMENTS_BAD),
};

static const struct schema empty = {.name = "empty", .size = sizeof(struct empty)};

static const struct schema hello_request =
	SCHEMA(struct hello_request, "hello-request", hello_request_fields);
static const struct schema hello_response =
	SCHEMA(struct hello_response, "hello-response", hello_response_fields);
static const struct schema status_response =
	SCHEMA(struct status_response, "status-response", status_response_fields);
static const struct schema damage_response =
	SCHEMA(struct damage_response, "damage-response", damage_response_fields);
static const struct schema migrate_status_response =
	SCHEMA(struct migrate_status_response, "migrate-status-response", migrate_status_response_fields);
static const struct schema migrate_request_request =
	SCHEMA(struct migrate_request_request, "migrate-request-request", migrate_request_request_fields);
static const struct schema migrate_challenge_response =
	SCHEMA(struct migrate_challenge_response, "migrate-challenge-response", migrate_challenge_response_fields);
static const struct schema migrate_grant_request =
	SCHEMA(struct migrate_grant_request, "migrate-grant-request", migrate_grant_request_fields);
static const struct schema migrate_grant_response =
	SCHEMA(struct migrate_grant_response, "migrate-grant-response", migrate_grant_response_fields);
static const struct schema migrate_cancel_response =
	SCHEMA(struct migrate_cancel_response, "migrate-cancel-response", migrate_cancel_response_fields);
static const struct schema slots_response =
	SCHEMA(struct slots_response, "slots-response", slots_response_fields);
static const struct schema slot_request =
	SCHEMA(struct slot_request, "slot-request", slot_request_fields);
static const struct schema token_response =
	SCHEMA(struct token_response, "token-response", token_response_fields);
static const struct schema token_init_request =
	SCHEMA(struct token_init_request, "token-init-request", token_init_request_fields);
static const struct schema release_request =
	SCHEMA(struct release_request, "release-request", release_request_fields);
static const struct schema login_request =
	SCHEMA(struct login_request, "login-request", login_request_fields);
static const struct schema login_response =
	SCHEMA(struct login_response, "login-response", login_response_fields);
static const struct schema resume_request =
	SCHEMA(struct resume_request, "resume-request", resume_request_fields);
static const struct schema pin_init_request =
	SCHEMA(struct pin_init_request, "pin-init-request", pin_init_request_fields);
static const struct schema pin_set_request =
	SCHEMA(struct pin_set_request, "pin-set-request", pin_set_request_fields);
static const struct schema grant_request =
	SCHEMA(struct grant_request, "grant-request", grant_request_fields);
static const struct schema grant_response =
	SCHEMA(struct grant_response, "grant-response", grant_response_fields);
static const struct schema create_request =
	SCHEMA(struct create_request, "create-request", create_request_fields);
static const struct schema handle_response =
	SCHEMA(struct handle_response, "handle-response", handle_response_fields);
static const struct schema copy_request =
	SCHEMA(struct copy_request, "copy-request", copy_request_fields);
static const struct schema object_request =
	SCHEMA(struct object_request, "object-request", object_request_fields);
static const struct schema find_request =
	SCHEMA(struct find_request, "find-request", find_request_fields);
static const struct schema find_response =
	SCHEMA(struct find_response, "find-response", find_response_fields);
static const struct schema get_request =
	SCHEMA(struct get_request, "get-request", get_request_fields);
static const struct schema get_response =
	SCHEMA(struct get_response, "get-response", get_response_fields);
static const struct schema set_request =
	SCHEMA(struct set_request, "set-request", set_request_fields);
static const struct schema size_response =
	SCHEMA(struct size_response, "size-response", size_response_fields);
static const struct schema describe_response =
	SCHEMA(struct describe_response, "describe-response", describe_response_fields);
static const struct schema evidence_request =
	SCHEMA(struct evidence_request, "evidence-request", evidence_request_fields);
static const struct schema evidence_response =
	SCHEMA(struct evidence_response, "evidence-response", evidence_response_fields);
static const struct schema channel_request =
	SCHEMA(struct channel_request, "channel-request", channel_request_fields);
static const struct schema operate_request =
	SCHEMA(struct operate_request, "operate-request", operate_request_fields);
static const struct schema operate_response =
	SCHEMA(struct operate_response, "operate-response", operate_response_fields);
static const struct schema verify_request =
	SCHEMA(struct verify_request, "verify-request", verify_request_fields);
static const struct schema verify_response =
	SCHEMA(struct verify_response, "verify-response", verify_response_fields);
static const struct schema decrypt_tls_request =
	SCHEMA(struct decrypt_tls_request, "decrypt-tls-request", decrypt_tls_request_fields);
static const struct schema chain_request =
	SCHEMA(struct chain_request, "chain-request", chain_request_fields);
static const struct schema chain_response =
	SCHEMA(struct chain_response, "chain-response", chain_response_fields);
static const struct schema agree_request =
	SCHEMA(struct agree_request, "agree-request", agree_request_fields);
static const struct schema stream_open_request =
	SCHEMA(struct stream_open_request, "stream-open-request", stream_open_request_fields);
static const struct schema stream_open_response =
	SCHEMA(struct stream_open_response, "stream-open-response", stream_open_response_fields);
static const struct schema stream_update_request =
	SCHEMA(struct stream_update_request, "stream-update-request", stream_update_request_fields);
static const struct schema stream_response =
	SCHEMA(struct stream_response, "stream-response", stream_response_fields);
static const struct schema stream_key_request =
	SCHEMA(struct stream_key_request, "stream-key-request", stream_key_request_fields);
static const struct schema stream_final_request =
	SCHEMA(struct stream_final_request, "stream-final-request", stream_final_request_fields);
static const struct schema stream_close_request =
	SCHEMA(struct stream_close_request, "stream-close-request", stream_close_request_fields);
static const struct schema generate_request =
	SCHEMA(struct generate_request, "generate-request", generate_request_fields);
static const struct schema generate_pair_request =
	SCHEMA(struct generate_pair_request, "generate-pair-request", generate_pair_request_fields);
static const struct schema generate_pair_response =
	SCHEMA(struct generate_pair_response, "generate-pair-response", generate_pair_response_fields);
static const struct schema wrap_request =
	SCHEMA(struct wrap_request, "wrap-request", wrap_request_fields);
static const struct schema wrap_response =
	SCHEMA(struct wrap_response, "wrap-response", wrap_response_fields);
static const struct schema unwrap_request =
	SCHEMA(struct unwrap_request, "unwrap-request", unwrap_request_fields);
static const struct schema derive_request =
	SCHEMA(struct derive_request, "derive-request", derive_request_fields);
static const struct schema import_kms_request =
	SCHEMA(struct import_kms_request, "import-kms-request", import_kms_request_fields);
static const struct schema random_request =
	SCHEMA(struct random_request, "random-request", random_request_fields);
static const struct schema random_response =
	SCHEMA(struct random_response, "random-response", random_response_fields);
static const struct schema seed_request =
	SCHEMA(struct seed_request, "seed-request", seed_request_fields);
/* Ascending by id. */
static const struct request_row rows[] = {
	{REQUEST_HELLO, "hello", &hello_request, &hello_response,
	 RIGHT_PEER, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_CONTROL, "control", &empty, &empty,
	 RIGHT_CONTEXT, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_STATUS, "status", &empty, &status_response,
	 RIGHT_CONTEXT, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_DAMAGE, "damage", &empty, &damage_response,
	 RIGHT_CONTEXT, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_ROTATE_ROOT, "rotate-root", &empty, &empty,
	 RIGHT_CONTEXT, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_MIGRATE_STATUS, "migrate-status", &empty, &migrate_status_response,
	 RIGHT_CONTEXT, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_MIGRATE_REQUEST, "migrate-request", &migrate_request_request, &evidence_response,
	 RIGHT_CONTEXT, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_SLOTS, "slots", &empty, &slots_response,
	 RIGHT_CONTEXT, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_TOKEN, "token", &slot_request, &token_response,
	 RIGHT_CONTEXT, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_TOKEN_INIT, "token-init", &token_init_request, &empty,
	 RIGHT_CONTEXT, REPLAY_ONCE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_ATTACH, "attach", &slot_request, &empty,
	 RIGHT_CONTEXT, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_DETACH, "detach", &slot_request, &empty,
	 RIGHT_CONTEXT, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_RELEASE, "release", &release_request, &empty,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_MIGRATE_CANCEL, "migrate-cancel", &slot_request, &migrate_cancel_response,
	 RIGHT_SO, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_CHANNEL, "channel", &channel_request, &evidence_response,
	 RIGHT_PEER, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_LOGIN, "login", &login_request, &login_response,
	 RIGHT_ATTACHED, REPLAY_ONCE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_LOGOUT, "logout", &slot_request, &empty,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_RESUME, "resume", &resume_request, &login_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_PIN_INIT, "pin-init", &pin_init_request, &empty,
	 RIGHT_SO, REPLAY_ONCE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_PIN_SET, "pin-set", &pin_set_request, &empty,
	 RIGHT_ATTACHED, REPLAY_ONCE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_GRANT, "grant", &grant_request, &grant_response,
	 RIGHT_USER, REPLAY_ONCE, CKR_DEVICE_ERROR},
	{REQUEST_MIGRATE_CHALLENGE, "migrate-challenge", &slot_request, &migrate_challenge_response,
	 RIGHT_SO, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_MIGRATE_GRANT, "migrate-grant", &migrate_grant_request, &migrate_grant_response,
	 RIGHT_SO, REPLAY_SAFE, CKR_TOKEN_NOT_PRESENT},
	{REQUEST_CREATE, "create", &create_request, &handle_response,
	 RIGHT_ATTACHED, REPLAY_ONCE, CKR_DEVICE_ERROR},
	{REQUEST_COPY, "copy", &copy_request, &handle_response,
	 RIGHT_ATTACHED, REPLAY_ONCE, CKR_DEVICE_ERROR},
	{REQUEST_DESTROY, "destroy", &object_request, &empty,
	 RIGHT_ATTACHED, REPLAY_ONCE, CKR_DEVICE_ERROR},
	{REQUEST_FIND, "find", &find_request, &find_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_GET, "get", &get_request, &get_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_SET, "set", &set_request, &empty,
	 RIGHT_ATTACHED, REPLAY_ONCE, CKR_DEVICE_ERROR},
	{REQUEST_SIZE, "size", &object_request, &size_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_DESCRIBE, "describe", &object_request, &describe_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_EVIDENCE, "evidence", &evidence_request, &evidence_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_SIGN, "sign", &operate_request, &operate_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_VERIFY, "verify", &verify_request, &verify_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_SIGN_RECOVER, "sign-recover", &operate_request, &operate_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_VERIFY_RECOVER, "verify-recover", &operate_request, &operate_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_ENCRYPT, "encrypt", &operate_request, &operate_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_DECRYPT, "decrypt", &operate_request, &operate_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_DECRYPT_TLS, "decrypt-tls", &decrypt_tls_request, &operate_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_CHAIN, "chain", &chain_request, &chain_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_AGREE, "agree", &agree_request, &operate_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_DECRYPT_IMPLICIT, "decrypt-implicit", &operate_request, &operate_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_STREAM_OPEN, "stream-open", &stream_open_request, &stream_open_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_STREAM_UPDATE, "stream-update", &stream_update_request, &stream_response,
	 RIGHT_CONTEXT, REPLAY_NEVER, CKR_DEVICE_ERROR},
	{REQUEST_STREAM_KEY, "stream-key", &stream_key_request, &empty,
	 RIGHT_ATTACHED, REPLAY_NEVER, CKR_DEVICE_ERROR},
	{REQUEST_STREAM_FINAL, "stream-final", &stream_final_request, &stream_response,
	 RIGHT_CONTEXT, REPLAY_NEVER, CKR_DEVICE_ERROR},
	{REQUEST_STREAM_CLOSE, "stream-close", &stream_close_request, &empty,
	 RIGHT_CONTEXT, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_STREAM_READ, "stream-read", &stream_close_request, &stream_response,
	 RIGHT_CONTEXT, REPLAY_NEVER, CKR_DEVICE_ERROR},
	{REQUEST_GENERATE, "generate", &generate_request, &handle_response,
	 RIGHT_ATTACHED, REPLAY_ONCE, CKR_DEVICE_ERROR},
	{REQUEST_GENERATE_PAIR, "generate-pair", &generate_pair_request, &generate_pair_response,
	 RIGHT_ATTACHED, REPLAY_ONCE, CKR_DEVICE_ERROR},
	{REQUEST_WRAP, "wrap", &wrap_request, &wrap_response,
	 RIGHT_ATTACHED, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_UNWRAP, "unwrap", &unwrap_request, &handle_response,
	 RIGHT_ATTACHED, REPLAY_ONCE, CKR_DEVICE_ERROR},
	{REQUEST_DERIVE, "derive", &derive_request, &handle_response,
	 RIGHT_ATTACHED, REPLAY_ONCE, CKR_DEVICE_ERROR},
	{REQUEST_IMPORT_KMS, "import-kms", &import_kms_request, &handle_response,
	 RIGHT_USER, REPLAY_ONCE, CKR_DEVICE_ERROR},
	{REQUEST_RANDOM, "random", &random_request, &random_response,
	 RIGHT_CONTEXT, REPLAY_SAFE, CKR_DEVICE_ERROR},
	{REQUEST_SEED, "seed", &seed_request, &empty,
	 RIGHT_CONTEXT, REPLAY_SAFE, CKR_DEVICE_ERROR},
};

const struct request_row *request_rows(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

const struct request_row *request_find(uint64_t id)
{
	size_t low = 0;
	size_t high = sizeof(rows) / sizeof(rows[0]);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows[middle].id == id)
			return &rows[middle];
		if (rows[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
