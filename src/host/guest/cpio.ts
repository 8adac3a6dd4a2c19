// Writes cpio archives in the "newc" format, which Linux takes as an initramfs (Linux, initramfs buffer format).

/** One member of an archive. Paths have no leading slash; `mode` is the permission bits only. */
export type CpioEntry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: Uint8Array }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'character-device';
      readonly path: string;
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

/** File type bits of st_mode. */
const typeBits = { directory: 0o040000, file: 0o100000, symlink: 0o120000, 'character-device': 0o020000 } as const;

const trailerName = 'TRAILER!!!';
const encoder = new TextEncoder();

function hex8(value: number): string {
  return value.toString(16).padStart(8, '0').toUpperCase();
}

/** Header, name and content of one member, each padded to 4 bytes as the format wants. */
function member(
  name: string,
  inode: number,
  fields: { mode: number; major?: number; minor?: number },
  data: Uint8Array,
) {
  const nameBytes = encoder.encode(`${name}\0`);
  const header = [
    '070701',
    hex8(inode),
    hex8(fields.mode),
    hex8(0), // uid
    hex8(0), // gid
    hex8(1), // nlink
    hex8(0), // mtime: 0, so that equal content gives equal archives
    hex8(data.length),
    hex8(0), // device of the file
    hex8(0),
    hex8(fields.major ?? 0),
    hex8(fields.minor ?? 0),
    hex8(nameBytes.length),
    hex8(0), // check: unused in newc
  ].join('');
  const headerAndName = (header.length + nameBytes.length + 3) & ~3;
  const bytes = new Uint8Array(headerAndName + ((data.length + 3) & ~3));
  bytes.set(encoder.encode(header));
  bytes.set(nameBytes, header.length);
  bytes.set(data, headerAndName);
  return bytes;
}

function contentOf(entry: CpioEntry): Uint8Array {
  if (entry.kind === 'file') return entry.content;
  if (entry.kind === 'symlink') return encoder.encode(entry.target);
  return new Uint8Array(0);
}

function modeOf(entry: CpioEntry): number {
  return typeBits[entry.kind] | (entry.kind === 'symlink' ? 0o777 : entry.mode);
}

/**
 * Makes an archive. Archives may be concatenated: Linux unpacks them one after the other.
 * @returns the bytes, a multiple of 4
 */
export function writeCpio(entries: readonly CpioEntry[]): Uint8Array {
  const parts = entries.map((entry, index) => {
    const device = entry.kind === 'character-device' ? { major: entry.major, minor: entry.minor } : {};
    return member(entry.path, index + 1, { mode: modeOf(entry), ...device }, contentOf(entry));
  });
  parts.push(member(trailerName, 0, { mode: 0 }, new Uint8Array(0)));
  return concatBytes(parts);
}

/** Joins byte arrays. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
