/*
 * The guest's vdso: the card's ELF image, copied into pages of the guest.
 *
 * A copy, not the runner's own pages: the image's place in the guest must be free for mmap and the
 * like, and a debugger in the guest may write break points into it.
 */
#include "base/space.h"
#include "loader/image.h"

gaddr vdso_map(const struct guest *g)
{
	u64 size = ALIGN_UP((u64)g->vdso_size, space_page());
	s64 at;

	if (!g->vdso)
		return 0;
	at = space_mmap(0, size, G_PROT_READ | G_PROT_WRITE, G_MAP_PRIVATE | G_MAP_ANONYMOUS, -1, 0,
			"[vdso]");
	if (at < 0)
		return 0;
	memcpy(g2h(at), g->vdso, g->vdso_size);
	space_mprotect(at, size, G_PROT_READ | G_PROT_EXEC);
	return at;
}
