#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 300
# Java's SunPKCS11 with keys in the token: keytool makes, lists and certifies them, jarsigner signs, and a program signs,
# decrypts and serves TLS with them.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/openssl_lib.sh" || exit 99

need keytool java javac jarsigner jar curl
[ -z "${KC_SANITIZER_PRELOAD:-}" ] || skip_all "Java is not run under a sanitizer"
keyclave_env
make_token java || bail_out "no token"
cat >"$T/pkcs11.cfg" <<-CFG
	name = Keyclave
	library = $KC_MODULE
	slotListIndex = 0
	attributes(generate, CKO_PRIVATE_KEY, CKK_EC) = { CKA_SIGN = true CKA_DERIVE = true }
	attributes(generate, CKO_SECRET_KEY, CKK_GENERIC_SECRET) = { CKA_SENSITIVE = false CKA_EXTRACTABLE = true }
CFG
# Java reads an agreed secret's value, so that one may leave; keys that agree have to be asked for. With -providerName the pair is made by the token; without, keytool makes it in software and puts it there.
store=(-keystore NONE -storetype PKCS11 -providerClass sun.security.pkcs11.SunPKCS11 -providerArg "$T/pkcs11.cfg"
	-providerName SunPKCS11-Keyclave -storepass "$PIN")
export JAVA_TOOL_OPTIONS="-XX:TieredStopAtLevel=1 -Xshare:auto -Djava.io.tmpdir=$T"
export LC_ALL=C

# ---- keytool ----
check "keytool -genkeypair, EC" keytool -genkeypair "${store[@]}" -alias ec -keyalg EC -groupname secp256r1 \
	-dname CN=localhost -ext san=dns:localhost,ip:127.0.0.1
check "keytool -genkeypair, RSA" keytool -genkeypair "${store[@]}" -alias rsa -keyalg RSA -keysize 2048 \
	-dname CN=localhost -ext san=dns:localhost,ip:127.0.0.1
check_output "keytool -list shows both" 'contains 2 entries' keytool -list "${store[@]}"
is "as private keys with certificates" "$(grep -c PrivateKeyEntry "$T/out")" 2
check_output "pkcs11-tool shows them too" 'Private Key Object; EC' p11tool_on --token-label java --login --pin "$PIN" -O
is "never extractable" "$(grep -c 'never extractable' "$T/out")" 2
for key in ec rsa; do
	check "keytool -exportcert of $key" keytool -exportcert "${store[@]}" -alias $key -rfc -file "$T/$key.pem"
	check "its signature is good" plain verify -CAfile "$T/$key.pem" -check_ss_sig "$T/$key.pem"
	check "keytool -certreq" keytool -certreq "${store[@]}" -alias $key -file "$T/$key.csr"
	check_output "the request's signature is good" 'verify OK' plain req -in "$T/$key.csr" -verify -noout
done
check "keytool -genseckey, AES" keytool -genseckey "${store[@]}" -alias aes -keyalg AES -keysize 256
check_output "it is listed" 'aes, SecretKeyEntry' keytool -list "${store[@]}"
check "keytool -delete" keytool -delete "${store[@]}" -alias aes
check_output "it is gone" 'contains 2 entries' keytool -list "${store[@]}"
check_fails "a wrong PIN opens nothing" keytool -list -keystore NONE -storetype PKCS11 \
	-providerClass sun.security.pkcs11.SunPKCS11 -providerArg "$T/pkcs11.cfg" -storepass wrong-one

# ---- jarsigner ----
echo content >"$T/file"
check "a jar" jar -cf "$T/a.jar" -C "$T" file
for key in ec rsa; do
	check "jarsigner with $key" jarsigner "${store[@]}" -signedjar "$T/$key.jar" "$T/a.jar" $key
	check_output "the jar verifies without us" 'jar verified' jarsigner -verify "$T/$key.jar"
done

# ---- a program ----
cat >"$T/Token.java" <<'JAVA'
import java.io.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.Certificate;
import java.security.spec.*;
import java.util.*;
import javax.crypto.*;
import javax.crypto.spec.*;
import javax.net.ssl.*;

public class Token {
	static int bad = 0, count = 0;
	static void say(boolean good, String name) {
		if (!good)
			bad++;
		System.out.println((good ? "ok " : "not ok ") + ++count + " - " + name);
	}
	static void signature(Provider token, KeyStore store, String alias, String algorithm, AlgorithmParameterSpec spec,
		char[] pin) throws Exception {
		byte[] message = new byte[100000];
		new Random(1).nextBytes(message);
		Signature signer = Signature.getInstance(algorithm, token);
		signer.initSign((PrivateKey) store.getKey(alias, pin));
		if (spec != null)
			signer.setParameter(spec);
		signer.update(message, 0, 1);
		signer.update(message, 1, 50000);
		signer.update(message, 50001, message.length - 50001);
		byte[] made = signer.sign();
		Signature verifier = Signature.getInstance(spec == null ? algorithm : "RSASSA-PSS", spec == null && algorithm.endsWith("ECDSA") ? "SunEC" : "SunRsaSign");
		verifier.initVerify(store.getCertificate(alias).getPublicKey());
		if (spec != null)
			verifier.setParameter(spec);
		verifier.update(message);
		say(verifier.verify(made), algorithm);
	}
	public static void main(String[] args) throws Exception {
		Provider token = Security.getProvider("SunPKCS11").configure(args[0]);
		char[] pin = args[1].toCharArray();
		Security.addProvider(token);
		KeyStore store = KeyStore.getInstance("PKCS11", token);
		store.load(null, pin);
		if (args.length > 2) {
			serve(store, pin, args[2], args[3]);
			return;
		}
		for (String a : new String[] {"SHA256withECDSA", "SHA384withECDSA", "SHA1withECDSA"})
			signature(token, store, "ec", a, null, pin);
		for (String a : new String[] {"SHA256withRSA", "SHA512withRSA"})
			signature(token, store, "rsa", a, null, pin);
		signature(token, store, "rsa", "RSASSA-PSS", new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1), pin);
		Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding", "SunJCE");
		cipher.init(Cipher.ENCRYPT_MODE, store.getCertificate("rsa"));
		byte[] hidden = cipher.doFinal("hidden".getBytes());
		cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding", token);
		cipher.init(Cipher.DECRYPT_MODE, store.getKey("rsa", pin));
		say(new String(cipher.doFinal(hidden)).equals("hidden"), "RSA decryption");
		KeyGenerator generator = KeyGenerator.getInstance("AES", token);
		generator.init(256);
		SecretKey key = generator.generateKey();
		say(key.getEncoded() == null, "a session's AES key is not given out");
		for (String a : new String[] {"AES/CBC/PKCS5Padding", "AES/GCM/NoPadding", "AES/CTR/NoPadding"}) {
			byte[] plain = new byte[10001];
			cipher = Cipher.getInstance(a, token);
			byte[] iv = new byte[a.contains("GCM") ? 12 : 16];
			AlgorithmParameterSpec spec = a.contains("GCM") ? new GCMParameterSpec(128, iv) : new IvParameterSpec(iv);
			cipher.init(Cipher.ENCRYPT_MODE, key, spec);
			boolean whole = a.contains("GCM"); // SunPKCS11 of Java 17 itself loses what update() of GCM was given
			byte[] first = whole ? null : cipher.update(plain, 0, 5000);
			byte[] second = whole ? cipher.doFinal(plain) : cipher.doFinal(plain, 5000, 5001);
			byte[] out = new byte[(first == null ? 0 : first.length) + second.length];
			if (first != null)
				System.arraycopy(first, 0, out, 0, first.length);
			System.arraycopy(second, 0, out, out.length - second.length, second.length);
			cipher = Cipher.getInstance(a, token);
			cipher.init(Cipher.DECRYPT_MODE, key, spec);
			say(Arrays.equals(cipher.doFinal(out), plain), a);
		}
		Mac mac = Mac.getInstance("HmacSHA256", token);
		mac.init(new SecretKeySpec(new byte[32], "Generic"));
		Mac other = Mac.getInstance("HmacSHA256", "SunJCE");
		other.init(new SecretKeySpec(new byte[32], "HmacSHA256"));
		say(Arrays.equals(mac.doFinal(new byte[77]), other.doFinal(new byte[77])), "HMAC");
		MessageDigest digest = MessageDigest.getInstance("SHA-256", token);
		digest.update(new byte[1000]);
		MessageDigest copy = MessageDigest.getInstance("SHA-256");
		copy.update(new byte[1000]);
		say(Arrays.equals(digest.digest(), copy.digest()), "SHA-256");
		KeyPairGenerator pairs = KeyPairGenerator.getInstance("EC", token);
		pairs.initialize(new ECGenParameterSpec("secp256r1"));
		KeyPair ours = pairs.generateKeyPair();
		KeyPairGenerator software = KeyPairGenerator.getInstance("EC", "SunEC");
		software.initialize(new ECGenParameterSpec("secp256r1"));
		KeyPair theirs = software.generateKeyPair();
		KeyAgreement agreement = KeyAgreement.getInstance("ECDH", token);
		agreement.init(ours.getPrivate());
		agreement.doPhase(theirs.getPublic(), true);
		KeyAgreement peer = KeyAgreement.getInstance("ECDH", "SunEC");
		peer.init(theirs.getPrivate());
		peer.doPhase(ours.getPublic(), true);
		say(Arrays.equals(agreement.generateSecret(), peer.generateSecret()), "ECDH");
		SecureRandom random = SecureRandom.getInstance("PKCS11", token);
		byte[] bytes = new byte[64];
		random.nextBytes(bytes);
		say(!Arrays.equals(bytes, new byte[64]), "random bytes");
		System.exit(bad);
	}
	static void serve(KeyStore store, char[] pin, String alias, String file) throws Exception {
		final String only = alias;
		KeyManagerFactory factory = KeyManagerFactory.getInstance("NewSunX509");
		factory.init(new KeyStoreBuilderParameters(KeyStore.Builder.newInstance(store, new KeyStore.PasswordProtection(pin))));
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(factory.getKeyManagers(), null, null);
		SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0, 20, java.net.InetAddress.getByName("127.0.0.1"));
		Path made = Paths.get(file + ".new");
		Files.write(made, (server.getLocalPort() + "\n").getBytes());
		Files.move(made, Paths.get(file));
		while (true) {
			try (SSLSocket socket = (SSLSocket) server.accept()) {
				BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
				while (!in.readLine().isEmpty())
					;
				socket.getOutputStream().write("HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nserved".getBytes());
			} catch (IOException e) {
				System.err.println(e);
			}
		}
	}
}
JAVA
check "the program compiles" javac -d "$T" "$T/Token.java"
java -cp "$T" Token "$T/pkcs11.cfg" "$PIN" >"$T/program" 2>"$T/program.err" </dev/null
is "it ends well" $? 0 || diag_file "$T/program.err"
while read -r line; do
	case $line in
	ok*) ok "${line#ok * - }" ;;
	not*) not_ok "${line#not ok * - }" ;;
	esac
done <"$T/program"

# ---- a TLS server ----
background java -cp "$T" Token "$T/pkcs11.cfg" "$PIN" ec "$T/port" >"$T/server.log" 2>&1
wait_for_file "$T/port" 60 || diag_file "$T/server.log"
read -r port <"$T/port"
cat "$T/ec.pem" "$T/rsa.pem" >"$T/both.pem"
fetch() { curl -sS -m 20 --cacert "$T/both.pem" --resolve "localhost:$port:127.0.0.1" "https://localhost:$port/" "$@"; }
check_output "a page by TLS 1.3" '^served' fetch --tlsv1.3
check_output "by TLS 1.2, ECDSA" '^served' fetch --tls-max 1.2 --ciphers ECDHE-ECDSA-AES128-GCM-SHA256
check_output "by TLS 1.2, RSA" '^served' fetch --tls-max 1.2 --ciphers ECDHE-RSA-AES128-GCM-SHA256
check "the daemon's worker is killed" kill -9 "$(tap_worker)"
check_output "the server serves on" '^served' fetch --tlsv1.3
done_testing
