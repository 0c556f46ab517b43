# SPDX-License-Identifier: Apache-2.0
"""A second verifier of Keyclave's evidence, in another language and with other libraries, written from the vendors'
documents: what it accepts is not a matter of both ends having the same bug.

    independent.py PLATFORM EVIDENCE ROOT NONCE

ROOT is the authority's certificate (PEM), NONCE hexadecimal. Prints "good", or what does not hold, with status 1.
"""
import hashlib
import sys

import cbor2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature


def demand(holds, what):
    if not holds:
        raise SystemExit(what)


def pem_chain(data):
    marker = b"-----BEGIN CERTIFICATE-----"
    return [x509.load_pem_x509_certificate(marker + part) for part in data.split(marker)[1:]]


def check_issued(certificate, issuer):
    """CERTIFICATE's signature is by ISSUER's key."""
    key = issuer.public_key()
    signed = certificate.tbs_certificate_bytes
    if isinstance(key, rsa.RSAPublicKey):  # AMD: RSASSA-PSS, SHA-384, MGF1 SHA-384, salt 48
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA384()), salt_length=48)
        key.verify(certificate.signature, signed, pss, hashes.SHA384())
    else:
        key.verify(certificate.signature, signed, ec.ECDSA(certificate.signature_hash_algorithm))


def check_chain(leaf, others, root):
    at = leaf
    for _ in range(8):
        if at.issuer == root.subject:
            check_issued(at, root)
            return
        issuer = [c for c in others if c.subject == at.issuer]
        demand(issuer, "no issuer of %s" % at.subject.rfc4514_string())
        check_issued(at, issuer[0])
        at = issuer[0]
    raise SystemExit("the chain has no end")


def raw_signature(r, s, order):
    return encode_dss_signature(int.from_bytes(r, order), int.from_bytes(s, order))


def sev_snp(records, root):
    """AMD 56860, ATTESTATION_REPORT."""
    report = records["evidence"][1]
    chain = pem_chain(records["certificates"][1])
    demand(len(report) == 1184, "not a report")
    leaves = [c for c in chain if b"VCEK" in c.subject.rfc4514_string().encode()]
    demand(len(leaves) == 1, "not one VCEK")
    signature = raw_signature(report[0x2A0:0x2E8], report[0x2E8:0x330], "little")
    leaves[0].public_key().verify(signature, report[:0x2A0], ec.ECDSA(hashes.SHA384()))
    check_chain(leaves[0], chain, root)
    return report[0x50:0x90]


def nitro(records, root):
    """AWS, Nitro Enclaves: attestation process; RFC 9052, section 4.2."""
    protected, _, payload, signature = cbor2.loads(records["evidence"][1])
    demand(cbor2.loads(protected) == {1: -35}, "not ES384")
    document = cbor2.loads(payload)
    leaf = x509.load_der_x509_certificate(document["certificate"])
    bundle = [x509.load_der_x509_certificate(der) for der in document["cabundle"]]
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    leaf.public_key().verify(raw_signature(signature[:48], signature[48:], "big"), signed, ec.ECDSA(hashes.SHA384()))
    demand(bundle[0] == root, "another root")
    check_chain(leaf, bundle[1:], root)
    demand(document["public_key"] is None, "a public key")
    return document["user_data"]


def tdx(records, root):
    """Intel, TDX DCAP quoting library, quote versions 4 and 5."""
    quote = records["evidence"][1]
    version = int.from_bytes(quote[0:2], "little")
    body, size = (48, 584) if version == 4 else (54, int.from_bytes(quote[50:54], "little"))
    end = body + size
    data = quote[end + 4:end + 4 + int.from_bytes(quote[end:end + 4], "little")]
    attestation = ec.EllipticCurvePublicNumbers(int.from_bytes(data[64:96], "big"), int.from_bytes(data[96:128], "big"),
                                                ec.SECP256R1()).public_key()
    attestation.verify(raw_signature(data[0:32], data[32:64], "big"), quote[:end], ec.ECDSA(hashes.SHA256()))
    inner = data[134:]
    report = inner[:384]
    auth_size = int.from_bytes(inner[448:450], "little")
    auth = inner[450:450 + auth_size]
    chain_at = 450 + auth_size + 6
    chain = pem_chain(inner[chain_at:chain_at + int.from_bytes(inner[chain_at - 4:chain_at], "little")].rstrip(b"\0"))
    chain[0].public_key().verify(raw_signature(inner[384:416], inner[416:448], "big"), report, ec.ECDSA(hashes.SHA256()))
    demand(report[320:352] == hashlib.sha256(data[64:128] + auth).digest(), "the attestation key is not the QE's")
    check_chain(chain[0], chain[1:], root)
    return quote[body + 520:body + 584]


def main(platform, evidence, root, nonce):
    with open(evidence, "rb") as file:
        records = cbor2.loads(file.read())
    with open(root, "rb") as file:
        anchor = x509.load_pem_x509_certificate(file.read())
    demand(records["__cmwc_t"] == "tag:keyclave,2026:evidence", "not our collection")
    claims = records["claims"][1]
    try:
        report_data = {"sev-snp": sev_snp, "nitro": nitro, "tdx": tdx}[platform](records, anchor)
    except InvalidSignature:
        raise SystemExit("a signature does not hold")
    demand(report_data == hashlib.sha512(claims).digest(), "the platform signed other claims")
    said = cbor2.loads(claims)
    demand(said[4] == platform, "claims of another platform")
    demand(said[3] == bytes.fromhex(nonce), "another nonce")
    public_key = serialization.load_der_public_key(said[20])
    print("good: %s, %d bits" % (said[2], public_key.key_size))


if __name__ == "__main__":
    main(*sys.argv[1:])
