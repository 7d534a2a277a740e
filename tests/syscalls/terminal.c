/* ioctl: a terminal of our own (a pty), its modes, size, signals; a few others. */
#include "test.h"
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>

int main(void)
{
	struct winsize size = { 0 };
	struct termios modes;
	char name[64], buffer[64] = { 0 };
	int master, slave, value = 0, ends[2];
	pid_t child;

	test_begin();
	master = posix_openpt(O_RDWR | O_NOCTTY);
	IS(master >= 0);
	CALL(grantpt(master));
	CALL(unlockpt(master));
	IS(ptsname_r(master, name, sizeof(name)) == 0 && strncmp(name, "/dev/pts/", 9) == 0);
	CALL(ioctl(master, TIOCGPTN, &value));
	slave = open(name, O_RDWR | O_NOCTTY);
	IS(slave >= 0 && isatty(slave));
	CALL(isatty(open("/dev/null", O_RDONLY)));
	CALL(ioctl(slave, TIOCGWINSZ, &size));
	printf("%d %d\n", size.ws_row, size.ws_col);
	size.ws_row = 25;
	size.ws_col = 80;
	CALL(ioctl(master, TIOCSWINSZ, &size));
	memset(&size, 0, sizeof(size));
	CALL(ioctl(slave, TIOCGWINSZ, &size));
	printf("%d %d\n", size.ws_row, size.ws_col);

	CALL(tcgetattr(slave, &modes));
	printf("%o %o %o %o\n", modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag);
	for (int i = 0; i < 17; i++)
		printf(" %d", modes.c_cc[i]);
	putchar('\n');
	CALL(write(master, "echoed\n", 7));
	CALL(read(slave, buffer, sizeof(buffer)));
	CALL(read(master, buffer, sizeof(buffer)));
	printf("%d\n", buffer[6]);
	modes.c_lflag &= ~(ICANON | ECHO);
	modes.c_cc[VMIN] = 1;
	CALL(tcsetattr(slave, TCSADRAIN, &modes));
	CALL(write(master, "r", 1));
	CALL(poll(&(struct pollfd){ slave, POLLIN, 0 }, 1, 1000));
	CALL(ioctl(slave, FIONREAD, &value));
	VALUE(value);
	CALL(read(slave, buffer, sizeof(buffer)));
	VALUE(cfgetospeed(&modes) == B38400);
	CALL(tcflush(slave, TCIOFLUSH));
	CALL(tcdrain(slave));
	CALL(ioctl(slave, TIOCGPGRP, &value));
	fflush(stdout);
	child = fork();
	if (child == 0) {
		signal(SIGINT, SIG_DFL);
		setsid();
		CALL(ioctl(slave, TIOCSCTTY, 0));
		IS(tcgetpgrp(slave) == getpid());
		CALL(close(open("/dev/tty", O_RDWR)));
		if (write(slave, "ready", 5) != 5)
			_exit(1);
		pause();
		_exit(0);
	}
	CALL(read(master, buffer, sizeof(buffer)));
	CALL(write(master, "\003", 1));			/* the interrupt character */
	test_reap("interrupted", child);
	CALL(ioctl(1, 0x12345678, &value) < 0);
	CALL(ioctl(slave, TIOCGWINSZ, (void *)8));
	close(slave);
	CALL(read(master, buffer, sizeof(buffer)) >= -1);
	close(master);

	CALL(pipe(ends));
	CALL(write(ends[1], "12345", 5));
	CALL(ioctl(ends[0], FIONREAD, &value));
	VALUE(value);
	value = 1;
	CALL(ioctl(ends[0], FIONBIO, &value));
	IS(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	CALL(ioctl(ends[0], FIOCLEX));
	VALUE(fcntl(ends[0], F_GETFD));
	CALL(ioctl(ends[0], FIONCLEX));
	VALUE(fcntl(ends[0], F_GETFD));
	CALL(ioctl(ends[0], TCGETS, &modes));
	CALL(ioctl(-1, FIONREAD, &value));
	return 0;
}
