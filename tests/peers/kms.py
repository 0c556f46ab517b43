# SPDX-License-Identifier: Apache-2.0
"""AWS KMS as far as an enclave speaks with it, written from Amazon's documentation, in another language and with other
libraries than Keyclave's: SigV4 is checked by botocore, evidence by cryptography and cbor2. Never installed.

    kms.py serve STATE            STATE/kms.sock (TLS, STATE/tls.pem), STATE/imds.sock, and TCP as STATE/kms.port says
    kms.py encrypt STATE ARN FILE [NAME=VALUE...]          the ciphertext on stdout, bound to the encryption context
    kms.py envelope STATE ARN FILE SERIAL LABEL VERSION    Keyclave's envelope (docs/kms.md) on stdout

STATE/config.json: {"root": PEM file, "keys": {ARN: {"pcrs": {"0": hex}, "deny": [operation]}}, "credentials":
{access key: {"secret": s, "token": t}}, "current": access key that IMDS gives}. Each line of STATE/faults spoils one
request. STATE/log has a line for each request: operation, what was answered, and the request.
"""
import base64
import datetime
import hashlib
import hmac
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

STATE = sys.argv[2] if len(sys.argv) > 2 else "."
LOCK = threading.Lock()


class Refused(Exception):
    def __init__(self, name, message="", status=400):
        super().__init__(name)
        self.name, self.message, self.status = name, message, status


def config():
    with open(os.path.join(STATE, "config.json")) as f:
        return json.load(f)


def next_fault():
    path = os.path.join(STATE, "faults")
    with LOCK:
        try:
            with open(path) as f:
                lines = f.read().split()
        except FileNotFoundError:
            return ""
        if not lines:
            return ""
        with open(path, "w") as f:
            f.write("\n".join(lines[1:]))
        return lines[0]


def note(operation, outcome, request):
    with LOCK, open(os.path.join(STATE, "log"), "a") as f:
        f.write("%s %s %s\n" % (operation, outcome, json.dumps(request, sort_keys=True)))


# ---- ciphertexts ----

def master(arn):
    return hashlib.sha256(b"the peer's key " + arn.encode()).digest()


def associated(arn, context):
    return json.dumps([arn, context], sort_keys=True).encode()


def encrypt(arn, plain, context):
    iv = os.urandom(12)
    name = arn.encode()
    return bytes([1, len(name)]) + name + iv + AESGCM(master(arn)).encrypt(iv, plain, associated(arn, context))


def decrypt(blob, context):
    try:
        size = blob[1]
        arn = blob[2:2 + size].decode()
        iv, sealed = blob[2 + size:14 + size], blob[14 + size:]
        return arn, AESGCM(master(arn)).decrypt(iv, sealed, associated(arn, context))
    except Exception:
        raise Refused("InvalidCiphertextException")


# ---- CMS, RFC 5652, with the indefinite lengths that AWS sends ----

def tlv(tag, body):
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    if len(body) < 256:
        return bytes([tag, 0x81, len(body)]) + body
    return bytes([tag, 0x82]) + struct.pack(">H", len(body)) + body


def endless(tag, body):
    return bytes([tag, 0x80]) + body + b"\0\0"


def oid(text):
    numbers = [int(n) for n in text.split(".")]
    out = bytes([numbers[0] * 40 + numbers[1]])
    for n in numbers[2:]:
        part = [n & 127]
        while n > 127:
            n >>= 7
            part.append(n & 127 | 128)
        out += bytes(reversed(part))
    return tlv(6, out)


SHA256 = tlv(0x30, oid("2.16.840.1.101.3.4.2.1") + b"\5\0")
OAEP = tlv(0x30, oid("1.2.840.113549.1.1.7") + tlv(0x30, tlv(0xa0, SHA256) +
           tlv(0xa1, tlv(0x30, oid("1.2.840.113549.1.1.8") + SHA256))))


def enveloped(public, plain, primitive):
    info = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    key, iv = os.urandom(32), os.urandom(16)
    fill = 16 - len(plain) % 16
    cbc = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    content = cbc.update(plain + bytes([fill]) * fill) + cbc.finalize()
    wrapped = public.encrypt(key, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    recipient = tlv(0x30, b"\2\1\2" + tlv(0x80, hashlib.sha256(info).digest()) + OAEP + tlv(4, wrapped))
    cipher = tlv(0x30, oid("2.16.840.1.101.3.4.1.42") + tlv(4, iv))
    body = tlv(0x80, content) if primitive else endless(0xa0, tlv(4, content))
    encrypted = endless(0x30, oid("1.2.840.113549.1.7.1") + cipher + body)
    data = endless(0x30, b"\2\1\2" + tlv(0x31, recipient) + encrypted)
    return endless(0x30, oid("1.2.840.113549.1.7.3") + endless(0xa0, data))


# ---- evidence: AWS, Nitro Enclaves, attestation process; RFC 9052 ----

def recipient_of(document, root):
    protected, _, payload, signature = cbor2.loads(document)
    content = cbor2.loads(payload)
    leaf = x509.load_der_x509_certificate(content["certificate"])
    chain = [x509.load_der_x509_certificate(der) for der in content["cabundle"]] + [leaf]
    if cbor2.loads(protected) != {1: -35} or chain[0] != root:
        raise Refused("ValidationException", "the document is of another authority")
    r, s = signature[:48], signature[48:]
    leaf.public_key().verify(encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big")),
                             cbor2.dumps(["Signature1", protected, b"", payload]), ec.ECDSA(hashes.SHA384()))
    for issuer, subject in zip(chain, chain[1:]):
        issuer.public_key().verify(subject.signature, subject.tbs_certificate_bytes,
                                   ec.ECDSA(subject.signature_hash_algorithm))
    if abs(time.time() - content["timestamp"] / 1000) > 300:
        raise Refused("ValidationException", "the document is too old")
    if not content["public_key"]:
        raise Refused("ValidationException", "the document names no public key")
    return serialization.load_der_public_key(content["public_key"]), content["pcrs"]


def check_conditions(key, operation, pcrs):
    if operation in key.get("deny", []):
        raise Refused("AccessDeniedException", "User: arn:aws:sts::111122223333:assumed-role/role is not authorized to "
                      "perform: kms:" + operation)
    for number, value in key.get("pcrs", {}).items():
        if pcrs is None or pcrs.get(int(number), b"").hex() != value:
            raise Refused("AccessDeniedException", "kms:RecipientAttestation:PCR" + number)


# ---- SigV4, by botocore ----

def check_signature(headers, body, settings):
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    try:
        scheme, rest = headers["Authorization"].split(" ", 1)
        parts = dict(p.strip().split("=", 1) for p in rest.split(","))
        access, date, region, service, end = parts["Credential"].split("/")
        signed = parts["SignedHeaders"].split(";")
    except Exception:
        raise Refused("MissingAuthenticationTokenException")
    known = settings["credentials"].get(access)
    if known is None or scheme != "AWS4-HMAC-SHA256" or service != "kms" or end != "aws4_request":
        raise Refused("UnrecognizedClientException")
    for name in ("host", "x-amz-date", "x-amz-target") + (("x-amz-security-token",) if known.get("token") else ()):
        if name not in signed:
            raise Refused("IncompleteSignatureException", name + " is not signed")
    if known.get("token") and headers["X-Amz-Security-Token"] != known["token"]:
        raise Refused("UnrecognizedClientException")
    stamp = headers["X-Amz-Date"]
    now = datetime.datetime.utcnow()
    if abs((datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ") - now).total_seconds()) > 300:
        raise Refused("SignatureDoesNotMatch", "the time")
    request = AWSRequest(method="POST", url="https://%s/" % headers["Host"], data=body,
                         headers={name: headers[name] for name in signed if name != "host"})
    request.context["timestamp"] = stamp
    auth = SigV4Auth(Credentials(access, known["secret"], known.get("token")), "kms", region)
    wanted = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    if not hmac.compare_digest(wanted, parts["Signature"]):
        raise Refused("InvalidSignatureException")
    return region


# ---- operations ----

def answer(operation, request, settings, fault):
    if operation not in ("Decrypt", "GenerateDataKey"):
        raise Refused("UnknownOperationException")
    context = request.get("EncryptionContext", {})
    recipient, pcrs, key = None, None, None
    if "Recipient" in request:
        if request["Recipient"]["KeyEncryptionAlgorithm"] != "RSAES_OAEP_SHA_256":
            raise Refused("ValidationException")
        with open(settings["root"], "rb") as f:
            root = x509.load_pem_x509_certificate(f.read())
        try:
            recipient, pcrs = recipient_of(base64.b64decode(request["Recipient"]["AttestationDocument"]), root)
        except Refused:
            raise
        except Exception as e:
            raise Refused("ValidationException", "the document: " + type(e).__name__)
    arn = request["KeyId"]
    key = settings["keys"].get(arn)
    if key is None:
        raise Refused("NotFoundException", arn)
    check_conditions(key, operation, pcrs)
    result = {"KeyId": arn}
    if operation == "GenerateDataKey":
        plain = os.urandom(32)
        result["CiphertextBlob"] = base64.b64encode(encrypt(arn, plain, context)).decode()
    else:
        under, plain = decrypt(base64.b64decode(request["CiphertextBlob"]), context)
        if under != arn:
            raise Refused("IncorrectKeyException")
        result["EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT"
    if recipient is None:
        result["Plaintext"] = base64.b64encode(plain).decode()
        return result
    if fault == "wrong-recipient":
        from cryptography.hazmat.primitives.asymmetric import rsa
        recipient = rsa.generate_private_key(65537, 2048).public_key()
    if fault == "short":
        plain = plain[:-1]
    message = enveloped(recipient, plain, fault == "primitive")
    if fault == "truncated":
        message = message[:-40]
    result["CiphertextForRecipient"] = base64.b64encode(message).decode()
    result["Plaintext"] = ""
    if fault == "plaintext":
        del result["CiphertextForRecipient"]
        result["Plaintext"] = base64.b64encode(plain).decode()
    if fault == "other-key":
        result["KeyId"] = arn[:-1] + ("0" if arn[-1] != "0" else "1")
    return result


FAULTS = {
    "throttle": Refused("ThrottlingException", "Rate exceeded"),
    "internal": Refused("KMSInternalException", "", 500),
    "expired": Refused("ExpiredTokenException", "The security token included in the request is expired"),
    "denied": Refused("AccessDeniedException", "not authorized"),
    "disabled": Refused("DisabledException", "the key is disabled"),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def address_string(self):
        return "peer"

    def reply(self, status, body, kind="application/x-amz-json-1.1", **more):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))


class Kms(Handler):
    def do_POST(self):
        body = self.body()
        fault = next_fault()
        operation = self.headers.get("X-Amz-Target", "").partition("TrentService.")[2]
        request = {}
        try:
            if fault in FAULTS:
                raise FAULTS[fault]
            if fault == "redirect":
                note(operation, "redirect", request)
                return self.reply(307, b"", Location="https://elsewhere.example/")
            if fault == "garbage":
                note(operation, "garbage", request)
                return self.reply(200, b'{"KeyId": [')
            if fault == "huge":
                note(operation, "huge", request)
                return self.reply(200, b" " * 1000000)
            if fault == "hang-up":
                note(operation, "hang-up", request)
                self.close_connection = True
                return None
            settings = config()
            check_signature(self.headers, body, settings)
            request = json.loads(body)
            result = answer(operation, request, settings, fault)
            note(operation, fault or "good", request)
            self.reply(200, json.dumps(result).encode())
        except Refused as refused:
            note(operation, refused.name, request)
            self.reply(refused.status, json.dumps({"__type": refused.name, "message": refused.message}).encode())
        return None


class Imds(Handler):
    def do_PUT(self):
        if self.path != "/latest/api/token" or "X-aws-ec2-metadata-token-ttl-seconds" not in self.headers:
            return self.reply(400, b"")
        return self.reply(200, b"an-imds-token==", "text/plain")

    def do_GET(self):
        if self.headers.get("X-aws-ec2-metadata-token") != "an-imds-token==":
            return self.reply(401, b"")
        folder = "/latest/meta-data/iam/security-credentials/"
        if self.path == folder:
            return self.reply(200, b"the-role", "text/plain")
        if self.path != folder + "the-role":
            return self.reply(404, b"")
        settings = config()
        note("imds", settings["current"], {})
        known = settings["credentials"][settings["current"]]
        end = datetime.datetime.utcnow() + datetime.timedelta(hours=6)
        document = {"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": settings["current"],
                    "SecretAccessKey": known["secret"], "Token": known["token"],
                    "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return self.reply(200, json.dumps(document).encode(), "text/plain")


class Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True

    def __init__(self, address, handler, family, tls=None):
        self.address_family = family
        self.tls = tls
        super().__init__(address, handler)

    def server_bind(self):
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def get_request(self):
        connection, _ = self.socket.accept()
        if self.tls:
            connection.settimeout(20)
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, ("peer", 0)

    def handle_error(self, *_):
        pass


def serve():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(os.path.join(STATE, "tls.pem"))
    for name in ("kms.sock", "imds.sock"):
        if os.path.exists(os.path.join(STATE, name)):
            os.unlink(os.path.join(STATE, name))
    tcp = Server(("127.0.0.1", 0), Kms, socket.AF_INET, tls)
    servers = [tcp, Server(os.path.join(STATE, "imds.sock"), Imds, socket.AF_UNIX),
               Server(os.path.join(STATE, "kms.sock"), Kms, socket.AF_UNIX, tls)]
    with open(os.path.join(STATE, "kms.port"), "w") as f:
        f.write(str(tcp.server_address[1]))
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    tcp.serve_forever()


def envelope(arn, plain, serial, label, version):
    context = {"keyclave-label": label, "keyclave-purpose": "key", "keyclave-token": serial,
               "keyclave-version": str(version)}
    key, iv = os.urandom(32), os.urandom(12)
    bound = cbor2.dumps(["keyclave/1/kms-envelope", serial, label, version])
    return json.dumps({"keyclave-envelope": 1, "key": base64.b64encode(encrypt(arn, key, context)).decode(),
                       "iv": base64.b64encode(iv).decode(),
                       "ciphertext": base64.b64encode(AESGCM(key).encrypt(iv, plain, bound)).decode()}).encode()


def main():
    if sys.argv[1] == "serve":
        serve()
    with open(sys.argv[4], "rb") as f:
        plain = f.read()
    if sys.argv[1] == "encrypt":
        context = dict(pair.split("=", 1) for pair in sys.argv[5:])
        sys.stdout.buffer.write(encrypt(sys.argv[3], plain, context))
    else:
        serial, label, version = sys.argv[5:8]
        sys.stdout.buffer.write(envelope(sys.argv[3], plain, serial, label, int(version)))


main()
