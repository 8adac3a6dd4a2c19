// Takes files out of a Debian package (deb(5)): an ar archive whose data.tar member has the files.

import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { GuestFetchError, ownGuestHint } from './guest-error.ts';
import { hasProgram, lastLine, runProgram } from './program.ts';
import { type TarFile, tarFiles } from './tar.ts';

const arMagic = '!<arch>\n';
const arHeaderSize = 60;

interface ArMember {
  readonly name: string;
  readonly content: Uint8Array;
}

function* arMembers(archive: Uint8Array): Generator<ArMember> {
  const latin1 = new TextDecoder('latin1');
  if (latin1.decode(archive.subarray(0, arMagic.length)) !== arMagic) return;
  for (let offset = arMagic.length; offset + arHeaderSize <= archive.length; ) {
    const header = latin1.decode(archive.subarray(offset, offset + arHeaderSize));
    const size = Number.parseInt(header.slice(48, 58), 10);
    const start = offset + arHeaderSize;
    if (!(size >= 0) || start + size > archive.length) return;
    yield { name: header.slice(0, 16).trim().replace(/\/$/, ''), content: archive.subarray(start, start + size) };
    offset = start + size + (size & 1);
  }
}

/** Without dpkg-deb: our own ar reader, and zlib or the xz and zstd programs. */
async function dataArchiveByHand(debPath: string): Promise<Uint8Array> {
  const member = [...arMembers(await readFile(debPath))].find(({ name }) => name.startsWith('data.tar'));
  if (member === undefined) throw new GuestFetchError(`${debPath} is not a Debian package`, ownGuestHint);
  if (member.name.endsWith('.gz')) return gunzipSync(member.content);
  const program = member.name.endsWith('.zst') ? 'zstd' : 'xz';
  if (!hasProgram(program)) {
    throw new GuestFetchError('packages cannot be unpacked here', `install dpkg or ${program}, or ${ownGuestHint}`);
  }
  const result = await runProgram(program, ['-dc'], { input: member.content });
  if (result.status !== 0) throw new GuestFetchError(`${program} cannot unpack ${debPath}`, ownGuestHint);
  return result.stdout;
}

async function dataArchive(debPath: string): Promise<Uint8Array> {
  if (!hasProgram('dpkg-deb')) return dataArchiveByHand(debPath);
  const result = await runProgram('dpkg-deb', ['--fsys-tarfile', debPath]);
  if (result.status === 0) return result.stdout;
  throw new GuestFetchError(`dpkg-deb cannot unpack ${debPath} (${lastLine(result.stderr)})`, ownGuestHint);
}

/**
 * Finds files in a package.
 * @param debPath the package on this machine
 * @param wanted each tells the path inside the package (without `./`) of one file
 * @returns the files in the order asked for; undefined for one that the package does not have
 * @throws GuestFetchError when the package cannot be unpacked
 */
export async function filesFromDeb(debPath: string, wanted: readonly RegExp[]): Promise<(TarFile | undefined)[]> {
  const found = wanted.map((): TarFile | undefined => undefined);
  for (const file of tarFiles(await dataArchive(debPath))) {
    const index = wanted.findIndex((pattern) => pattern.test(file.path));
    if (index >= 0) found[index] ??= file;
  }
  return found;
}

/**
 * Finds one file in a package.
 * @throws GuestFetchError when the package cannot be unpacked or has no such file
 */
export async function fileFromDeb(debPath: string, wanted: RegExp): Promise<TarFile> {
  const [file] = await filesFromDeb(debPath, [wanted]);
  if (file === undefined) throw new GuestFetchError(`${debPath} has no file ${wanted.source}`, ownGuestHint);
  return file;
}
