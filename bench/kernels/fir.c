/* Single precision, vectorised by the compiler: a finite impulse response filter. */
#include "bench.h"

enum { TAPS = 32, SAMPLES = 4096 };

static float taps[TAPS], in[SAMPLES + TAPS], out[SAMPLES];

int main(int argc, char **argv)
{
	double sum = 0;

	for (int i = 0; i < TAPS; i++)
		taps[i] = (i % 5 + 1) * 0.25f;	/* exact, fused or not */
	for (int i = 0; i < SAMPLES + TAPS; i++)
		in[i] = (float)(i % 17) - 8;
	for (long round = work(argc, argv); round > 0; round--) {
		memset(out, 0, sizeof(out));
		for (int k = 0; k < TAPS; k++)
			for (int i = 0; i < SAMPLES; i++)
				out[i] += taps[k] * in[i + k];
		in[round % SAMPLES] += 0.5f;
	}
	for (int i = 0; i < SAMPLES; i++)
		sum += out[i] * (i & 3);
	return report_real(sum);
}
