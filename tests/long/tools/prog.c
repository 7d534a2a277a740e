/* The test that the build tools run: wants one argument, says for which machine it runs. */
#include <stdio.h>
#include <sys/utsname.h>

int main(int argc, char **argv)
{
	struct utsname u;

	uname(&u);
	puts(u.machine);
	return argc != 2;
}
