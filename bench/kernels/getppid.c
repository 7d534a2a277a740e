/* System calls that cost nothing by themselves. */
#include "bench.h"
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long first = syscall(SYS_getppid);
	uint64_t same = 0;

	for (long round = work(argc, argv); round > 0; round--)
		same += syscall(SYS_getppid) == first;
	return report(same);
}
