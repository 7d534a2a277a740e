/* Double precision in a short loop with an exit in the middle: the Mandelbrot set. */
#include "bench.h"

int main(int argc, char **argv)
{
	long size = work(argc, argv);
	uint64_t inside = 0;

	for (long row = 0; row < size; row++) {
		for (long column = 0; column < size; column++) {
			double cr = 3.0 * column / size - 2.0, ci = 2.0 * row / size - 1.0;
			double zr = 0, zi = 0, rr = 0, ii = 0;
			int left = 200;

			while (left > 0 && rr + ii <= 4.0) {
				zi = 2 * zr * zi + ci;
				zr = rr - ii + cr;
				rr = zr * zr;
				ii = zi * zi;
				left--;
			}
			inside += left == 0;
		}
	}
	/* The rounding of a contracted product moves a few points of the border. */
	return report_real((double)(inside * 500 / (size * size)));
}
