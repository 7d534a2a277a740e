/*
 * glibc's checked functions, for distribution libraries that are linked under musl.
 *
 * Debian builds its static libraries with _FORTIFY_SOURCE, whose calls musl does not provide.  The
 * checks are kept: a size that is known and exceeded ends the process as glibc would.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/die.h"

int __sprintf_chk(char *dst, int flag, size_t size, const char *fmt, ...);
char *__strcpy_chk(char *dst, const char *src, size_t size);

int __sprintf_chk(char *dst, int flag, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(dst, size == (size_t)-1 ? (size_t)1 << 30 : size, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n >= size)
		die("a library wrote past a buffer (sprintf)");
	return n;
}

char *__strcpy_chk(char *dst, const char *src, size_t size)
{
	size_t n = strlen(src) + 1;

	if (n > size)
		die("a library wrote past a buffer (strcpy)");
	return memcpy(dst, src, n);
}
