// What process 1 of the default guest does: mounts, console, terminal size, then a shell or the command of `run --exec`.

/**
 * For busybox's ash. Parameters come from the kernel command line (`continuo.rows=`, `continuo.cols=`, `continuo.term=`);
 * a command comes in /continuo/exec, its output framed by marks that carry /continuo/nonce.
 */
export const initScript = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox mkdir -p /dev/pts /dev/shm
/bin/busybox mount -t devpts devpts /dev/pts
/bin/busybox mount -t tmpfs tmpfs /run
/bin/busybox --install -s
export PATH=/sbin:/bin:/usr/sbin:/usr/bin HOME=/root TERM=vt100 LANG=C.UTF-8
hostname -F /etc/hostname
rows=24 cols=80
for word in $(cat /proc/cmdline); do
  case "$word" in
    continuo.rows=*) rows=\${word#*=} ;;
    continuo.cols=*) cols=\${word#*=} ;;
    continuo.term=*) TERM=\${word#*=} ;;
  esac
done
cd /root

if [ -f /continuo/exec ]; then
  nonce=$(cat /continuo/nonce)
  stty raw -echo
  printf '\\033_continuo-%s-begin\\033\\\\' "$nonce"
  sh /continuo/exec </dev/null
  status=$?
  printf '\\033_continuo-%s-end-%s\\033\\\\' "$nonce" "$status"
  # Setting the terminal waits until all output has left.
  stty sane
  poweroff -f
fi

stty sane rows "$rows" cols "$cols" iutf8 2>/dev/null
echo
echo "Debian's Linux $(uname -r) on $(uname -m). Ctrl-D or poweroff -f ends, Ctrl-A H helps."
setsid cttyhack sh -l
poweroff -f
`;
