/*
 * Preloaded into unmodified programs (node-hid's hidapi, libfido2's tools), it shows them virtual hidraw devices
 * that need neither USB nor a kernel module.
 *
 * $DOORSTEP_HIDRAW_BUS names a folder; each device is a folder hidrawN in it with the files that sysfs would have
 * (device/uevent, device/report_descriptor, manufacturer, product, serial, bcdDevice, bInterfaceNumber) and a unix
 * stream socket `socket` to the process that holds the token: 65-byte frames to the token, 64-byte frames from it.
 *
 * Replaced: the libudev calls of an enumeration (udev.c); open, read, write, close, ioctl, fstat and flock on /dev/hidrawN;
 * the list and the files of /sys/class/hidraw; a watch on /dev, which then tells of our nodes alone.
 * Everything else, and every object that is not ours, goes to the real functions.
 */
#include "shim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/hidraw.h>
#include <linux/ioctl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#define REPORT 64
#define MAX_FD 65536

/* N + 1 where the descriptor is /dev/hidrawN, else 0; and the descriptor that holds its advisory lock, plus 1. */
static int node_of[MAX_FD];
static int lock_of[MAX_FD];

const char *bus(void)
{
	const char *folder = getenv("DOORSTEP_HIDRAW_BUS");
	return folder != NULL && *folder != '\0' ? folder : NULL;
}

static int is_ours(int fd)
{
	return fd >= 0 && fd < MAX_FD && __atomic_load_n(&node_of[fd], __ATOMIC_ACQUIRE) != 0;
}

static int node_number(const char *path)
{
	int number, end = 0;
	if (path == NULL || bus() == NULL || sscanf(path, "/dev/hidraw%d%n", &number, &end) != 1)
		return -1;
	return path[end] == '\0' && number >= 0 && number < 1000 ? number : -1;
}

/* ---- the device node ---- */

int next_open(const char *path, int flags, mode_t mode)
{
	NEXT(int, open64, const char *, int, ...);
	return next_open64(path, flags, mode);
}

int next_close_fd(int fd)
{
	NEXT(int, close, int);
	return next_close(fd);
}

static int open_node(int number, int flags)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/hidraw%d/socket", bus(), number);
	if (length < 0 || (size_t)length >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | (flags & O_CLOEXEC ? SOCK_CLOEXEC : 0) | (flags & O_NONBLOCK ? SOCK_NONBLOCK : 0), 0);
	if (fd < 0)
		return -1;
	if (fd >= MAX_FD || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		int reason = fd >= MAX_FD ? EMFILE : errno;
		next_close_fd(fd);
		errno = reason == ECONNREFUSED ? ENODEV : reason;
		return -1;
	}
	lock_of[fd] = 0;
	__atomic_store_n(&node_of[fd], number + 1, __ATOMIC_RELEASE);
	return fd;
}

#define CLASS "/sys/class/hidraw"

/* What stands in our folder for the class of sysfs or something below it, in `room`; else the path as it is. */
static const char *in_class(const char *path, char room[PATH_MAX])
{
	size_t length = strlen(CLASS);
	if (path == NULL || bus() == NULL || strncmp(path, CLASS, length) != 0 || (path[length] != '/' && path[length] != '\0'))
		return path;
	int written = snprintf(room, PATH_MAX, "%s%s", bus(), path + length);
	return written < 0 || written >= PATH_MAX ? path : room;
}

static int open_any(const char *path, int flags, mode_t mode)
{
	char room[PATH_MAX];
	int number = node_number(path);
	return number < 0 ? next_open(in_class(path, room), flags, mode) : open_node(number, flags);
}

EXPORT int scandir64(const char *path, struct dirent64 ***list, int (*filter)(const struct dirent64 *),
	int (*compare)(const struct dirent64 **, const struct dirent64 **))
{
	NEXT(int, scandir64, const char *, struct dirent64 ***, int (*)(const struct dirent64 *),
		int (*)(const struct dirent64 **, const struct dirent64 **));
	char room[PATH_MAX];
	return next_scandir64(in_class(path, room), list, filter, compare);
}

EXPORT int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	NEXT(int, inotify_add_watch, int, const char *, uint32_t);
	return next_inotify_add_watch(fd, path != NULL && bus() != NULL && strcmp(path, "/dev") == 0 ? bus() : path, mask);
}

#define MODE_ARGUMENT(flags, mode) \
	mode_t mode = 0; \
	if ((flags) & (O_CREAT | __O_TMPFILE)) { \
		va_list list; \
		va_start(list, flags); \
		mode = va_arg(list, mode_t); \
		va_end(list); \
	}

EXPORT int open(const char *path, int flags, ...)
{
	MODE_ARGUMENT(flags, mode)
	return open_any(path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...)
{
	MODE_ARGUMENT(flags, mode)
	return open_any(path, flags, mode);
}

EXPORT int __open_2(const char *path, int flags)
{
	return open_any(path, flags, 0);
}

EXPORT int __open64_2(const char *path, int flags)
{
	return open_any(path, flags, 0);
}

EXPORT int close(int fd)
{
	if (is_ours(fd)) {
		__atomic_store_n(&node_of[fd], 0, __ATOMIC_RELEASE);
		if (lock_of[fd] != 0)
			next_close_fd(lock_of[fd] - 1);
		lock_of[fd] = 0;
	}
	return next_close_fd(fd);
}

/* One input report a read, as hidraw does: a stream keeps no borders, so a report is read whole. */
static ssize_t read_report(int fd, void *buffer, size_t size)
{
	NEXT(ssize_t, read, int, void *, size_t);
	unsigned char report[REPORT];
	size_t have = 0;
	while (have < REPORT) {
		ssize_t got = next_read(fd, report + have, REPORT - have);
		if (got > 0) {
			have += (size_t)got;
			continue;
		}
		if (got < 0 && errno == EINTR && have > 0)
			continue;
		if (got < 0 && errno == EAGAIN && have > 0) {
			usleep(200);
			continue;
		}
		if (got < 0 && errno != ECONNRESET)
			return -1;
		errno = EIO;
		return -1;
	}
	size_t length = size < REPORT ? size : REPORT;
	memcpy(buffer, report, length);
	return (ssize_t)length;
}

EXPORT ssize_t read(int fd, void *buffer, size_t size)
{
	NEXT(ssize_t, read, int, void *, size_t);
	return is_ours(fd) ? read_report(fd, buffer, size) : next_read(fd, buffer, size);
}

EXPORT ssize_t write(int fd, const void *buffer, size_t size)
{
	NEXT(ssize_t, write, int, const void *, size_t);
	if (!is_ours(fd))
		return next_write(fd, buffer, size);
	unsigned char frame[1 + REPORT] = { 0 };
	if (size == 0 || size > sizeof frame) {
		errno = EINVAL;
		return -1;
	}
	memcpy(frame, buffer, size);
	for (size_t sent = 0; sent < sizeof frame;) {
		ssize_t done = send(fd, frame + sent, sizeof frame - sent, MSG_NOSIGNAL);
		if (done >= 0) {
			sent += (size_t)done;
		} else if (errno == EPIPE || errno == ECONNRESET) {
			errno = ENODEV;
			return -1;
		} else if (errno == EAGAIN && sent > 0) {
			usleep(200);
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return (ssize_t)size;
}

static int descriptor_of(int fd, unsigned char *bytes, size_t size)
{
	NEXT(ssize_t, read, int, void *, size_t);
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/hidraw%d/device/report_descriptor", bus(), node_of[fd] - 1);
	int file = next_open(path, O_RDONLY | O_CLOEXEC, 0);
	if (file < 0) {
		errno = ENODEV;
		return -1;
	}
	ssize_t length = next_read(file, bytes, size);
	next_close_fd(file);
	return (int)length;
}

static int ioctl_node(int fd, unsigned long request, void *argument)
{
	struct hidraw_report_descriptor *descriptor = argument;
	unsigned char bytes[HID_MAX_DESCRIPTOR_SIZE];
	int length;
	switch (request & 0xffffffff) {
	case HIDIOCGRDESCSIZE:
		if ((length = descriptor_of(fd, bytes, sizeof bytes)) < 0)
			return -1;
		*(int *)argument = length;
		return 0;
	case HIDIOCGRDESC:
		if ((length = descriptor_of(fd, bytes, sizeof bytes)) < 0)
			return -1;
		if (descriptor->size < (uint32_t)length)
			length = (int)descriptor->size;
		memcpy(descriptor->value, bytes, (size_t)length);
		return 0;
	default:
		/* A FIDO interface stalls on feature reports. */
		errno = EPIPE;
		return -1;
	}
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	NEXT(int, ioctl, int, unsigned long, ...);
	va_list list;
	va_start(list, request);
	void *argument = va_arg(list, void *);
	va_end(list);
	return is_ours(fd) ? ioctl_node(fd, request, argument) : next_ioctl(fd, request, argument);
}

/* libfido2 refuses what is no character device. */
#define AS_NODE(fd, status, result) \
	do { \
		if ((result) == 0 && is_ours(fd)) { \
			(status)->st_mode = S_IFCHR | 0660; \
			(status)->st_rdev = makedev(HIDRAW_MAJOR, node_of[fd] - 1); \
		} \
	} while (0)

EXPORT int fstat(int fd, struct stat *status)
{
	NEXT(int, fstat, int, struct stat *);
	int result = next_fstat(fd, status);
	AS_NODE(fd, status, result);
	return result;
}

EXPORT int fstat64(int fd, struct stat64 *status)
{
	NEXT(int, fstat64, int, struct stat64 *);
	int result = next_fstat64(fd, status);
	AS_NODE(fd, status, result);
	return result;
}

EXPORT int __fxstat(int version, int fd, struct stat *status)
{
	NEXT(int, __fxstat, int, int, struct stat *);
	int result = next___fxstat(version, fd, status);
	AS_NODE(fd, status, result);
	return result;
}

EXPORT int __fxstat64(int version, int fd, struct stat64 *status)
{
	NEXT(int, __fxstat64, int, int, struct stat64 *);
	int result = next___fxstat64(version, fd, status);
	AS_NODE(fd, status, result);
	return result;
}

/* Every connection is a socket of its own, so the lock that openers share is on a file beside it. */
EXPORT int flock(int fd, int operation)
{
	NEXT(int, flock, int, int);
	if (!is_ours(fd))
		return next_flock(fd, operation);
	if (lock_of[fd] == 0) {
		char path[PATH_MAX];
		snprintf(path, sizeof path, "%s/hidraw%d/lock", bus(), node_of[fd] - 1);
		int lock = next_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (lock < 0) {
			errno = ENODEV;
			return -1;
		}
		lock_of[fd] = lock + 1;
	}
	return next_flock(lock_of[fd] - 1, operation);
}
