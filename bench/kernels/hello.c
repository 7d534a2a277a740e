/* Start-up: a static program that says one line. */
#include <stdio.h>

int main(void)
{
	puts("hello");
	return 0;
}
