/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TEE is to Keyclave: a key bound to it, evidence, a counter, a description. One file per
 * platform fills a struct platform_ops; nothing here knows what a token key is. Inside the enclave.
 */
#ifndef KEYCLAVE_PLATFORM_PLATFORM_H
#define KEYCLAVE_PLATFORM_PLATFORM_H

#include "common/buffer.h"
#include "common/settings.h"
#include "common/status.h"

#define PLATFORM_KEY_SIZE 32
#define PLATFORM_DIGEST_SIZE 64 /* SHA-512 */
#define PLATFORM_DIGEST_SHORT_SIZE 32 /* SHA-256 */
#define PLATFORM_MIX_MAX 4096

/* The protector of a platform that has no sealing key: what its token holds ends with the daemon. */
#define PLATFORM_NO_KEY "none"

/* The protector where the settings name a KMS and its key for the root: then the root's slots are keys/'s business. */
#define PLATFORM_AWS_KMS "aws-kms"
#define PLATFORM_NO_KMS "none" /* of the setting kms */

struct platform_description {
	const char *name;       /* "notee" */
	const char *protector;  /* what protects the root: "file", "snp-derived-key", "tpm", ...; PLATFORM_NO_KEY */
	const char *rollback;   /* "none" or "counter" */
	const char *media_type; /* of its evidence, docs/evidence.md */
	bool tee;               /* false: no hardware vouches; token info and evidence say so */
};

struct platform; /* opaque; thread-safe */

/*
 * Opens the platform that the settings name; "auto" finds it and logs which and why.
 * CKR_TOKEN_NOT_PRESENT with a line logged that says what to do, CKR_DEVICE_MEMORY.
 */
CK_RV platform_open(const struct settings *settings, struct platform **platform);
void platform_free(struct platform **platform);

const struct platform_description *platform_describe(const struct platform *platform);

/*
 * Folders and files that the platform reads and writes while it serves, up to NULL, for the sandbox; what it opened before
 * is not among them.
 */
const char *const *platform_paths(const struct platform *platform);

/*
 * The input of a wrap slot's key encryption key: PLATFORM_KEY_SIZE bytes into KEY (secret memory) that the same
 * platform in the same state always gives. MIX is public and lies in the slot: what the key was mixed from beside the
 * platform's secret (SNP: TCB and measurement; TPM: the sealed blob; notee: nothing).
 *
 * platform_key_new: for a slot to be made now; may make what is not there yet (notee's file). MIX gets at most
 * PLATFORM_MIX_MAX bytes.
 * platform_key: for the slot with this MIX. CKR_DATA_INVALID, logged with what differs: the platform is in another state
 * than when the slot was made (another measurement, other PCR values). CKR_TOKEN_NOT_RECOGNIZED, logged: what holds
 * the key is gone.
 * Both: CKR_FUNCTION_NOT_SUPPORTED where the protector is PLATFORM_NO_KEY.
 */
CK_RV platform_key_new(struct platform *platform, struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE]);
CK_RV platform_key(struct platform *platform, struct span mix, uint8_t key[PLATFORM_KEY_SIZE]);

/* False: a slot with this MIX still opens, but a new one would bind more (a newer TCB): make one, drop the old. */
bool platform_key_is_current(struct platform *platform, struct span mix);

/* What a key of this MIX is bound to, in words for people ("measurement 0f1e..., TCB 0xdb18...") into TEXT; "" where nothing is said. */
void platform_key_describe(struct platform *platform, struct span mix, char *text, size_t size);

/* True if the settings have the root protected by a KMS. */
bool platform_root_is_kms(const struct settings *settings);

/* Of the claims. Which one is signed is the platform's: .sha256 only by a TPM that takes no more. */
struct platform_digest {
	uint8_t sha512[PLATFORM_DIGEST_SIZE];
	uint8_t sha256[PLATFORM_DIGEST_SHORT_SIZE];
};

/* What the platform says of DIGEST. Public bytes; any but .report may be empty. */
struct platform_evidence {
	struct buffer report;       /* of description->media_type, DIGEST in its report data */
	struct buffer certificates; /* PEM, leaf first: what speaks for the key that signed */
	struct buffer event_log;    /* TCG2 crypto-agile log of the boot */
	struct buffer ima_log;      /* IMA's binary list */
	struct buffer vtpm;         /* where a vTPM beside a TEE protects the root: its quote over DIGEST, and what binds it */
	struct buffer vtpm_log;     /* the vTPM's event log; .ima_log is of its PCR10 */
};

CK_RV platform_evidence_get(struct platform *platform, const struct platform_digest *digest,
			    struct platform_evidence *evidence);
void platform_evidence_free(struct platform_evidence *evidence);

/*
 * A number that changes when what the platform measured does, so that evidence of before is told from evidence of now (security
 * rule 10). One short question to a TPM; 0 at no cost where what was measured stays (SNP, Nitro) or is asked for anew (TDX).
 */
CK_RV platform_state(struct platform *platform, uint64_t *state);

/*
 * What a vTPM in a confidential guest shows for itself (security rule 9). Public bytes, all of them hostile: only the platform's
 * own part (.challenged, .srk_name) is what was found here.
 */
enum platform_binding_kind {
	PLATFORM_BINDING_NONE, /* nothing: .why says what was missing (static) */
	PLATFORM_BINDING_HCL,  /* Azure's and OpenHCL's: the hardware's report names the AK, which certifies the SRK */
	PLATFORM_BINDING_SVSM, /* AMD 58019: the hardware's report names the EK, which was challenged for SRK and AK */
};

struct platform_binding {
	enum platform_binding_kind kind;
	const char *why;
	const char *hardware;         /* the platform beside it, "sev-snp" or "tdx"; NULL: none can be asked */
	struct platform_digest nonce; /* ours, fresh, over which .own, .attest and .svsm were made */
	struct platform_evidence own; /* of the platform beside it */
	struct buffer hcl;            /* as it lies in NV memory */
	struct buffer td_quote;       /* for it, where it is of TDX */
	struct buffer svsm;           /* SNP report over SHA-512(.nonce.sha512 || .manifest) */
	struct buffer manifest;
	struct buffer ek;                /* SVSM: TPMT_PUBLIC */
	bool challenged;                 /* SVSM: the TPM with this EK's private half holds SRK and AK, too */
	struct buffer srk_name;          /* to which sessions are salted and under which the root is sealed */
	struct buffer attest, signature; /* HCL: TPM2_Certify of the SRK by the AK */
};

/*
 * NULL: no judgement is needed, this is no vTPM of a confidential guest. Else platform_key, platform_evidence_get and the counter
 * are refused (CKR_ACTION_PROHIBITED, logged) until platform_binding_settle has said whether the hardware VOUCHES for the
 * vTPM: then the protector is "tpm", else "host-vtpm". keys/binding.c judges.
 */
const struct platform_binding *platform_binding(const struct platform *platform);
void platform_binding_settle(struct platform *platform, bool vouches);

#define PLATFORM_MEASUREMENT_MAX 256

/*
 * What the platform measured of the code that runs here, into OUT, at most PLATFORM_MEASUREMENT_MAX bytes: the same
 * bytes for the same code, others for another (SNP: MEASUREMENT; TDX: MRTD and RTMR0 to 2; Nitro: PCR0 to 2; TPM: what
 * the root is sealed under). CKR_FUNCTION_NOT_SUPPORTED, logged: it measures nothing.
 */
CK_RV platform_measurement(struct platform *platform, struct buffer *out);

/*
 * Entropy of the platform's own into OUT, to be mixed into the DRBG's seed: SIZE at most 256, *GOT what came. CKR_OK
 * with 0 where the platform has none.
 */
CK_RV platform_random(struct platform *platform, uint8_t *out, size_t size, size_t *got);

/*
 * For kms/ alone (security rule 1). platform_bind pins TEXT, what the KMS configuration is, in what the platform measures,
 * so that it can not change until the machine starts again (Nitro: PCR16, extended and locked; a worker that starts again
 * finds it so). CKR_TOKEN_NOT_RECOGNIZED, logged: something else stands there.
 * platform_recipient: evidence that names PUBLIC_KEY (DER SubjectPublicKeyInfo, RSA), for one request to the KMS and for
 * nobody else. Both: CKR_FUNCTION_NOT_SUPPORTED where the platform has no evidence that a KMS encrypts to.
 */
CK_RV platform_bind(struct platform *platform, struct span text);
CK_RV platform_recipient(struct platform *platform, struct span public_key, struct buffer *document);

/*
 * A monotonic counter of the store's own; CKR_FUNCTION_NOT_SUPPORTED where description->rollback is "none". AUTH is a secret of
 * the store's, without which nobody advances the counter or answers for it. ID says which one it is (public, at most
 * PLATFORM_COUNTER_ID_MAX bytes; TPM: NV index, its Name and that of the storage root key) and is pinned in the store's head.
 *
 * platform_counter_new makes one and gives its first value. platform_counter_read and _increment, which gives the value
 * after it: CKR_TOKEN_NOT_RECOGNIZED, logged: that counter is gone, or was made anew, or is another platform's.
 */
#define PLATFORM_COUNTER_ID_MAX 192
CK_RV platform_counter_new(struct platform *platform, const uint8_t auth[PLATFORM_KEY_SIZE], struct buffer *id,
			   uint64_t *value);
CK_RV platform_counter_read(struct platform *platform, struct span id, const uint8_t auth[PLATFORM_KEY_SIZE],
			    uint64_t *value);
CK_RV platform_counter_increment(struct platform *platform, struct span id, const uint8_t auth[PLATFORM_KEY_SIZE],
				 uint64_t *value);

#endif
