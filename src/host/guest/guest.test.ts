// The parts of the default guest that need no network: archives, package fields, initramfs, and what the cache accepts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentProgress } from '../progress.ts';
import { writeCpio } from './cpio.ts';
import { fileFromDeb } from './deb.ts';
import { defaultGuest } from './default-guest.ts';
import { GuestFetchError } from './guest-error.ts';
import { kernelPackageOf, parseParagraph } from './guest-packages.ts';
import { initScript } from './init-script.ts';
import { baseInitramfs, execInitramfs } from './initramfs.ts';
import { hasProgram } from './program.ts';
import { tarFiles } from './tar.ts';

function scratchFolder(t: { after(action: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'continuo-guest-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A reader of newc archives written from the format alone: name, mode and content of each member. */
function readCpio(archive: Uint8Array): { name: string; mode: number; content: string }[] {
  const latin1 = new TextDecoder('latin1');
  const members = [];
  for (let at = 0; at < archive.length; ) {
    const field = (index: number): number =>
      Number.parseInt(latin1.decode(archive.subarray(at + 6 + index * 8, at + 14 + index * 8)), 16);
    assert.equal(latin1.decode(archive.subarray(at, at + 6)), '070701');
    const [nameSize, size] = [field(11), field(6)];
    const nameAt = at + 110;
    const contentAt = (nameAt + nameSize + 3) & ~3;
    members.push({
      name: latin1.decode(archive.subarray(nameAt, nameAt + nameSize - 1)),
      mode: field(1),
      content: latin1.decode(archive.subarray(contentAt, contentAt + size)),
    });
    at = (contentAt + size + 3) & ~3;
  }
  return members;
}

test('a cpio archive holds each entry with its type, mode and content, and a trailer', () => {
  const archive = writeCpio([
    { kind: 'directory', path: 'bin', mode: 0o755 },
    { kind: 'file', path: 'bin/a', mode: 0o711, content: new TextEncoder().encode('12345') },
    { kind: 'symlink', path: 'bin/b', target: 'a' },
    { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
  ]);
  assert.deepEqual(readCpio(archive), [
    { name: 'bin', mode: 0o040755, content: '' },
    { name: 'bin/a', mode: 0o100711, content: '12345' },
    { name: 'bin/b', mode: 0o120777, content: 'a' },
    { name: 'dev/console', mode: 0o020600, content: '' },
    { name: 'TRAILER!!!', mode: 0, content: '' },
  ]);
});

test('the command of an exec initramfs stands verbatim in its second archive', () => {
  const command = 'echo "$HOME" \'x\'; exit 3';
  const members = readCpio(execInitramfs(baseInitramfs(new Uint8Array([1, 2, 3])), command, 'c0ffee'));
  assert.equal(members.find(({ name }) => name === 'continuo/exec')?.content, `${command}\n`);
  assert.equal(members.find(({ name }) => name === 'bin/busybox')?.content, '\x01\x02\x03');
});

test('the init script is valid shell', () => {
  const result = spawnSync('sh', ['-n'], { input: initScript, encoding: 'utf8' });
  assert.equal(result.stderr, '');
  assert.equal(result.status, 0);
});

test('a kernel package is found in the Depends field of the metapackage', () => {
  assert.equal(kernelPackageOf('linux-image-6.1.0-50-powerpc64le (= 6.1.176-1)'), 'linux-image-6.1.0-50-powerpc64le');
  assert.equal(
    kernelPackageOf('foo, linux-image-6.12.57+deb13-powerpc64le:any'),
    'linux-image-6.12.57+deb13-powerpc64le',
  );
  assert.equal(kernelPackageOf('linux-base'), undefined);
});

test('a control paragraph keeps continuation lines', () => {
  const fields = parseParagraph('Package: a\nSHA256:\n 00 1 x\n 11 2 y\nSize: 3');
  assert.equal(fields.get('SHA256'), '\n00 1 x\n11 2 y');
  assert.equal(fields.get('Size'), '3');
});

test('a tar archive of the system is read, and a truncated one is refused', { skip: !hasProgram('tar') }, (t) => {
  const folder = scratchFolder(t);
  const longPath = `${'d'.repeat(90)}/${'e'.repeat(90)}`;
  mkdirSync(join(folder, 'd'.repeat(90)));
  writeFileSync(join(folder, longPath), 'long');
  writeFileSync(join(folder, 'a'), 'short');
  const archive = spawnSync('tar', ['-C', folder, '--format=gnu', '-cf', '-', './a', `./${longPath}`]).stdout;
  const files = [...tarFiles(archive)].map(({ path, content }) => [path, Buffer.from(content).toString()]);
  assert.deepEqual(files, [
    ['a', 'short'],
    [longPath, 'long'],
  ]);
  assert.throws(() => [...tarFiles(archive.subarray(0, 514))], GuestFetchError);
});

test('a file that is no package is refused with a way out', async (t) => {
  const path = join(scratchFolder(t), 'x.deb');
  writeFileSync(path, 'not a package');
  await assert.rejects(fileFromDeb(path, /boot/), /--kernel FILE --initrd FILE/);
});

test('a cache folder that cannot be made is refused with a way out', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const before = process.env.XDG_CACHE_HOME;
  t.after(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  });
  process.env.XDG_CACHE_HOME = '/proc/self/none';
  await assert.rejects(
    defaultGuest({}, silentProgress),
    /cannot be stored in \/proc\/self\/none\/continuo .*XDG_CACHE_HOME/,
  );
});

test('an unfinished guest in the cache is not taken for a whole one', async (t) => {
  const folder = scratchFolder(t);
  const before = process.env.XDG_CACHE_HOME;
  t.after(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  });
  process.env.XDG_CACHE_HOME = folder;
  const guest = join(folder, 'continuo', 'debian-ppc64el-1');
  mkdirSync(guest, { recursive: true });
  writeFileSync(join(guest, 'vmlinux'), 'half');
  await assert.rejects(
    defaultGuest({ mirror: 'ftp://nowhere' }, silentProgress),
    /--mirror ftp:\/\/nowhere is not an address/,
  );
  assert.deepEqual(readdirSync(join(folder, 'continuo')), ['debian-ppc64el-1']);
});
