#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints crypto_vectors.json: known answers for each mechanism of the token.

What the standards print is copied from them and named. What they do not print (RSA with our own key,
ECDSA on each curve with each hash) is computed here from the definitions in RFC 8017, RFC 6979 and SEC 1
with the integers of the language alone, so that libcrypto is not asked to confirm itself.
"""
import hashlib
import hmac
import json
import sys

P = int(
    "f7a3d285bdb06c7babb60523e285e5b8681852727d8a01c4caebfcebbbfba0542d7631283654ddc5"
    "04dd1a0fe47faab8c914ada11f88311e1d21708ea19ffb0f6703fc990ba403f158f43ea929b0f9d0"
    "fbc58615a1671d7f9e5988c7ecc1f442b0e9dd9f75c13fd85d6e7548f6665e41c579a5d84954a298"
    "f5b8b8a09db7ccd3", 16)
Q = int(
    "d3dbe5df7af75be61561a7676722205255b28be7494b4c8e210901e7777feea587188763e0b96bc0"
    "457b59437fcdf3e2a86f156e9933e324061ccc0a3a5082d10109d60001fcde6d466636c1f16a7375"
    "77edc74c5b2c565befa68f064fd15af5ca3e8949e41102de0fcc42ec89f689a38dc05cc1a38fd846"
    "448d47feeac7eaef", 16)
N = P * Q
E = 65537
D = pow(E, -1, (P - 1) * (Q - 1))
K = 256

HASHES = {"SHA1": ("sha1", "CKM_SHA_1", "3021300906052b0e03021a05000414"),
          "SHA224": ("sha224", "CKM_SHA224", "302d300d06096086480165030402040500041c"),
          "SHA256": ("sha256", "CKM_SHA256", "3031300d060960864801650304020105000420"),
          "SHA384": ("sha384", "CKM_SHA384", "3041300d060960864801650304020205000430"),
          "SHA512": ("sha512", "CKM_SHA512", "3051300d060960864801650304020305000440")}

MESSAGE = b"sample"

# ---- RFC 8017 ---------------------------------------------------------------------------------------


def digest(name, data):
    return hashlib.new(HASHES[name][0], data).digest()


def mgf1(name, seed, size):
    out = b""
    i = 0
    while len(out) < size:
        out += digest(name, seed + i.to_bytes(4, "big"))
        i += 1
    return out[:size]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def private(block):
    return pow(int.from_bytes(block, "big"), D, N).to_bytes(K, "big")


def public(block):
    return pow(int.from_bytes(block, "big"), E, N).to_bytes(K, "big")


def pkcs1_signed(tbs):
    return private(b"\0\1" + b"\xff" * (K - 3 - len(tbs)) + b"\0" + tbs)


def pss(name, mgf, salt, message_hash):
    h = digest(name, bytes(8) + message_hash + salt)
    db = bytes(K - len(salt) - len(h) - 2) + b"\1" + salt
    masked = bytearray(xor(db, mgf1(mgf, h, len(db))))
    masked[0] &= 0x7F
    return private(bytes(masked) + h + b"\xbc")


def oaep(name, mgf, label, message):
    lhash = digest(name, label)
    db = lhash + bytes(K - len(message) - 2 * len(lhash) - 2) + b"\1" + message
    seed = bytes(range(1, len(lhash) + 1))
    masked = xor(db, mgf1(mgf, seed, len(db)))
    return public(b"\0" + xor(seed, mgf1(mgf, masked, len(seed))) + masked)


# ---- SEC 1 and RFC 6979 -----------------------------------------------------------------------------

CURVES = {
    "P-256": dict(
        p=2**256 - 2**224 + 2**192 + 2**96 - 1,
        b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        g=(0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
           0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5),
        n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        # The private keys of RFC 6979 sections A.2.5 to A.2.7.
        d=0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, oid="06082a8648ce3d030107"),
    "P-384": dict(
        p=2**384 - 2**128 - 2**96 + 2**32 - 1,
        b=0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
        g=(0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
           0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F),
        n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        d=0x6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5,
        oid="06052b81040022"),
    "P-521": dict(
        p=2**521 - 1,
        b=0x0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
        g=(0x00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66,
           0x011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650),
        n=0x01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
        d=0x00FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CAA896EB32F1F47C70855836A6D16FCC1466F6D8FBEC67DB89EC0C08B0E996B83538,
        oid="06052b81040023"),
}


def add(c, a, b):
    p = c["p"]
    if a is None:
        return b
    if b is None:
        return a
    if a[0] == b[0]:
        if (a[1] + b[1]) % p == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, p)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, p)
    x = (slope * slope - a[0] - b[0]) % p
    return x, (slope * (a[0] - x) - a[1]) % p


def multiply(c, k, point):
    result = None
    while k:
        if k & 1:
            result = add(c, result, point)
        point = add(c, point, point)
        k >>= 1
    return result


def size(c):
    return (c["n"].bit_length() + 7) // 8


def bits2int(c, data):
    n = int.from_bytes(data, "big")
    extra = 8 * len(data) - c["n"].bit_length()
    return n >> extra if extra > 0 else n


def deterministic_k(c, name, h):
    n, s = c["n"], size(c)

    def mac(key, *parts):
        return hmac.new(key, b"".join(parts), HASHES[name][0]).digest()

    v = b"\1" * len(h)
    key = b"\0" * len(h)
    seed = c["d"].to_bytes(s, "big") + (bits2int(c, h) % n).to_bytes(s, "big")
    key = mac(key, v, b"\0", seed)
    v = mac(key, v)
    key = mac(key, v, b"\1", seed)
    v = mac(key, v)
    while True:
        t = b""
        while len(t) < s:
            v = mac(key, v)
            t += v
        k = bits2int(c, t[:s])
        if 0 < k < n:
            return k
        key = mac(key, v, b"\0")
        v = mac(key, v)


def ecdsa(c, name, h):
    k = deterministic_k(c, name, h)
    r = multiply(c, k, c["g"])[0] % c["n"]
    s = pow(k, -1, c["n"]) * (bits2int(c, h) + r * c["d"]) % c["n"]
    return (r.to_bytes(size(c), "big") + s.to_bytes(size(c), "big")).hex()


def point(c, d):
    q = multiply(c, d, c["g"])
    return b"\4" + q[0].to_bytes(size(c), "big") + q[1].to_bytes(size(c), "big")


# RFC 6979 prints this one: the code above is what it should be.
assert ecdsa(CURVES["P-256"], "SHA256", digest("SHA256", MESSAGE)) == (
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8")


def x963(name, z, info, length):
    out = b""
    i = 1
    while len(out) < length:
        out += digest(name, z + i.to_bytes(4, "big") + info)
        i += 1
    return out[:length]


# ---- DER --------------------------------------------------------------------------------------------


def hkdf_extract(name, salt, secret):
    return hmac.new(salt or bytes(hashlib.new(HASHES[name][0]).digest_size), secret, HASHES[name][0]).digest()


def hkdf_expand(name, key, info, length):
    out, block, i = b"", b"", 1
    while len(out) < length:
        block = hmac.new(key, block + info + bytes([i]), HASHES[name][0]).digest()
        out, i = out + block, i + 1
    return out[:length]


def kbkdf_counter(name, key, fixed, length):
    out, i = b"", 1
    while len(out) < length:
        out += hmac.new(key, i.to_bytes(4, "big") + fixed, HASHES[name][0]).digest()
        i += 1
    return out[:length]


def der(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    octets = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | octets]) + len(body).to_bytes(octets, "big") + body


def der_integer(n):
    return der(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def pkcs8(algorithm, key):
    return der(0x30, der_integer(0), der(0x30, algorithm), der(4, key)).hex()


def rsa_pkcs8():
    numbers = (0, N, E, D, P, Q, D % (P - 1), D % (Q - 1), pow(Q, -1, P))
    return pkcs8(bytes.fromhex("06092a864886f70d0101010500"), der(0x30, *map(der_integer, numbers)))


def ec_pkcs8(c):
    bits = der(3, b"\0" + point(c, c["d"]))
    key = der(0x30, der_integer(1), der(4, c["d"].to_bytes(size(c), "big")), der(0xA1, bits))
    return pkcs8(bytes.fromhex("06072a8648ce3d0201" + c["oid"]), key)


def okp_pkcs8(oid, value):
    return pkcs8(bytes.fromhex(oid), der(4, bytes.fromhex(value)))


# ---- the file ---------------------------------------------------------------------------------------

KEYS = {
    "rsa": {"type": "CKK_RSA", "pkcs8": rsa_pkcs8()},
    "P-256": {"type": "CKK_EC", "pkcs8": ec_pkcs8(CURVES["P-256"])},
    "P-384": {"type": "CKK_EC", "pkcs8": ec_pkcs8(CURVES["P-384"])},
    "P-521": {"type": "CKK_EC", "pkcs8": ec_pkcs8(CURVES["P-521"])},
    "ed25519": {"type": "CKK_EC_EDWARDS", "pkcs8": okp_pkcs8(
        "06032b6570", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")},
    "x25519": {"type": "CKK_EC_MONTGOMERY", "pkcs8": okp_pkcs8(
        "06032b656e", "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")},
    "aes-128": {"type": "CKK_AES", "value": "2b7e151628aed2a6abf7158809cf4f3c"},
    "aes-192": {"type": "CKK_AES", "value": "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b"},
    "aes-256": {"type": "CKK_AES",
                "value": "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"},
    "jefe": {"type": "CKK_GENERIC_SECRET", "value": b"Jefe".hex()},
    "0c": {"type": "CKK_GENERIC_SECRET", "value": "0c" * 20},
    "aa": {"type": "CKK_GENERIC_SECRET", "value": "aa" * 131},
}
VECTORS = []


def vector(mechanism, do, key, data, result, source, **parameters):
    v = {"mechanism": mechanism, "do": do, "source": source}
    if key:
        v["key"] = key
    v["data"] = data.hex() if isinstance(data, bytes) else data
    v["result"] = result.hex() if isinstance(result, bytes) else result
    v.update(parameters)
    VECTORS.append(v)


def digests():
    for name, result in (
            ("SHA1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("SHA224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
            ("SHA256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("SHA384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                       "8086072ba1e7cc2358baeca134c825a7"),
            ("SHA512", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                       "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")):
        vector(HASHES[name][1], "digest", None, b"abc", result, "FIPS 180-4 example")


def macs():
    want = b"what do ya want for nothing?"
    for name, result in (
            ("SHA1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            ("SHA224", "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"),
            ("SHA256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            ("SHA384", "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
                       "8e2240ca5e69e2c78b3239ecfab21649"),
            ("SHA512", "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                       "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737")):
        mechanism = HASHES[name][1] + "_HMAC"
        vector(mechanism, "sign", "jefe", want, result, "RFC 2202, RFC 4231 case 2")
        vector(mechanism + "_GENERAL", "sign", "jefe", want, result[:24], "the same, cut", length=12)
    vector("CKM_SHA256_HMAC_GENERAL", "sign", "0c", b"Test With Truncation",
           "a3b6167473100ee06e0c796c2955552b", "RFC 4231 case 5", length=16)
    vector("CKM_SHA256_HMAC", "sign", "aa",
           b"Test Using Larger Than Block-Size Key - Hash Key First",
           "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", "RFC 4231 case 6")


def rsa():
    tbs = bytes.fromhex(HASHES["SHA256"][2]) + digest("SHA256", MESSAGE)
    vector("CKM_RSA_PKCS", "sign", "rsa", tbs, pkcs1_signed(tbs), "RFC 8017 section 8.2")
    vector("CKM_RSA_PKCS", "recover", "rsa", tbs, pkcs1_signed(tbs), "RFC 8017 section 8.2")
    padding = bytes(1 + i % 255 for i in range(K - 3 - len(MESSAGE)))
    vector("CKM_RSA_PKCS", "decrypt", "rsa", public(b"\0\2" + padding + b"\0" + MESSAGE), MESSAGE,
           "RFC 8017 section 7.2")
    block = bytes(range(1, 200))
    vector("CKM_RSA_X_509", "sign", "rsa", block, private(block), "RFC 8017 section 5")
    vector("CKM_RSA_X_509", "recover", "rsa", bytes(K - len(block)) + block, private(block),
           "RFC 8017 section 5")
    vector("CKM_RSA_X_509", "encrypt", "rsa", bytes(K - len(block)) + block, public(block),
           "RFC 8017 section 5")
    for name, (_, hash_mechanism, info) in HASHES.items():
        h = digest(name, MESSAGE)
        salt = bytes(range(len(h)))
        mgf = "CKG_MGF1_" + name
        vector("CKM_" + name + "_RSA_PKCS", "sign", "rsa", MESSAGE,
               pkcs1_signed(bytes.fromhex(info) + h), "RFC 8017 section 8.2")
        vector("CKM_" + name + "_RSA_PKCS_PSS", "verify", "rsa", MESSAGE, pss(name, name, salt, h),
               "RFC 8017 section 8.1", hash=hash_mechanism, mgf=mgf, salt=len(salt))
        vector("CKM_RSA_PKCS_PSS", "verify", "rsa", h, pss(name, name, salt, h),
               "RFC 8017 section 8.1", hash=hash_mechanism, mgf=mgf, salt=len(salt))
        vector("CKM_RSA_PKCS_OAEP", "decrypt", "rsa", oaep(name, name, b"", MESSAGE), MESSAGE,
               "RFC 8017 section 7.1", hash=hash_mechanism, mgf=mgf)
    h = digest("SHA256", MESSAGE)
    vector("CKM_RSA_PKCS_PSS", "verify", "rsa", h, pss("SHA256", "SHA1", b"", h),
           "RFC 8017 section 8.1", hash="CKM_SHA256", mgf="CKG_MGF1_SHA1", salt=0)
    vector("CKM_RSA_PKCS_OAEP", "decrypt", "rsa", oaep("SHA1", "SHA256", b"label", MESSAGE), MESSAGE,
           "RFC 8017 section 7.1", hash="CKM_SHA_1", mgf="CKG_MGF1_SHA256", label=b"label".hex())
    vector("CKM_RSA_PKCS_KEY_PAIR_GEN", "generate", None, "", "", "round trip", bits=2048,
           use="CKM_SHA256_RSA_PKCS")


def curves():
    for curve, c in CURVES.items():
        for name, (_, hash_mechanism, _) in HASHES.items():
            h = digest(name, MESSAGE)
            vector("CKM_ECDSA", "verify", curve, h, ecdsa(c, name, h), "RFC 6979 section A.2")
            vector("CKM_ECDSA_" + name, "verify", curve, MESSAGE, ecdsa(c, name, h),
                   "RFC 6979 section A.2")
        peer = 3 * c["d"] % c["n"]
        z = multiply(c, c["d"] * peer % c["n"], c["g"])[0].to_bytes(size(c), "big")
        plain = point(c, peer)
        vector("CKM_ECDH1_DERIVE", "derive", curve, plain, z, "SEC 1 section 3.3.1", kdf="CKD_NULL")
        vector("CKM_ECDH1_DERIVE", "derive", curve, der(4, plain), z[-16:], "the same, cut",
               kdf="CKD_NULL", size=16)
        compressed = bytes([2 + (plain[-1] & 1)]) + plain[1:1 + size(c)]
        vector("CKM_ECDH1_DERIVE", "derive", curve, compressed, z, "SEC 1 section 2.3.4",
               kdf="CKD_NULL")
        for name in HASHES:
            vector("CKM_ECDH1_DERIVE", "derive", curve, plain, x963(name, z, b"info", 100),
                   "SEC 1 section 3.6.1", kdf="CKD_" + name + "_KDF", shared=b"info".hex(), size=100)
        vector("CKM_EC_KEY_PAIR_GEN", "generate", None, "", "", "round trip", params=c["oid"],
               use="CKM_ECDSA_SHA256")
    vector("CKM_EDDSA", "sign", "ed25519", "72",
           "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
           "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
           "RFC 8032 section 7.1 test 2")
    vector("CKM_EC_EDWARDS_KEY_PAIR_GEN", "generate", None, "", "", "round trip",
           params="06032b6570", use="CKM_EDDSA")
    vector("CKM_ECDH1_DERIVE", "derive", "x25519",
           "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
           "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
           "RFC 7748 section 6.1", kdf="CKD_NULL")
    vector("CKM_EC_MONTGOMERY_KEY_PAIR_GEN", "generate", None, "", "", "round trip",
           params="06032b656e", use="CKM_ECDH1_DERIVE")


def ciphers():
    plain = ("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
             "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
    iv = "000102030405060708090a0b0c0d0e0f"
    counter = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
    sp = "NIST SP 800-38A appendix F"
    vector("CKM_AES_ECB", "encrypt", "aes-128", plain,
           "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
           "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4", sp)
    vector("CKM_AES_ECB", "encrypt", "aes-192", plain[:32], "bd334f1d6e45f25ff712a214571fa5cc", sp)
    vector("CKM_AES_ECB", "encrypt", "aes-256", plain[:32], "f3eed1bdb5d2a03c064b5a7e3db181f8", sp)
    vector("CKM_AES_CBC", "encrypt", "aes-128", plain,
           "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
           "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7", sp, iv=iv)
    vector("CKM_AES_CBC", "encrypt", "aes-256", plain[:64],
           "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d", sp, iv=iv)
    vector("CKM_AES_CBC_PAD", "encrypt", "aes-128", plain,
           "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
           "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"
           "8cb82807230e1321d3fae00d18cc2012", sp + " and a block of padding", iv=iv)
    vector("CKM_AES_CTR", "encrypt", "aes-128", plain,
           "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
           "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee", sp, iv=counter,
           counter_bits=128)
    vector("CKM_AES_CTR", "encrypt", "aes-256", plain[:102],
           "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"[:102],
           sp, iv=counter, counter_bits=64)
    text = ("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255")
    sealed = ("42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
              "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985")
    gcm = "the GCM specification's test cases 3 and 4"
    KEYS["gcm"] = {"type": "CKK_AES", "value": "feffe9928665731c6d6a8f9467308308"}
    vector("CKM_AES_GCM", "encrypt", "gcm", text, sealed + "4d5c2af327cd64a62cf35abd2ba6fab4", gcm,
           iv="cafebabefacedbaddecaf888", tag_bits=128)
    vector("CKM_AES_GCM", "encrypt", "gcm", text[:120], sealed[:120] + "5bc94fbc3221a5db94fae95ae7121a47",
           gcm, iv="cafebabefacedbaddecaf888", aad="feedfacedeadbeeffeedfacedeadbeefabaddad2", tag_bits=128)
    vector("CKM_AES_GCM", "encrypt", "gcm", text[:120], sealed[:120] + "5bc94fbc3221a5db94fae95a",
           gcm + ", cut", iv="cafebabefacedbaddecaf888", aad="feedfacedeadbeeffeedfacedeadbeefabaddad2",
           tag_bits=96)
    kek = "000102030405060708090a0b0c0d0e0f1011121314151617"
    KEYS["kek-128"] = {"type": "CKK_AES", "value": kek[:32]}
    KEYS["kek-256"] = {"type": "CKK_AES", "value": kek + "18191a1b1c1d1e1f"}
    KEYS["kwp"] = {"type": "CKK_AES", "value": "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8"}
    vector("CKM_AES_KEY_WRAP", "encrypt", "kek-128", "00112233445566778899aabbccddeeff",
           "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5", "RFC 3394 section 4.1")
    vector("CKM_AES_KEY_WRAP", "encrypt", "kek-256",
           "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
           "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
           "RFC 3394 section 4.6")
    vector("CKM_AES_KEY_WRAP_KWP", "encrypt", "kwp", "c37b7e6492584340bed12207808941155068f738",
           "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a", "RFC 5649 section 6")
    vector("CKM_AES_KEY_WRAP_KWP", "encrypt", "kwp", "466f7250617369",
           "afbeb0f07dfbf5419200f2ccb50bb24f", "RFC 5649 section 6")
    for bytes_ in (16, 24, 32):
        vector("CKM_AES_KEY_GEN", "generate", None, "", "", "round trip", bytes=bytes_,
               use="CKM_AES_KEY_WRAP_KWP")
    vector("CKM_GENERIC_SECRET_KEY_GEN", "generate", None, "", "", "round trip", bytes=20,
           use="CKM_SHA256_HMAC")


def derivations():
    def secret(name, value):
        KEYS[name] = {"type": "CKK_GENERIC_SECRET", "value": value}
        return name

    def hkdf(key, result, source, name="SHA256", extract=1, expand=1, **more):
        vector("CKM_HKDF_DERIVE", "derive", key, "", result, source, hash=HASHES[name][1], extract=extract,
               expand=expand, size=len(result) // 2, **more)

    def counter(key, result, source, name="SHA256", **more):
        vector("CKM_SP800_108_COUNTER_KDF", "derive", key, "", result, source, hash=HASHES[name][1],
               size=len(result) // 2, **more)

    key = secret("hkdf-22", "0b" * 22)
    salt = bytes(range(13)).hex()
    info = bytes(range(0xf0, 0xfa)).hex()
    hkdf(key, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
         "RFC 5869 appendix A.1", hkdf_salt=salt, info=info)
    hkdf(key, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5", "RFC 5869 appendix A.1, PRK",
         expand=0, hkdf_salt=salt)
    hkdf(secret("hkdf-80", bytes(range(0x50)).hex()),
         "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
         "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87", "RFC 5869 appendix A.2",
         hkdf_salt=bytes(range(0x60, 0xb0)).hex(), info=bytes(range(0xb0, 0x100)).hex())
    hkdf(key, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
         "RFC 5869 appendix A.3")
    hkdf(secret("hkdf-11", "0b" * 11),
         "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3f896",
         "RFC 5869 appendix A.4", "SHA1", hkdf_salt=salt, info=info)
    hkdf(secret("hkdf-prk", "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"),
         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
         "RFC 5869 appendix A.1, from the PRK", extract=0, info=info)
    for name in HASHES:
        prk = hkdf_extract(name, b"", b"\x0b" * 22)
        hkdf(key, hkdf_expand(name, prk, b"info", 200).hex(), "RFC 5869 section 2", name, info=b"info".hex())
        hkdf(key, prk[:16].hex(), "the same, extracted and cut", name, expand=0)
    cavp = "CAVP KDFCTR, HMAC_SHA256, before fixed, 32 bits"
    fixed = ("01322b96b30acd197979444e468e1c5c6859bf1b1cf951b7e725303e237e46b864a145fab25e517b08f8683d0315bb29"
             "11d80a0e8aba17f3b413faac")
    key = secret("kbkdf-0", "dd1d91b7d90b2bd3138533ce92b272fbf8a369316aefe242e659cc0ae238afe0")
    counter(key, "10621342bfb0fd40046c0e29f2cfdbf0", cavp, fixed=fixed)
    counter(key, "10621342bfb0fd40046c0e29f2cfdbf0", cavp + ", in four parts", fixed=fixed[:2], fixed_2=fixed[2:40],
            fixed_3=fixed[40:42], fixed_4=fixed[42:])
    counter(secret("kbkdf-30", "c4bedbddb66493e7c7259a3bbbc25f8c7e0ca7fe284d92d431d9cd99a0d214ac"),
            "1da47638d6c9c4d04d74d4640bbd42ab814d9e8cc22f4326695239f96b0693f12d0dd1152cf44430", cavp,
            fixed="1c69c54766791e315c2cc5c47ecd3ffab87d0d273dd920e70955814c220eacace6a5946542da3dfe24ff626b4897898c"
                  "afb7db83bdff3c14fa46fd4b")
    for name in HASHES:
        value = bytes.fromhex(KEYS[key]["value"])
        counter(key, kbkdf_counter(name, value, b"label\0context" + (800).to_bytes(4, "big"), 100).hex(),
                "SP 800-108 section 4.1", name, fixed=b"label".hex(), fixed_2="00", fixed_3=b"context".hex(),
                length_follows=1)
        counter(key, kbkdf_counter(name, value, b"", 33).hex(), "the same, nothing fixed", name)


digests()
macs()
rsa()
curves()
ciphers()
derivations()
json.dump({"keys": KEYS, "vectors": VECTORS}, sys.stdout, indent=1)
print()
