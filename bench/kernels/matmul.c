/* Single precision, vectorised by the compiler: the product of two matrices. */
#include "bench.h"

enum { SIZE = 128 };

static float a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];

int main(int argc, char **argv)
{
	double sum = 0;

	for (int i = 0; i < SIZE; i++) {
		for (int j = 0; j < SIZE; j++) {
			a[i][j] = (i * 3 + j) % 13;
			b[i][j] = (i + j * 5) % 11;
		}
	}
	for (long round = work(argc, argv); round > 0; round--) {
		for (int i = 0; i < SIZE; i++) {
			for (int j = 0; j < SIZE; j++)
				c[i][j] = 0;
			for (int k = 0; k < SIZE; k++)
				for (int j = 0; j < SIZE; j++)
					c[i][j] += a[i][k] * b[k][j];
		}
		a[round % SIZE][round % 7] += 1;
	}
	for (int i = 0; i < SIZE; i++)
		for (int j = 0; j < SIZE; j++)
			sum += c[i][j] * (i ^ j);
	return report_real(sum);
}
