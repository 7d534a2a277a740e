/* What a program reads about itself: /proc/self, the auxiliary vector, its own image. */
#include "test.h"
#include <dirent.h>
#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <sys/auxv.h>

static int variable = 1;

int main(int argc, char **argv);

static long slurp(const char *path, char *buffer, long size)
{
	int fd = open(path, O_RDONLY);
	long got, total = 0;

	if (fd < 0)
		return -1;
	while ((got = read(fd, buffer + total, size - 1 - total)) > 0)
		total += got;
	buffer[total] = '\0';
	close(fd);
	return total;
}

/* Does a line of maps hold the address, with these permissions and this end of its name? */
static int mapped(const char *maps, const void *address, const char *perms, const char *name)
{
	for (const char *line = maps; line && *line; line = strchr(line, '\n')) {
		unsigned long start, end;
		char p[5], file[256] = "";

		line += *line == '\n';
		if (sscanf(line, "%lx-%lx %4s %*x %*s %*d %255[^\n]", &start, &end, p, file) < 3)
			continue;
		if ((unsigned long)address < start || (unsigned long)address >= end)
			continue;
		return strcmp(p, perms) == 0 && strlen(file) >= strlen(name) &&
			strcmp(file + strlen(file) - strlen(name), name) == 0;
	}
	return 0;
}

static void *in_thread(void *argument)
{
	DIR *dir = opendir("/proc/self/task");
	int tasks = 0;

	for (struct dirent *entry; (entry = readdir(dir));)
		tasks += entry->d_name[0] != '.';
	closedir(dir);
	return (void *)(long)tasks;
}

/* Another process of ours, seen from here. */
static void another(char *buffer, long size, const char *own_exe)
{
	char path[64], exe[PATH_MAX] = { 0 }, ready;
	int out[2], hold[2];
	pid_t child;

	if (pipe(out) < 0 || pipe(hold) < 0)
		return;
	child = fork();
	if (child == 0) {
		dup2(out[1], 1);
		dup2(hold[0], 0);
		close(hold[1]);
		execve("/proc/self/exe", (char *[]){ "another one", "hold", "", NULL },
			(char *[]){ "C=d", NULL });
		_exit(99);
	}
	close(out[1]);
	VALUE(read(out[0], &ready, 1));
	snprintf(path, sizeof(path), "/proc/%d/exe", child);
	IS(readlink(path, exe, sizeof(exe) - 1) > 0 && strcmp(exe, own_exe) == 0);
	snprintf(path, sizeof(path), "/proc/%d/cmdline", child);
	VALUE(slurp(path, buffer, size));
	IS(strcmp(buffer, "another one") == 0 && strcmp(buffer + 12, "hold") == 0);
	snprintf(path, sizeof(path), "/proc/%d/environ", child);
	VALUE(slurp(path, buffer, size));
	puts(buffer);
	snprintf(path, sizeof(path), "/proc/%d/maps", child);
	slurp(path, buffer, size);
	IS(mapped(buffer, &variable, "rw-p", strrchr(own_exe, '/')));
	IS(!strstr(buffer, "dragoman-aarch64") && strstr(buffer, "[stack]") &&
	   strstr(buffer, "[vdso]"));
	snprintf(path, sizeof(path), "/proc/%d/smaps", child);
	slurp(path, buffer, size);
	IS(mapped(buffer, &variable, "rw-p", strrchr(own_exe, '/')));
	close(hold[1]);
	test_reap("another", child);
}

/* The same files by other names. */
static void by_links(char *buffer, long size, const char *own_exe)
{
	char exe[PATH_MAX] = { 0 };
	int dir;

	CALL(symlink("/proc/self", "link"));
	IS(slurp("link/maps", buffer, size) > 0 &&
	   mapped(buffer, (void *)main, "r-xp", strrchr(own_exe, '/')));
	IS(readlink("link/exe", exe, sizeof(exe) - 1) > 0 && strcmp(exe, own_exe) == 0);
	IS(slurp("/proc/self/../self/maps", buffer, size) > 0 &&
		mapped(buffer, (void *)main, "r-xp", strrchr(own_exe, '/')));
	dir = open("/proc/self/task", O_RDONLY | O_DIRECTORY);
	snprintf(buffer, size, "%d/exe", getpid());
	memset(exe, 0, sizeof(exe));
	IS(readlinkat(dir, buffer, exe, sizeof(exe) - 1) > 0 && strcmp(exe, own_exe) == 0);
	close(dir);
	slurp("/proc/self/smaps", buffer, size);
	IS(mapped(buffer, (void *)main, "r-xp", strrchr(own_exe, '/')) && strstr(buffer, "\nRss:"));
	IS(!strstr(buffer, "dragoman-aarch64"));
}

/* Files that were mapped have names. */
static void file_names(char *buffer, long size)
{
	int file = open("a file", O_RDWR | O_CREAT, 0600);
	char *p;

	ftruncate(file, 8192);
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 4096);
	slurp("/proc/self/maps", buffer, size);
	IS(mapped(buffer, p, "r--s", "/a file"));
	close(file);
}

int main(int argc, char **argv)
{
	static char buffer[1 << 20];
	char exe[PATH_MAX] = { 0 }, path[64], *base;
	void *tasks;
	pthread_t thread;
	Elf64_auxv_t aux[64];
	long got, entries = 0;

	if (argc == 1) {	/* start again with arguments and environment that are known */
		if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
			return 1;
		execve(exe, (char *[]){ argv[0], "arg one", "", NULL },
			(char *[]){ "A=b", NULL });
		perror("execve");
		return 1;
	}
	if (strcmp(argv[1], "hold") == 0) {
		write(1, "", 1);
		return read(0, buffer, 1);
	}
	test_begin();
	IS(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	base = strrchr(exe, '/') + 1;
	IS(strcmp(base, strrchr(argv[0], '/') + 1) == 0);
	IS(access("/proc/self/exe", X_OK) == 0);
	snprintf(path, sizeof(path), "/proc/%d/exe", getpid());
	IS(readlink(path, buffer, sizeof(buffer)) == (ssize_t)strlen(exe));

	got = slurp("/proc/self/cmdline", buffer, sizeof(buffer));
	VALUE(got - (long)strlen(argv[0]));
	IS(strcmp(buffer, argv[0]) == 0 && strcmp(buffer + strlen(buffer) + 1, "arg one") == 0);
	VALUE(slurp("/proc/self/environ", buffer, sizeof(buffer)));
	puts(buffer);
	slurp("/proc/self/comm", buffer, sizeof(buffer));
	IS(strncmp(buffer, base, strlen(base)) == 0);

	slurp("/proc/self/maps", buffer, sizeof(buffer));
	IS(mapped(buffer, (void *)main, "r-xp", base));
	IS(mapped(buffer, &variable, "rw-p", base));
	IS(mapped(buffer, &got, "rw-p", "[stack]"));
	IS(mapped(buffer, malloc(10), "rw-p", "[heap]"));
	IS(mapped(buffer, (void *)getauxval(AT_SYSINFO_EHDR), "r-xp", "[vdso]"));
	IS(!strstr(buffer, "dragoman-aarch64") || strstr(base, "dragoman"));
	snprintf(path, sizeof(path), "/proc/%d/maps", getpid());
	IS(slurp(path, buffer, sizeof(buffer)) > 0 && mapped(buffer, &variable, "rw-p", base));

	got = slurp("/proc/self/auxv", (char *)aux, sizeof(aux));
	IS(got > 0);
	for (Elf64_auxv_t *a = aux; a->a_type != AT_NULL && entries < 40; a++, entries++)
		/* The library edits its copy of the hardware's features on some machines. */
		if (a->a_type != AT_HWCAP && a->a_type != AT_HWCAP2 &&
				a->a_un.a_val != getauxval(a->a_type))
			printf("auxv entry %ld differs\n", (long)a->a_type);
	IS(entries > 10);
	VALUE(getauxval(AT_PAGESZ));
	VALUE(getauxval(AT_CLKTCK));
	VALUE(getauxval(AT_SECURE));
	VALUE(getauxval(AT_PHENT));
	VALUE(getauxval(AT_FLAGS));
	IS(getauxval(AT_ENTRY) != 0 && getauxval(AT_PHNUM) > 2);
	IS(getauxval(AT_UID) == getuid() && getauxval(AT_EGID) == getegid());
	IS(memcmp((void *)(getauxval(AT_PHDR) & -4096L), ELFMAG, 4) == 0);
	IS(strcmp((char *)getauxval(AT_EXECFN), exe) == 0);
	IS(getauxval(AT_RANDOM) != 0);
	/* Not every architecture states one. */
	IS(!getauxval(AT_PLATFORM) || *(char *)getauxval(AT_PLATFORM) != 0);

	slurp("/proc/self/status", buffer, sizeof(buffer));
	IS(strstr(buffer, "\nThreads:\t1\n") != NULL);
	slurp("/proc/self/stat", buffer, sizeof(buffer));
	IS(atoi(buffer) == getpid());
	VALUE((long)in_thread(NULL));
	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, &tasks);
	VALUE((long)tasks);
	slurp("/proc/cpuinfo", buffer, sizeof(buffer));
	IS(strstr(buffer, "processor\t: 0") != NULL);
	CALL(open("/proc/self/nothing", O_RDONLY));
	CALL(open("/proc/self/fd/77", O_RDONLY));
	IS(readlink("/proc/self/cwd", buffer, sizeof(buffer)) == (ssize_t)strlen(test_directory));
	another(buffer, sizeof(buffer), exe);
	by_links(buffer, sizeof(buffer), exe);
	file_names(buffer, sizeof(buffer));
	return 0;
}
