// The default guest's initial RAM disk: busybox, an /init that leads to a shell, and, for `run --exec`, one command.
import { type CpioEntry, concatBytes, writeCpio } from './cpio.ts';
import { initScript } from './init-script.ts';

const encoder = new TextEncoder();

function directory(path: string, mode = 0o755): CpioEntry {
  return { kind: 'directory', path, mode };
}

function textFile(path: string, content: string, mode = 0o644): CpioEntry {
  return { kind: 'file', path, mode, content: encoder.encode(content) };
}

const profile = `PS1='\\h:\\w\\$ '
export PS1 HOME=/root LANG=C.UTF-8 USER=root
alias ll='ls -l'
`;

/**
 * The disk without a command.
 * @param busybox the static program of Debian's package
 * @returns an uncompressed cpio archive: unpacking costs the guest less than decompressing would
 */
export function baseInitramfs(busybox: Uint8Array): Uint8Array {
  return writeCpio([
    ...['bin', 'sbin', 'usr', 'usr/bin', 'usr/sbin', 'dev', 'proc', 'sys', 'run', 'etc', 'mnt'].map((path) =>
      directory(path),
    ),
    directory('root', 0o700),
    directory('tmp', 0o1777),
    { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
    { kind: 'character-device', path: 'dev/null', mode: 0o666, major: 1, minor: 3 },
    { kind: 'file', path: 'bin/busybox', mode: 0o755, content: busybox },
    { kind: 'symlink', path: 'bin/sh', target: 'busybox' },
    textFile('init', initScript, 0o755),
    textFile('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'),
    textFile('etc/group', 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n'),
    textFile('etc/hostname', 'continuo\n'),
    textFile('etc/hosts', '127.0.0.1 localhost continuo\n'),
    textFile('etc/profile', profile),
  ]);
}

/**
 * The disk for `run --exec`: the base with a second archive behind it, so that neither the length nor the characters of the
 * command matter.
 * @param command what `sh` runs
 * @param nonce hexadecimal; marks the command's end in the console output (see src/host/exec-output.ts)
 */
export function execInitramfs(base: Uint8Array, command: string, nonce: string): Uint8Array {
  const overlay = writeCpio([
    directory('continuo', 0o700),
    textFile('continuo/exec', `${command}\n`, 0o600),
    textFile('continuo/nonce', nonce, 0o600),
  ]);
  return concatBytes([base, overlay]);
}
