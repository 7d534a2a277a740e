/*
 * Pointer authentication (FEAT_PAuth), which no CPU model has yet.
 *
 * The instructions of the hint space (PACIASP and its kin) are NOPs then, by the architecture, and
 * that is what Debian's binaries use; the others are undefined.
 */
#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/decode.h"

bool a64_tr_pac(struct tr *t, const struct a64_pac *a)
{
	return false;
}

bool a64_tr_xpac(struct tr *t, const struct a64_xpac *a)
{
	return false;
}

bool a64_tr_pacga(struct tr *t, const struct a64_pacga *a)
{
	return false;
}

bool a64_tr_br_auth(struct tr *t, const struct a64_br_auth *a)
{
	return false;
}

bool a64_tr_ldra(struct tr *t, const struct a64_ldra *a)
{
	return false;
}
