// Reads members of a tar archive (POSIX.1-1988 ustar, with GNU long names), as dpkg-deb hands out a package's files.
import { GuestFetchError, ownGuestHint } from './guest-error.ts';

const blockSize = 512;
const decoder = new TextDecoder();

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function octal(bytes: Uint8Array): number {
  return Number.parseInt(text(bytes).trim() || '0', 8);
}

/** A regular file in an archive; `content` is a view into the archive. */
export interface TarFile {
  /** The path without a leading `./`. */
  readonly path: string;
  readonly content: Uint8Array;
}

/**
 * Yields the regular files of an archive in their order.
 * @throws GuestFetchError when the archive ends inside a member
 */
export function* tarFiles(archive: Uint8Array): Generator<TarFile> {
  let longName: string | undefined;
  for (let offset = 0; offset + blockSize <= archive.length; ) {
    const header = archive.subarray(offset, offset + blockSize);
    if (header[0] === 0) return;
    const size = octal(header.subarray(124, 136));
    const start = offset + blockSize;
    if (!Number.isSafeInteger(size) || size < 0 || start + size > archive.length) {
      throw new GuestFetchError('a package of the default guest is damaged', `fetch it again, or ${ownGuestHint}`);
    }
    const content = archive.subarray(start, start + size);
    const type = String.fromCharCode(header[156] ?? 0);
    const prefix = text(header.subarray(345, 500));
    const name = longName ?? (prefix === '' ? '' : `${prefix}/`) + text(header.subarray(0, 100));
    longName = type === 'L' ? text(content) : undefined;
    if (type === '0' || type === '\0') yield { path: name.replace(/^\.\//, ''), content };
    offset = start + Math.ceil(size / blockSize) * blockSize;
  }
}
