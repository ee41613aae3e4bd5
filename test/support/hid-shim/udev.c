/*
 * The libudev calls with which hidapi and libfido2 look for devices, over the folder that shim.c describes.
 * Objects of the real libudev go to the real libudev.
 */
#include "shim.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAGIC 0x646f6f7273746570ull

struct ours {
	uint64_t magic;
};

struct attribute {
	struct attribute *next;
	char name[64];
	char *value;
};

struct udev_device {
	struct ours ours;
	int references;
	int number;
	char node[32];
	char digits[16];
	char path[PATH_MAX];
	struct attribute *attributes;
};

struct udev_list_entry {
	struct ours ours;
	struct udev_list_entry *next;
	char path[PATH_MAX];
};

struct udev_enumerate {
	struct ours ours;
	int wanted;
	struct udev_list_entry *entries;
};

struct udev {
	struct ours ours;
};

static struct udev the_udev = { { MAGIC } };

static int mine(const void *object)
{
	return object == NULL || ((const struct ours *)object)->magic == MAGIC;
}

/* The real libudev's function, for objects that are not ours. */
static void *real(const char *name)
{
	static void *library;
	if (library == NULL)
		library = dlopen("libudev.so.1", RTLD_NOW | RTLD_LOCAL);
	return library == NULL ? NULL : dlsym(library, name);
}

#define FOREIGN(object, name, ...) \
	do { \
		if (!mine(object)) { \
			__typeof__(&name) function = (__typeof__(&name))real(#name); \
			return function(__VA_ARGS__); \
		} \
	} while (0)

EXPORT struct udev *udev_new(void)
{
	if (bus() == NULL) {
		struct udev *(*function)(void) = (struct udev * (*)(void)) real("udev_new");
		return function == NULL ? NULL : function();
	}
	return &the_udev;
}

EXPORT struct udev *udev_unref(struct udev *udev)
{
	FOREIGN(udev, udev_unref, udev);
	return NULL;
}

EXPORT struct udev_enumerate *udev_enumerate_new(struct udev *udev)
{
	FOREIGN(udev, udev_enumerate_new, udev);
	struct udev_enumerate *enumerate = calloc(1, sizeof *enumerate);
	if (enumerate != NULL)
		enumerate->ours.magic = MAGIC;
	return enumerate;
}

static void free_entries(struct udev_enumerate *enumerate)
{
	while (enumerate->entries != NULL) {
		struct udev_list_entry *entry = enumerate->entries;
		enumerate->entries = entry->next;
		free(entry);
	}
}

EXPORT struct udev_enumerate *udev_enumerate_unref(struct udev_enumerate *enumerate)
{
	FOREIGN(enumerate, udev_enumerate_unref, enumerate);
	if (enumerate != NULL)
		free_entries(enumerate);
	free(enumerate);
	return NULL;
}

EXPORT int udev_enumerate_add_match_subsystem(struct udev_enumerate *enumerate, const char *subsystem)
{
	FOREIGN(enumerate, udev_enumerate_add_match_subsystem, enumerate, subsystem);
	if (strcmp(subsystem, "hidraw") == 0)
		enumerate->wanted = 1;
	return 0;
}

EXPORT int udev_enumerate_scan_devices(struct udev_enumerate *enumerate)
{
	FOREIGN(enumerate, udev_enumerate_scan_devices, enumerate);
	free_entries(enumerate);
	DIR *folder = enumerate->wanted ? opendir(bus()) : NULL;
	if (folder == NULL)
		return 0;
	struct udev_list_entry **last = &enumerate->entries;
	for (int number = 0; number < 64; number += 1) {
		char path[PATH_MAX];
		snprintf(path, sizeof path, "%s/hidraw%d", bus(), number);
		if (access(path, F_OK) != 0)
			continue;
		struct udev_list_entry *entry = calloc(1, sizeof *entry);
		if (entry == NULL)
			break;
		entry->ours.magic = MAGIC;
		snprintf(entry->path, sizeof entry->path, "%s", path);
		*last = entry;
		last = &entry->next;
	}
	closedir(folder);
	return 0;
}

EXPORT struct udev_list_entry *udev_enumerate_get_list_entry(struct udev_enumerate *enumerate)
{
	FOREIGN(enumerate, udev_enumerate_get_list_entry, enumerate);
	return enumerate->entries;
}

EXPORT struct udev_list_entry *udev_list_entry_get_next(struct udev_list_entry *entry)
{
	FOREIGN(entry, udev_list_entry_get_next, entry);
	return entry == NULL ? NULL : entry->next;
}

EXPORT const char *udev_list_entry_get_name(struct udev_list_entry *entry)
{
	FOREIGN(entry, udev_list_entry_get_name, entry);
	return entry == NULL ? NULL : entry->path;
}

/* ---- libudev: one device ---- */

static struct udev_device *device_of(const char *path, int number)
{
	if (access(path, F_OK) != 0)
		return NULL;
	struct udev_device *device = calloc(1, sizeof *device);
	if (device == NULL)
		return NULL;
	device->ours.magic = MAGIC;
	device->references = 1;
	device->number = number;
	snprintf(device->node, sizeof device->node, "/dev/hidraw%d", number);
	snprintf(device->digits, sizeof device->digits, "%d", number);
	snprintf(device->path, sizeof device->path, "%s", path);
	return device;
}

EXPORT struct udev_device *udev_device_new_from_syspath(struct udev *udev, const char *path)
{
	FOREIGN(udev, udev_device_new_from_syspath, udev, path);
	const char *name = strrchr(path, '/');
	int number;
	if (name == NULL || sscanf(name, "/hidraw%d", &number) != 1)
		return NULL;
	return device_of(path, number);
}

EXPORT struct udev_device *udev_device_new_from_devnum(struct udev *udev, char type, dev_t device)
{
	FOREIGN(udev, udev_device_new_from_devnum, udev, type, device);
	if (type != 'c' || major(device) != HIDRAW_MAJOR)
		return NULL;
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/hidraw%d", bus(), (int)minor(device));
	return device_of(path, (int)minor(device));
}

EXPORT struct udev_device *udev_device_unref(struct udev_device *device)
{
	FOREIGN(device, udev_device_unref, device);
	if (device == NULL || --device->references > 0)
		return NULL;
	while (device->attributes != NULL) {
		struct attribute *attribute = device->attributes;
		device->attributes = attribute->next;
		free(attribute->value);
		free(attribute);
	}
	free(device);
	return NULL;
}

EXPORT const char *udev_device_get_devnode(struct udev_device *device)
{
	FOREIGN(device, udev_device_get_devnode, device);
	return device->node;
}

EXPORT const char *udev_device_get_syspath(struct udev_device *device)
{
	FOREIGN(device, udev_device_get_syspath, device);
	return device->path;
}

EXPORT const char *udev_device_get_sysnum(struct udev_device *device)
{
	FOREIGN(device, udev_device_get_sysnum, device);
	return device->digits;
}

/* One folder holds the attributes of the node and of all its parents. */
EXPORT struct udev_device *udev_device_get_parent_with_subsystem_devtype(struct udev_device *device, const char *subsystem, const char *type)
{
	FOREIGN(device, udev_device_get_parent_with_subsystem_devtype, device, subsystem, type);
	return device;
}

static char *file_text(const char *folder, const char *name)
{
	NEXT(ssize_t, read, int, void *, size_t);
	char path[PATH_MAX + 128];
	snprintf(path, sizeof path, "%s/%s%s", folder, strcmp(name, "uevent") == 0 ? "device/" : "", name);
	int file = next_open(path, O_RDONLY | O_CLOEXEC, 0);
	if (file < 0)
		return NULL;
	char bytes[4096];
	ssize_t length = next_read(file, bytes, sizeof bytes - 1);
	next_close_fd(file);
	return length < 0 ? NULL : strndup(bytes, (size_t)length);
}

EXPORT const char *udev_device_get_sysattr_value(struct udev_device *device, const char *name)
{
	FOREIGN(device, udev_device_get_sysattr_value, device, name);
	for (struct attribute *known = device->attributes; known != NULL; known = known->next)
		if (strcmp(known->name, name) == 0)
			return known->value;
	if (strlen(name) >= sizeof device->attributes->name)
		return NULL;
	struct attribute *attribute = calloc(1, sizeof *attribute);
	if (attribute == NULL)
		return NULL;
	strcpy(attribute->name, name);
	attribute->value = file_text(device->path, name);
	attribute->next = device->attributes;
	device->attributes = attribute;
	return attribute->value;
}
