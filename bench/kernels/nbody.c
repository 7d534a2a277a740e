/* Double precision with square roots and divisions: bodies under gravity. */
#include "bench.h"
#include <math.h>

enum { BODIES = 5 };

static struct body {
	double x[3], v[3], mass;
} bodies[BODIES] = {
	{ { 0, 0, 0 }, { 0, 0, 0 }, 39.5 },
	{ { 4.84, -1.16, -0.10 }, { 0.606, 2.81, -0.020 }, 0.0377 },
	{ { 8.34, 4.12, -0.40 }, { -1.01, 1.82, 0.0084 }, 0.0113 },
	{ { 12.9, -15.1, -0.22 }, { 1.08, 0.869, -0.0108 }, 0.0017 },
	{ { 15.4, -25.9, 0.18 }, { 0.979, 0.595, -0.0348 }, 0.0020 },
};

static void advance(double dt)
{
	for (int i = 0; i < BODIES; i++) {
		struct body *a = &bodies[i];

		for (int j = i + 1; j < BODIES; j++) {
			struct body *b = &bodies[j];
			double d0 = a->x[0] - b->x[0], d1 = a->x[1] - b->x[1], d2 = a->x[2] - b->x[2];
			double square = d0 * d0 + d1 * d1 + d2 * d2;
			double pull = dt / (square * sqrt(square));

			a->v[0] -= d0 * b->mass * pull;
			a->v[1] -= d1 * b->mass * pull;
			a->v[2] -= d2 * b->mass * pull;
			b->v[0] += d0 * a->mass * pull;
			b->v[1] += d1 * a->mass * pull;
			b->v[2] += d2 * a->mass * pull;
		}
	}
	for (int i = 0; i < BODIES; i++)
		for (int k = 0; k < 3; k++)
			bodies[i].x[k] += dt * bodies[i].v[k];
}

int main(int argc, char **argv)
{
	double energy = 0;

	for (long step = work(argc, argv); step > 0; step--)
		advance(0.001);
	for (int i = 0; i < BODIES; i++)
		for (int k = 0; k < 3; k++)
			energy += 0.5 * bodies[i].mass * bodies[i].v[k] * bodies[i].v[k];
	return report_real(energy);
}
