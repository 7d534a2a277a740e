/* The C library's searches: memchr, strlen, memcmp over kilobytes. */
#include "bench.h"

static unsigned char text[1 << 14], twin[1 << 14];

int main(int argc, char **argv)
{
	uint64_t sum = 0;

	memset(text, 'a', sizeof(text) - 1);
	memset(twin, 'a', sizeof(twin) - 1);
	for (long round = work(argc, argv); round > 0; round--) {
		size_t at = round * 257 % (sizeof(text) - 1);

		text[at] = 'b';
		sum += (unsigned char *)memchr(text, 'b', sizeof(text)) - text;
		sum += strlen((char *)text + (round & 63));
		sum += memcmp(text, twin, sizeof(text)) > 0;
		text[at] = 'a';
	}
	return report(sum);
}
