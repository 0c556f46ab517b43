/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attributes of a CKO_CERTIFICATE, out of the certificate itself. A client like any other.
 */
#include "config.h"

#include "cli/certificate.h"

static bool put_der(struct attribute_set *set, CK_ATTRIBUTE_TYPE type, unsigned char *der, int size)
{
	bool ok = size > 0 && attribute_set_put(set, type, (struct span){der, (size_t)size});

	OPENSSL_free(der);
	return ok;
}

bool certificate_put(struct attribute_set *set, X509 *cert)
{
	unsigned char *value = NULL, *subject = NULL, *issuer = NULL, *serial = NULL;
	int value_size = i2d_X509(cert, &value);
	int subject_size = i2d_X509_NAME(X509_get_subject_name(cert), &subject);
	int issuer_size = i2d_X509_NAME(X509_get_issuer_name(cert), &issuer);
	int serial_size = i2d_ASN1_INTEGER(X509_get0_serialNumber(cert), &serial);
	bool ok = put_der(set, CKA_VALUE, value, value_size);

	ok = put_der(set, CKA_SUBJECT, subject, subject_size) && ok;
	ok = put_der(set, CKA_ISSUER, issuer, issuer_size) && ok;
	ok = put_der(set, CKA_SERIAL_NUMBER, serial, serial_size) && ok;
	return ok && attribute_set_put_ulong(set, CKA_CLASS, CKO_CERTIFICATE) &&
	       attribute_set_put_ulong(set, CKA_CERTIFICATE_TYPE, CKC_X_509);
}
