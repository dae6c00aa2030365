// SPDX-License-Identifier: MIT
/*
 * serial.c - the line to the host.
 *
 * The tty layer keeps 64 KiB that nobody has read and then loses characters, and a 16550 under QEMU knows no flow control
 * but its FIFO: so a thread of its own, on cpu 0, does nothing but take what comes. 115200 baud is not a speed (QEMU's line has
 * none): it is what the receiver's timeout is counted in, four characters from the last of a command to its interrupt.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "agent.h"

#define RING (8u << 20)

static int fd = -1;
static char ring[RING];
static size_t head, tail; /* ever written, ever read */
static bool gone;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER, room = PTHREAD_COND_INITIALIZER;

static char out[64 << 10];
static size_t out_len;

static void *reader(void *arg)
{
	char chunk[4096];

	(void)arg;
	pin_to_cpu(0);
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		pthread_mutex_lock(&lock);
		if (n <= 0) {
			gone = true;
			pthread_cond_signal(&more);
			pthread_mutex_unlock(&lock);
			return NULL;
		}
		while (RING - (head - tail) < (size_t)n)
			pthread_cond_wait(&room, &lock);
		for (ssize_t i = 0; i < n; i++)
			ring[head++ % RING] = chunk[i];
		pthread_cond_signal(&more);
		pthread_mutex_unlock(&lock);
	}
}

int serial_open(const char *path)
{
	struct termios t;
	pthread_t thread;

	fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || tcgetattr(fd, &t))
		return -errno;
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cflag &= (tcflag_t) ~(CRTSCTS | HUPCL);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	cfsetspeed(&t, B115200);
	if (tcsetattr(fd, TCSANOW, &t))
		return -errno;
	return -pthread_create(&thread, NULL, reader, NULL);
}

void serial_flush(void)
{
	size_t done = 0;

	while (done < out_len) {
		ssize_t n = write(fd, out + done, out_len - done);

		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	out_len = 0;
}

void serial_write(const char *text, size_t len)
{
	if (len > sizeof(out) - out_len)
		serial_flush();
	memcpy(out + out_len, text, len);
	out_len += len;
}

char *serial_line(void)
{
	static char line[WIRE_LINE + 1];
	size_t len = 0;

	pthread_mutex_lock(&lock);
	for (;;) {
		while (head == tail && !gone)
			pthread_cond_wait(&more, &lock);
		if (head == tail) {
			pthread_mutex_unlock(&lock);
			return NULL;
		}
		char c = ring[tail++ % RING];

		pthread_cond_signal(&room);
		if (c == '\n')
			break;
		/* a word too long for any command: it is refused as one */
		if (c != '\r' && len < WIRE_LINE)
			line[len++] = c;
	}
	pthread_mutex_unlock(&lock);
	if (len == WIRE_LINE)
		len = (size_t)snprintf(line, sizeof(line), "(line-too-long)");
	line[len] = '\0';
	return line;
}
