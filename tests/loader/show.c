/* Shows a program what it was given, one thing per argument: the guest side of runner.bats. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Executes the given words of code, in hexadecimal with commas between. */
static void execute(const char *words)
{
	unsigned *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned n = 0;
	char *end = (char *)words - 1;

	do
		code[n++] = strtoul(end + 1, &end, 16);
	while (*end == ',');
	__builtin___clear_cache((char *)code, (char *)(code + n));
	((void (*)(void))code)();
}

static int use_stack(unsigned long bytes)
{
	volatile char page[4096];

	page[0] = 1;
	return bytes > sizeof page ? use_stack(bytes - sizeof page) + page[0] : page[0];
}

int main(int argc, char **argv, char **envp)
{
	const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
	struct utsname u;
	char exe[4096];

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "argv")) {
			for (int k = 0; k < argc; k++)
				printf("%s%s", k ? "|" : "", argv[k]);
			puts("");
		} else if (!strcmp(argv[i], "environ")) {
			for (char **e = envp; *e; e++)
				puts(*e);
		} else if (!strcmp(argv[i], "uname")) {
			uname(&u);
			printf("%s %s\n", u.release, u.machine);
		} else if (!strcmp(argv[i], "random")) {
			for (int k = 0; k < 16; k++)
				printf("%02x", random[k]);
			printf(" %p\n", (void *)&u);
		} else if (!strcmp(argv[i], "exe")) {
			ssize_t n = readlink("/proc/self/exe", exe, sizeof exe);

			printf("%.*s %s\n", n < 0 ? 0 : (int)n, exe,
			       (const char *)getauxval(AT_EXECFN));
		} else if (!strncmp(argv[i], "stack=", 6)) {
			printf("%d\n", use_stack(strtoul(argv[i] + 6, NULL, 0)) > 0);
		} else if (!strncmp(argv[i], "aux=", 4)) {
			printf("%lu\n", getauxval(strtoul(argv[i] + 4, NULL, 0)));
		} else if (!strncmp(argv[i], "code=", 5)) {
			execute(argv[i] + 5);
		} else if (!strncmp(argv[i], "raise=", 6)) {
			raise(strtoul(argv[i] + 6, NULL, 0));
		} else if (!strcmp(argv[i], "abort")) {
			abort();
		}
	}
	return 0;
}
