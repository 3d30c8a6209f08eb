// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The hook where a process becomes an executable: by which path, for as long as anybody remembers.
 *
 * Sockets know their makers by inode. The path is what people call it, and the process that could be
 * asked may be gone when somebody wants to know.
 */
#include "include/abi.h"
#include "include/helpers.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct executable_key);
	__type(value, struct executable_value);
	__uint(max_entries, CAPACITY_EXECUTABLES);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} executables SEC(".maps");

/* A path does not fit on the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct executable_value);
	__uint(max_entries, 1);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} exec_path SEC(".maps");

SEC("tp_btf/sched_process_exec")
int ringfence_exec(__u64 *context)
{
	struct linux_binprm *program = (struct linux_binprm *)context[2];
	struct inode *inode = program->file->f_inode;
	struct executable_key key = { .inode = inode->i_ino, .device = inode->i_sb->s_dev };
	__u32 first = 0;
	struct executable_value *value = bpf_map_lookup_elem(&exec_path, &first);

	if (!value)
		return 0;
	if (bpf_probe_read_kernel_str(value->path, sizeof(value->path), program->interp) < 0)
		return 0;
	bpf_map_update_elem(&executables, &key, value, BPF_ANY);
	return 0;
}
