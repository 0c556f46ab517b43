/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's sandbox. Landlock goes by raw system calls, for no library of Debian 12 has them. The lists
 * here are what libc, libcrypto and SQLite do after start; a sanitizer's run time does more, so that builds
 * with one run without seccomp and say so.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/log.h"
#include "enclaved/sandbox.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif

/* Rights of later versions of Landlock, which the headers of Debian 12 do not name (linux/landlock.h). */
#define SANDBOX_ACCESS_REFER (1ULL << 13)    /* version 2 */
#define SANDBOX_ACCESS_TRUNCATE (1ULL << 14) /* version 3 */

#define SANDBOX_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define SANDBOX_WRITE                                                                    \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                 \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |                  \
	 LANDLOCK_ACCESS_FS_MAKE_REG)
#define SANDBOX_NEVER                                                                    \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |                     \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                   \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

#ifdef SANDBOX_SANITIZED
/*
 * LeakSanitizer stops its process by ptrace, which is what a process that is not dumpable forbids. Its library
 * looks for this name in the program.
 */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}
#endif

void sandbox_harden(void)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none))
		log_warning("cannot forbid core dumps: %s", strerror(errno));
	if (prctl(PR_SET_DUMPABLE, 0))
		log_warning("cannot become undumpable: %s", strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		log_warning("cannot give up new privileges: %s", strerror(errno));
}

/* ---- files ---- */

/* What may be read besides: randomness, memory limits, the clock's zone. */
static const char *const sandbox_readable[] = {
	"/dev/urandom",
	"/dev/random",
	"/proc/sys/vm/overcommit_memory",
	"/sys/devices/system/cpu",
	"/etc/localtime",
	"/usr/share/zoneinfo",
};

/* A PATH that is not there needs no rule. */
static bool sandbox_add_path(int ruleset, const char *path, __u64 access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};
	long result = 0;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES;
	result = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
	return !result;
}

/* A rule on a file must not name rights of directories. */
static bool sandbox_add_writable(int ruleset, const char *path, __u64 write)
{
	struct stat st = {0};

	if (stat(path, &st))
		return true;
	if (S_ISDIR(st.st_mode))
		return sandbox_add_path(ruleset, path, SANDBOX_READ | write);
	return sandbox_add_path(ruleset, path,
				LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
}

/* The rights that this kernel knows beside SANDBOX_WRITE, for VERSION of its Landlock. */
static __u64 sandbox_write_rights(long version)
{
	__u64 write = SANDBOX_WRITE;

	if (version >= 2)
		write |= SANDBOX_ACCESS_REFER;
	if (version >= 3)
		write |= SANDBOX_ACCESS_TRUNCATE;
	return write;
}

void sandbox_files(const struct settings *settings, const char *const *paths, const char *folder)
{
	struct landlock_ruleset_attr attr = {0};
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	__u64 write = sandbox_write_rights(version);
	int ruleset = -1;
	bool ok = true;

	if (version < 1) {
		log_notice("Landlock: %s; the file system is not restricted",
			   errno == EOPNOTSUPP ? "switched off" : "not in this kernel");
		return;
	}
	attr.handled_access_fs = SANDBOX_READ | write | SANDBOX_NEVER;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0) {
		log_warning("Landlock: %s; the file system is not restricted", strerror(errno));
		return;
	}
	ok = sandbox_add_path(ruleset, settings->state_dir, SANDBOX_READ | write);
	for (; ok && *paths; paths++)
		ok = sandbox_add_writable(ruleset, *paths, write);
	if (ok && folder[0])
		ok = sandbox_add_path(ruleset, folder, SANDBOX_READ);
	for (size_t i = 0; ok && i < sizeof(sandbox_readable) / sizeof(sandbox_readable[0]); i++)
		ok = sandbox_add_path(ruleset, sandbox_readable[i],
				      /* A rule on a file must not name rights of directories. */
				      LANDLOCK_ACCESS_FS_READ_FILE);
	if (!ok || syscall(SYS_landlock_restrict_self, ruleset, 0))
		log_warning("Landlock: %s; the file system is not restricted", strerror(errno));
	close(ruleset);
}

/* No rule at all: nothing of what is handled may be done anywhere. */
static void sandbox_write_nothing(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr attr = {.handled_access_fs = sandbox_write_rights(version) | SANDBOX_NEVER};
	int ruleset = version < 1 ? -1 : (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	if (ruleset < 0)
		return;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0))
		log_warning("Landlock: %s; the dialer's file system is not restricted", strerror(errno));
	close(ruleset);
}

/* ---- system calls ---- */

#ifndef SANDBOX_SANITIZED

/* By number, which seccomp.h maps for the machine that it is built on. */
static const int sandbox_allowed[] = {
	/* sockets */
	SCMP_SYS(accept4), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg),
	SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(shutdown), SCMP_SYS(socketpair),
	SCMP_SYS(getsockname), SCMP_SYS(getpeername),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl), SCMP_SYS(eventfd2),
	/* files */
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64),
	SCMP_SYS(pwrite64), SCMP_SYS(lseek), SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(close),
	SCMP_SYS(stat), SCMP_SYS(fstat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx),
	SCMP_SYS(fstatfs), SCMP_SYS(statfs), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64),
	SCMP_SYS(getcwd), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename),
	SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(mkdir), SCMP_SYS(mkdirat),
	SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(fallocate),
	SCMP_SYS(fchmod), SCMP_SYS(fchown), SCMP_SYS(umask), SCMP_SYS(fcntl), SCMP_SYS(flock),
	SCMP_SYS(dup), SCMP_SYS(dup3), SCMP_SYS(ioctl), SCMP_SYS(utimensat),
	/* memory */
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect),
	SCMP_SYS(madvise), SCMP_SYS(mlock), SCMP_SYS(mlock2), SCMP_SYS(munlock),
	/* threads, time and the process itself */
	SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(get_robust_list), SCMP_SYS(rseq),
	SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(gettid), SCMP_SYS(getpid),
	SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SCMP_SYS(getrandom), SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(getrlimit), SCMP_SYS(prlimit64), SCMP_SYS(getrusage), SCMP_SYS(sysinfo),
	SCMP_SYS(uname), SCMP_SYS(getcpu), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(tgkill),
	SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* Nothing of ours ever does these. */
static const int sandbox_deadly[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(connect), SCMP_SYS(bind),
	SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(kexec_load), SCMP_SYS(bpf),
	SCMP_SYS(mount), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(setns), SCMP_SYS(unshare),
};

/* What the C library's name services do is not for a list of ours to say, but this is none of it. */
static const int sandbox_dialer_deadly[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace), SCMP_SYS(listen),
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(kexec_load), SCMP_SYS(bpf), SCMP_SYS(keyctl),
	SCMP_SYS(mount), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(setns), SCMP_SYS(unshare),
	SCMP_SYS(io_uring_setup),
};

void sandbox_dialer(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int error = filter ? 0 : -ENOMEM;

	sandbox_write_nothing();
	for (size_t i = 0; !error && i < sizeof(sandbox_dialer_deadly) / sizeof(sandbox_dialer_deadly[0]); i++)
		error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, sandbox_dialer_deadly[i], 0);
	if (!error)
		error = seccomp_load(filter);
	if (error)
		log_warning("seccomp: %s; the dialer's system calls are not restricted", strerror(-error));
	if (filter)
		seccomp_release(filter);
}

static int sandbox_fill(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp naming = {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = PR_SET_NAME};
	int error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	for (size_t i = 0; !error && i < sizeof(sandbox_allowed) / sizeof(sandbox_allowed[0]); i++)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, sandbox_allowed[i], 0);
	for (size_t i = 0; !error && i < sizeof(sandbox_deadly) / sizeof(sandbox_deadly[0]); i++)
		error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, sandbox_deadly[i], 0);
	/* The one use of prctl: naming threads and mappings does no harm, the rest is EPERM. */
	if (!error)
		error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, &naming);
	return error;
}

void sandbox_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int error = filter ? sandbox_fill(filter) : -ENOMEM;

	if (!error)
		error = seccomp_load(filter);
	if (error)
		log_warning("seccomp: %s; system calls are not restricted", strerror(-error));
	if (filter)
		seccomp_release(filter);
}

#else

void sandbox_calls(void)
{
	log_warning("seccomp: off in a build with a sanitizer");
}

void sandbox_dialer(void)
{
	sandbox_write_nothing();
}

#endif
