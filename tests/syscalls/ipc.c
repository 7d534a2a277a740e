/* System V shared memory, semaphores and message queues; POSIX message queues. */
#include "test.h"
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>

static void shared_memory(void)
{
	struct shmid_ds status;
	char *p, *q;
	int id;
	pid_t child;

	id = shmget(IPC_PRIVATE, 10000, IPC_CREAT | 0600);
	IS(id >= 0);
	p = shmat(id, NULL, 0);
	q = shmat(id, NULL, SHM_RDONLY);
	IS(p != (void *)-1 && q != (void *)-1 && p != q);
	strcpy(p, "shared");
	puts(q);
	CALL(shmctl(id, IPC_STAT, &status));
	printf("%ld %ld %o\n", (long)status.shm_segsz, (long)status.shm_nattch,
		status.shm_perm.mode);
	IS(status.shm_cpid == getpid());
	child = fork();
	if (child == 0) {
		strcpy(p, "by child");
		_exit(0);
	}
	test_reap("child", child);
	puts(q);
	CALL(shmdt(q));
	CALL(shmdt(q));
	CALL(shmctl(id, IPC_RMID, NULL));
	puts(p);
	CALL(shmdt(p));
	IS(shmat(id, NULL, 0) == (void *)-1);
	CALL(shmget(IPC_PRIVATE, 0, IPC_CREAT));
	CALL(shmget(0x7a7a7a7a, 100, 0));
}

static void semaphores(void)
{
	struct sembuf operation = { 0, -1, 0 };
	unsigned short values[3] = { 1, 2, 3 };
	struct semid_ds status;
	union { int val; struct semid_ds *buf; unsigned short *array; } argument;
	int id = semget(IPC_PRIVATE, 3, IPC_CREAT | 0600);
	struct timespec soon = { 0, 10000000 };
	pid_t child;

	IS(id >= 0);
	argument.array = values;
	CALL(semctl(id, 0, SETALL, argument));
	CALL(semctl(id, 2, GETVAL));
	CALL(semop(id, &operation, 1));
	operation.sem_flg = IPC_NOWAIT;
	CALL(semop(id, &operation, 1));
	operation.sem_flg = 0;
	CALL(semtimedop(id, &operation, 1, &soon));
	argument.buf = &status;
	CALL(semctl(id, 0, IPC_STAT, argument));
	VALUE(status.sem_nsems);
	child = fork();
	if (child == 0) {
		operation.sem_op = 1;
		test_sleep_ms(20);
		_exit(semop(id, &operation, 1) != 0);
	}
	CALL(semop(id, &operation, 1));
	test_reap("poster", child);
	CALL(semctl(id, 0, GETPID) == child);
	argument.val = 9;
	CALL(semctl(id, 1, SETVAL, argument));
	argument.array = values;
	CALL(semctl(id, 0, GETALL, argument));
	printf("%d %d %d\n", values[0], values[1], values[2]);
	operation.sem_num = 7;
	CALL(semop(id, &operation, 1));
	CALL(semctl(id, 0, IPC_RMID));
	CALL(semop(id, &operation, 1));
}

static void messages(void)
{
	struct { long type; char text[32]; } message = { 3, "third" };
	struct msqid_ds status;
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

	IS(id >= 0);
	CALL(msgsnd(id, &message, 6, 0));
	message.type = 1;
	strcpy(message.text, "first");
	CALL(msgsnd(id, &message, 6, 0));
	CALL(msgctl(id, IPC_STAT, &status));
	VALUE(status.msg_qnum);
	CALL(msgrcv(id, &message, sizeof(message.text), -2, 0));
	printf("%ld %s\n", message.type, message.text);
	CALL(msgrcv(id, &message, 2, 0, 0));
	CALL(msgrcv(id, &message, 2, 0, MSG_NOERROR));
	CALL(msgrcv(id, &message, 2, 0, IPC_NOWAIT));
	message.type = 0;
	CALL(msgsnd(id, &message, 6, 0));
	CALL(msgctl(id, IPC_RMID, NULL));
	CALL(msgrcv(id, &message, 2, 0, 0));
}

static volatile int notified;

static void handler(int number, siginfo_t *info, void *context)
{
	notified = info->si_value.sival_int;
}

/* What a C library does for SIGEV_THREAD: 32 bytes of its own come by a socket. */
static void told_by_socket(mqd_t queue)
{
	static char cookie[32] = "something to remember", got[32];
	int s = socket(AF_NETLINK, SOCK_RAW, 0);
	struct sigevent event = { .sigev_notify = SIGEV_THREAD, .sigev_signo = s, .sigev_value.sival_ptr = cookie };

	CALL(syscall(SYS_mq_notify, queue, &event));
	CALL(syscall(SYS_mq_notify, queue, &event));
	CALL(mq_send(queue, "x", 1, 1));
	CALL(recv(s, got, sizeof(got), MSG_DONTWAIT));
	puts(got);
	VALUE(got[31]);
	event.sigev_value.sival_ptr = (void *)8;
	CALL(syscall(SYS_mq_notify, queue, &event));
	event.sigev_notify = 9;
	CALL(syscall(SYS_mq_notify, queue, &event));
	CALL(syscall(SYS_mq_notify, queue, NULL));
	close(s);
}

static void posix_queues(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
		.sigev_value.sival_int = 17 };
	struct mq_attr attributes = { .mq_maxmsg = 4, .mq_msgsize = 16 };
	struct timespec past = { 1, 0 };
	char name[64], buffer[16] = { 0 };
	unsigned priority;
	mqd_t queue;

	snprintf(name, sizeof(name), "/dragoman-%d", getpid());
	queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
	if (queue == (mqd_t)-1) {
		printf("mq_open: %s\n", strerrorname_np(errno));
		return;
	}
	sigaction(SIGUSR1, &action, NULL);
	CALL(mq_notify(queue, &event));
	CALL(mq_send(queue, "low", 4, 1));
	VALUE(notified);
	CALL(mq_send(queue, "high", 5, 9));
	CALL(mq_getattr(queue, &attributes));
	printf("%ld %ld %ld\n", attributes.mq_maxmsg, attributes.mq_msgsize, attributes.mq_curmsgs);
	CALL(mq_receive(queue, buffer, 16, &priority));
	printf("%s %u\n", buffer, priority);
	CALL(mq_receive(queue, buffer, 4, &priority));
	CALL(mq_receive(queue, buffer, 16, NULL));
	CALL(mq_timedreceive(queue, buffer, 16, NULL, &past));
	CALL(mq_send(queue, "much too long for it", 20, 0));
	told_by_socket(queue);
	CALL(mq_close(queue));
	CALL(mq_unlink(name));
	CALL(mq_unlink(name));
}

int main(void)
{
	test_begin();
	shared_memory();
	semaphores();
	messages();
	posix_queues();
	return 0;
}
