#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The first program of a test's guest (guest.sh): the kernel's file systems and modules, then /test.sh, whose output
# the serial line carries to the host. The guest ends with it.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LD_LIBRARY_PATH=/lib:/lib64
mkdir -p /proc /sys /dev /run /tmp /var
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
for module in virtio_mmio vsock vmw_vsock_virtio_transport_common vsock_loopback vmw_vsock_virtio_transport nsm \
	configfs tsm; do
	[ ! -e /modules/$module.ko ] || insmod /modules/$module.ko
done
[ ! -d /sys/kernel/config ] || mount -t configfs configfs /sys/kernel/config
echo "guest: begin"
bash /test.sh 2>&1
echo "guest: end $?"
# The line is slow, and a guest that has gone says nothing more.
sync
sleep 0.2
echo b >/proc/sysrq-trigger
sleep 60
