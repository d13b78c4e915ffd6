/* The CPUs of a process of Linux, by its affinity and by the quota of CPU time that a container has: more threads than that would only
 * wait for the next period. Small files are read into memory on the stack; nothing is allocated. */
#define _GNU_SOURCE /* sched_getaffinity, O_CLOEXEC */
#include "system/cpus.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system/threads.h"

#define CGROUPS "/sys/fs/cgroup" /* where distributions and containers mount them */
#define PATH_SIZE 1024           /* longer ones say nothing; the stack that a call may take is 32 KiB */
#define MEMBERSHIP_SIZE 8192     /* of a line for each hierarchy, of which there are at most a dozen */
#define LIMIT_SIZE 64            /* of two numbers */

/* The whole file as a string; "" where it cannot be read, or does not fit. */
static void read_text(const char *path, char *text, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    ssize_t got = 0;
    text[0] = '\0';
    if (file < 0) return;
    while (length < size && (got = read(file, text + length, size - length)) > 0) length += (size_t)got;
    (void)close(file);
    text[got < 0 || length == size ? 0 : length] = '\0';
}

/* The file `name` of the group whose directory is `group`. */
static void read_limit(const char *group, const char *name, char *text)
{
    char path[PATH_SIZE];
    int length = snprintf(path, sizeof path, "%s/%s", group, name);
    text[0] = '\0';
    if (length > 0 && (size_t)length < sizeof path) read_text(path, text, LIMIT_SIZE);
}

/* Either may say by a word or a negative number that there is no limit. */
static int64_t busy_cpus(long long quota, long long period)
{
    return quota > 0 && period > 0 ? quota / period + (quota % period != 0) : 0;
}

/* "150000 100000", or "max 100000" */
static int64_t limit_of_group(const char *group)
{
    char text[LIMIT_SIZE], *end;
    long long quota;
    read_limit(group, "cpu.max", text);
    quota = strtoll(text, &end, 10);
    return busy_cpus(quota, strtoll(end, NULL, 10));
}

/* The same before version 2 of control groups: a file for each number, and -1 for no limit. */
static int64_t limit_of_group_v1(const char *group)
{
    char quota[LIMIT_SIZE], period[LIMIT_SIZE];
    read_limit(group, "cpu.cfs_quota_us", quota);
    read_limit(group, "cpu.cfs_period_us", period);
    return busy_cpus(strtoll(quota, NULL, 10), strtoll(period, NULL, 10));
}

/* 0 is none. */
static int64_t stricter(int64_t a, int64_t b) { return a == 0 || (b != 0 && b < a) ? b : a; }

/* What the group and all above it allow. Where a container sees its group under the host's name, which its own mount does not have, the
   mount's root is its group. */
static int64_t limit_of_line(const char *root, const char *mount, const char *group, int64_t (*limit_of)(const char *))
{
    char path[PATH_SIZE];
    int64_t limit = 0;
    size_t top = strlen(root) + strlen(CGROUPS) + strlen(mount);
    int length = snprintf(path, sizeof path, "%s%s%s%s", root, CGROUPS, mount, group);
    if (length < 0 || (size_t)length >= sizeof path) return 0;
    for (;;) {
        char *end = strrchr(path, '/');
        limit = stricter(limit, limit_of(path));
        if (end == NULL || (size_t)(end - path) < top) return limit;
        *end = '\0';
    }
}

static bool names_cpu(const char *controllers)
{
    char padded[PATH_SIZE];
    int length = snprintf(padded, sizeof padded, ",%s,", controllers);
    return length > 0 && (size_t)length < sizeof padded && strstr(padded, ",cpu,") != NULL;
}

/* A line of /proc/self/cgroup is "number:controllers:group", without controllers where they are of version 2. */
static int64_t limit_by_line(const char *root, char *line)
{
    char *controllers = strchr(line, ':'), *group = controllers == NULL ? NULL : strchr(controllers + 1, ':'), mount[PATH_SIZE];
    int length;
    if (group == NULL) return 0;
    controllers++;
    *group++ = '\0';
    if (*controllers == '\0')
        return stricter(limit_of_line(root, "", group, limit_of_group), limit_of_line(root, "/unified", group, limit_of_group));
    length = snprintf(mount, sizeof mount, "/%s", controllers);
    if (!names_cpu(controllers) || length < 0 || (size_t)length >= sizeof mount) return 0;
    return stricter(limit_of_line(root, "/cpu", group, limit_of_group_v1),
                    limit_of_line(root, mount, group, limit_of_group_v1));
}

static int64_t limit_below(const char *root)
{
    char path[PATH_SIZE], membership[MEMBERSHIP_SIZE];
    int64_t limit = 0;
    int length = snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    if (length < 0 || (size_t)length >= sizeof path) return 0;
    read_text(path, membership, sizeof membership);
    for (char *line = membership, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        limit = stricter(limit, limit_by_line(root, line));
    }
    return limit;
}

/* Files are where a thread may be cancelled; no call of the library is. */
int64_t xent_cpus_quota(const char *root)
{
    const int cancellation = xent_cancellation_hold();
    const int64_t limit = limit_below(root);
    xent_cancellation_release(cancellation);
    return limit;
}

static int64_t quota;

static void read_quota(void) { quota = xent_cpus_quota(""); }

/* The system refuses a set that has no room for every CPU that the machine may get: 1024 in one, and 8192 are the most that x86 knows. */
static int64_t affinity(void)
{
    cpu_set_t sets[16];
    return sched_getaffinity(0, sizeof sets, sets) == 0 ? CPU_COUNT_S(sizeof sets, sets) : sysconf(_SC_NPROCESSORS_ONLN);
}

int64_t xent_cpus_usable(void)
{
    static struct xent_once once = XENT_ONCE_INIT;
    int64_t count = affinity();
    xent_once(&once, read_quota);
    return stricter(count < 1 ? 1 : count, quota);
}
