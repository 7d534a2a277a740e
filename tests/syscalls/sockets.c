/* Sockets: pairs, names, messages with descriptors and credentials, TCP and UDP, options. */
#include "test.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static void pairs(void)
{
	struct iovec vector[2] = { { "head", 4 }, { "tail", 4 } };
	struct msghdr message = { .msg_iov = vector, .msg_iovlen = 2 };
	char buffer[64] = { 0 };
	int pair[2], available = 0;

	CALL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	CALL(send(pair[0], "hello", 5, 0));
	CALL(ioctl(pair[1], FIONREAD, &available));
	VALUE(available);
	CALL(recv(pair[1], buffer, 2, MSG_PEEK));
	CALL(recv(pair[1], buffer, sizeof(buffer), 0));
	puts(buffer);
	CALL(sendmsg(pair[0], &message, 0));
	CALL(recv(pair[1], buffer, 8, MSG_WAITALL));
	puts(buffer);
	CALL(recv(pair[1], buffer, 1, MSG_DONTWAIT));
	CALL(shutdown(pair[0], SHUT_WR));
	CALL(recv(pair[1], buffer, 1, 0));
	CALL(send(pair[0], "x", 1, MSG_NOSIGNAL));
	signal(SIGPIPE, SIG_IGN);
	CALL(write(pair[0], "x", 1));
	close(pair[0]);
	close(pair[1]);

	CALL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	CALL(send(pair[0], "one", 3, 0));
	CALL(send(pair[0], "second", 6, 0));
	CALL(recv(pair[1], buffer, 2, MSG_TRUNC));
	CALL(recv(pair[1], buffer, 64, 0));
	close(pair[0]);
	close(pair[1]);
	CALL(socketpair(AF_INET, SOCK_STREAM, 0, pair));
	CALL(socket(77, SOCK_STREAM, 0));
	CALL(socket(AF_UNIX, 77, 0));
	CALL(send(0x7fff, "x", 1, 0));
	CALL(connect(1, NULL, 0) < 0);
}

static void descriptors(void)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(2 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} control = { 0 };
	char byte = 'd', buffer[16] = { 0 };
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = CMSG_SPACE(2 * sizeof(int)) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int pair[2], file = open("passed", O_CREAT | O_RDWR, 0600), on = 1, got[2] = { -1, -1 };
	struct ucred credentials = { 0 };
	socklen_t length = sizeof(credentials);

	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(header), (int[]){ file, 1 }, 2 * sizeof(int));
	CALL(sendmsg(pair[0], &message, 0));
	CALL(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	memset(&control, 0, sizeof(control));
	message.msg_controllen = sizeof(control);
	CALL(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC));
	for (header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
		printf("level %d type %d length %ld\n", header->cmsg_level, header->cmsg_type,
			(long)(header->cmsg_len - CMSG_LEN(0)));
		if (header->cmsg_type == SCM_RIGHTS)
			memcpy(got, CMSG_DATA(header), sizeof(got));
		else
			IS(((struct ucred *)CMSG_DATA(header))->pid == getpid());
	}
	IS(got[0] > 2 && got[0] != file);
	VALUE(fcntl(got[0], F_GETFD));
	CALL(write(got[0], "through", 7));
	CALL(pread(file, buffer, 15, 0));
	puts(buffer);
	CALL(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &credentials, &length));
	IS(credentials.pid == getpid() && credentials.uid == getuid());
	close(pair[0]);
	close(pair[1]);
}

static void names(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "./socket" }, peer;
	socklen_t length = offsetof(struct sockaddr_un, sun_path) + 9;
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), client, server;

	client = socket(AF_UNIX, SOCK_STREAM, 0);
	CALL(connect(client, (struct sockaddr *)&address, length));
	CALL(bind(listener, (struct sockaddr *)&address, length));
	CALL(bind(listener, (struct sockaddr *)&address, length));
	CALL(connect(client, (struct sockaddr *)&address, length));
	CALL(listen(listener, 5));
	CALL(connect(client, (struct sockaddr *)&address, length));
	length = sizeof(peer);
	server = accept4(listener, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC);
	IS(server >= 0);
	VALUE(length);
	length = sizeof(peer);
	CALL(getpeername(client, (struct sockaddr *)&peer, &length));
	printf("%u %s\n", length, peer.sun_path);
	length = 4;
	CALL(getsockname(listener, (struct sockaddr *)&peer, &length));
	VALUE(length);
	close(client);
	close(server);
	close(listener);

	/* Abstract names may hold anything. */
	memset(address.sun_path, 0, sizeof(address.sun_path));
	snprintf(address.sun_path + 1, 80, "dragoman-test-%d", getpid());
	listener = socket(AF_UNIX, SOCK_DGRAM, 0);
	client = socket(AF_UNIX, SOCK_DGRAM, 0);
	length = offsetof(struct sockaddr_un, sun_path) + 30;
	CALL(bind(listener, (struct sockaddr *)&address, length));
	CALL(sendto(client, "abstract", 8, 0, (struct sockaddr *)&address, length));
	{
		char buffer[16] = { 0 };

		length = sizeof(peer);
		CALL(recvfrom(listener, buffer, sizeof(buffer), 0, (struct sockaddr *)&peer,
			      &length));
		puts(buffer);
		VALUE(length);
	}
	close(client);
	close(listener);
}

static void internet(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET }, peer;
	socklen_t length = sizeof(address);
	struct linger linger = { 1, 5 };
	struct timeval timeout = { 0, 20000 };
	struct pollfd poller;
	char buffer[32] = { 0 };
	int listener = socket(AF_INET, SOCK_STREAM, 0), client, server, value = 1, got;
	struct tcp_info info;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CALL(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &value, sizeof(value)));
	CALL(bind(listener, (struct sockaddr *)&address, sizeof(address)));
	CALL(getsockname(listener, (struct sockaddr *)&address, &length));
	IS(address.sin_port != 0 && length == sizeof(address));
	CALL(listen(listener, 1));
	client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	got = connect(client, (struct sockaddr *)&address, sizeof(address));
	IS(got == 0 || errno == EINPROGRESS);
	length = sizeof(peer);
	server = accept(listener, (struct sockaddr *)&peer, &length);
	IS(server >= 0 && peer.sin_addr.s_addr == address.sin_addr.s_addr);
	poller = (struct pollfd){ client, POLLOUT, 0 };
	CALL(poll(&poller, 1, 1000));
	VALUE(poller.revents);
	length = sizeof(got);
	CALL(getsockopt(client, SOL_SOCKET, SO_ERROR, &got, &length));
	VALUE(got);
	CALL(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value)));
	length = sizeof(got);
	CALL(getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &got, &length));
	VALUE(got);
	CALL(setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	CALL(getsockopt(client, SOL_SOCKET, SO_TYPE, &got, &length));
	VALUE(got);
	length = sizeof(info);
	CALL(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &length));
	VALUE(info.tcpi_state);
	CALL(getsockopt(client, SOL_SOCKET, 9999, &got, &length));
	CALL(send(client, "over tcp", 8, 0));
	CALL(recv(server, buffer, sizeof(buffer), 0));
	puts(buffer);
	CALL(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)));
	CALL(recv(server, buffer, sizeof(buffer), 0));
	close(client);
	CALL(recv(server, buffer, sizeof(buffer), 0));
	close(server);
	close(listener);

	/* Datagrams, several at a time. */
	server = socket(AF_INET, SOCK_DGRAM, 0);
	client = socket(AF_INET, SOCK_DGRAM, 0);
	address.sin_port = 0;
	CALL(bind(server, (struct sockaddr *)&address, sizeof(address)));
	length = sizeof(address);
	getsockname(server, (struct sockaddr *)&address, &length);
	CALL(connect(client, (struct sockaddr *)&address, sizeof(address)));
	{
		struct iovec out[2] = { { "ab", 2 }, { "cde", 3 } };
		char room[2][8] = { { 0 } };
		struct iovec in[2] = { { room[0], 8 }, { room[1], 8 } };
		struct mmsghdr many[2] = {
			{ .msg_hdr = { .msg_iov = &out[0], .msg_iovlen = 1 } },
			{ .msg_hdr = { .msg_iov = &out[1], .msg_iovlen = 1 } },
		};

		CALL(sendmmsg(client, many, 2, 0));
		many[0].msg_hdr.msg_iov = &in[0];
		many[1].msg_hdr.msg_iov = &in[1];
		CALL(recvmmsg(server, many, 2, 0, NULL));
		printf("%u %s %u %s\n", many[0].msg_len, room[0], many[1].msg_len, room[1]);
	}
	close(client);
	close(server);
}

int main(void)
{
	test_begin();
	pairs();
	descriptors();
	names();
	internet();
	return 0;
}
