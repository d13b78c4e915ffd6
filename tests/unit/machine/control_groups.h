/* Trees of files as Linux shows control groups, made for a test. */
#ifndef XENT_TEST_CONTROL_GROUPS_H
#define XENT_TEST_CONTROL_GROUPS_H

#define CGROUPS "/sys/fs/cgroup"
#define ROOT_TEMPLATE "cpus.XXXXXX"

/* Writes a file and the directories that lead to it. */
void write_file(const char *root, const char *path, const char *text);

/* Makes an empty tree and names it; the caller's to remove. */
void make_root(char *root);

/* A group within another, of 3 CPUs and of 2. */
void make_groups(char *root);

void remove_root(const char *root);

#endif
