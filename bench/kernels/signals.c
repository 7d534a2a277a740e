/* A signal sent to oneself, its handler and the return from it. */
#include "bench.h"
#include <signal.h>

static volatile uint64_t handled;

static void handler(int number)
{
	handled += number;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(SIGUSR1, &action, NULL);
	for (long round = work(argc, argv); round > 0; round--)
		raise(SIGUSR1);
	return report(handled);
}
