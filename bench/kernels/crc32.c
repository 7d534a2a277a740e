/* A dependent chain through a table: CRC-32, a byte at a time. */
#include "bench.h"

static uint32_t table[256];
static unsigned char data[1 << 16];

int main(int argc, char **argv)
{
	uint64_t state = 88172645463325252u;
	uint32_t crc = ~0u;

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
		table[i] = c;
	}
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = next_random(&state);
	for (long round = work(argc, argv); round > 0; round--)
		for (size_t i = 0; i < sizeof(data); i++)
			crc = table[(crc ^ data[i]) & 255] ^ crc >> 8;
	return report(~crc);
}
