/* Names and texts of error numbers, for -strace. */
#include "syscall/internal.h"

static const struct { const char *name, *text; } errors[] = {
#define E(name, nr, text) [nr] = { #name, text },
#include "base/errno.def"
#undef E
};

const char *errno_name(int err)
{
	return err > 0 && err < (int)ARRAY_LEN(errors) ? errors[err].name : NULL;
}

const char *errno_text(int err)
{
	return err > 0 && err < (int)ARRAY_LEN(errors) ? errors[err].text : NULL;
}
