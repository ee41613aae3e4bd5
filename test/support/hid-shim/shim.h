/* What the two halves of the shim share. See shim.c. */
#ifndef DOORSTEP_SHIM_H
#define DOORSTEP_SHIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stddef.h>
#include <sys/types.h>

/* What a program must see of us; the rest is hidden. */
#define EXPORT __attribute__((visibility("default")))

/* The major number that our nodes claim; the minor number is N of /dev/hidrawN. */
#define HIDRAW_MAJOR 240

/* The function that we stand before, looked up once. */
#define NEXT(result, name, ...) \
	static result (*next_##name)(__VA_ARGS__); \
	if (next_##name == NULL) \
		next_##name = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

/* The folder of devices, or NULL. */
const char *bus(void);

/* open and close as they are without us. */
int next_open(const char *path, int flags, mode_t mode);
int next_close_fd(int fd);

#endif
