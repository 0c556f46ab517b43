/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of the conformance suite (record.h). Return codes are numbers here; differential.sh names them. */
#include "config.h"

#include <stdio.h>

#include "record.h"

#define BYTES_SHOWN 32

static const char *chapter = "";
static unsigned calls; /* of the row that is open, and one */

void record_chapter(const char *name)
{
	chapter = name;
}

static void begin(const char *name, CK_RV rv)
{
	if (calls)
		printf("%s%s 0x%lx", calls++ > 1 ? "; " : "", name, rv);
	else
		printf("%s %s\t0x%lx", chapter, name, rv);
}

/* A module that dies in the next call must not take this line with it. */
static void end(void)
{
	if (!calls)
		putchar('\n');
	fflush(stdout);
}

void record_row(const char *what, const char *name)
{
	printf("%s %s: %s\t", chapter, what, name);
	calls = 1;
}

void record_row_end(void)
{
	calls = 0;
	end();
}

void record_rv(const char *name, CK_RV rv)
{
	begin(name, rv);
	end();
}

void record_number(const char *name, CK_RV rv, CK_ULONG number)
{
	begin(name, rv);
	if ((rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL) && number == CK_UNAVAILABLE_INFORMATION)
		printf(" unavailable");
	else if (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL)
		printf(" %lu", number);
	end();
}

void record_bytes(const char *name, CK_RV rv, const void *data, size_t size)
{
	const unsigned char *p = data;

	begin(name, rv);
	if (rv == CKR_OK)
		printf(" %zu", size);
	if (rv == CKR_OK && p && size)
		putchar(' ');
	for (size_t i = 0; rv == CKR_OK && p && i < size && i < BYTES_SHOWN; i++)
		printf("%02x", p[i]);
	end();
}

void record_fact(const char *name, unsigned long number)
{
	if (calls)
		printf("; %s %lu", name, number);
	else
		printf("%s %s\t%lu", chapter, name, number);
	end();
}
