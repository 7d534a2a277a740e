/*
 * fork, exec and wait, as a shell does for every command.  The program starts itself, with no
 * argument, which ends at once.  An emulator that needs the kernel's help (binfmt_misc) to start
 * a foreign program is named by BENCH_VIA and put in front, which is what the kernel would do.
 */
#include "bench.h"
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *via = getenv("BENCH_VIA");
	uint64_t ended = 0;

	if (argc < 2)
		return 7;
	for (long round = work(argc, argv); round > 0; round--) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			if (via)
				execl(via, via, argv[0], (char *)NULL);
			execl(argv[0], argv[0], (char *)NULL);
			_exit(126);
		}
		waitpid(child, &status, 0);
		ended += WEXITSTATUS(status);
	}
	return report(ended);
}
