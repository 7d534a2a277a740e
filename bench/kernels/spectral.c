/* Double precision with integer conversions and divisions: the spectral norm of a matrix. */
#include "bench.h"
#include <math.h>

enum { MOST = 1000 };

static double u[MOST], v[MOST], t[MOST];

static double cell(int i, int j)
{
	return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1);
}

static void times(int n, const double *from, double *to, int transposed)
{
	for (int i = 0; i < n; i++) {
		double sum = 0;

		for (int j = 0; j < n; j++)
			sum += (transposed ? cell(j, i) : cell(i, j)) * from[j];
		to[i] = sum;
	}
}

int main(int argc, char **argv)
{
	int n = work(argc, argv);
	double uv = 0, vv = 0;

	if (n > MOST)
		n = MOST;
	for (int i = 0; i < n; i++)
		u[i] = 1;
	for (int round = 0; round < 10; round++) {
		times(n, u, t, 0);
		times(n, t, v, 1);
		times(n, v, t, 0);
		times(n, t, u, 1);
	}
	for (int i = 0; i < n; i++) {
		uv += u[i] * v[i];
		vv += v[i] * v[i];
	}
	return report_real(sqrt(uv / vv));
}
