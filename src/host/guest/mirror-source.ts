// Fetches the guest's packages from a Debian mirror without apt: Release, its signature, Packages, packages, each checked
// against the one before (Debian repository format; apt-secure(8) describes the chain).
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Progress, ReportDetail } from '../progress.ts';
import { GuestFetchError, ownGuestHint } from './guest-error.ts';
import {
  busyboxPackage,
  type GuestPackages,
  guestArchitecture,
  kernelMetapackage,
  kernelPackageOf,
  parseParagraph,
} from './guest-packages.ts';
import { hasProgram, lastLine, runProgram } from './program.ts';

const keyrings = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/etc/apt/trusted.gpg.d/debian-archive-keyring.gpg',
];
/** A package of the guest is about 50 MB; more is refused rather than stored. */
const largestDownload = 512 * 1024 * 1024;

/** Where the packages come from. */
export interface MirrorOptions {
  /** Such as `https://deb.debian.org/debian`. */
  readonly mirror: string;
  /** The release's code name. */
  readonly suite: string;
}

async function download(url: string, report: ReportDetail = () => {}): Promise<Uint8Array> {
  const wayOut = `check --mirror and the network, or ${ownGuestHint}`;
  try {
    const response = await fetch(url);
    if (!response.ok || response.body === null) throw new GuestFetchError(`${url} answers ${response.status}`, wayOut);
    const total = Number(response.headers.get('content-length') ?? 0);
    const chunks: Uint8Array[] = [];
    let received = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      received += chunk.length;
      if (received > largestDownload)
        throw new GuestFetchError(`${url} is larger than any package of the guest`, wayOut);
      report(total > 0 ? `${Math.floor((100 * received) / total)} %` : `${received >> 20} MiB`);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof GuestFetchError) throw error;
    const cause = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : error;
    throw new GuestFetchError(`${url} cannot be fetched (${cause})`, wayOut);
  }
}

function checkDigest(what: string, bytes: Uint8Array, sha256: string | undefined): void {
  if (sha256 !== undefined && createHash('sha256').update(bytes).digest('hex') === sha256) return;
  throw new GuestFetchError(
    `${what} is not what the mirror's Release file says (SHA-256 differs)`,
    'try again later or another mirror',
  );
}

/** Verifies the signature and returns the signed text. */
async function verifiedRelease(inRelease: Uint8Array, options: MirrorOptions, folder: string): Promise<string> {
  const keyring = keyrings.find((path) => existsSync(path));
  if (hasProgram('gpgv') && keyring !== undefined) {
    const path = join(folder, 'InRelease');
    await writeFile(path, inRelease);
    const result = await runProgram('gpgv', ['--keyring', keyring, '--output', '-', path]);
    if (result.status === 0) return result.stdout.toString();
    throw new GuestFetchError(
      `the mirror's signature is not good (${lastLine(result.stderr)})`,
      'use a mirror of Debian itself',
    );
  }
  if (!options.mirror.startsWith('https:')) {
    throw new GuestFetchError(
      "the mirror's signature cannot be checked without gpgv and Debian's keys",
      'install gpgv and debian-archive-keyring, or name a mirror with https',
    );
  }
  const text = Buffer.from(inRelease).toString();
  const signed = /-----BEGIN PGP SIGNED MESSAGE-----\n[\s\S]*?\n\n([\s\S]*?)\n-----BEGIN PGP SIGNATURE-----/.exec(text);
  return signed?.[1] ?? text;
}

/** The SHA-256 of one file named in a Release file. */
function digestInRelease(release: string, path: string): string | undefined {
  const sums = parseParagraph(release).get('SHA256') ?? '';
  for (const line of sums.split('\n')) {
    const [sha256, , name] = line.trim().split(/\s+/);
    if (name === path) return sha256;
  }
  return undefined;
}

/** Numbers in Debian versions compare as numbers; enough to prefer the newest of several stanzas of one package. */
function newestParagraph(packages: string, name: string): ReadonlyMap<string, string> {
  const found = packages
    .split('\n\n')
    .filter((paragraph) => paragraph.startsWith(`Package: ${name}\n`))
    .map(parseParagraph)
    .sort((a, b) => (a.get('Version') ?? '').localeCompare(b.get('Version') ?? '', 'en', { numeric: true }))
    .at(-1);
  if (found !== undefined) return found;
  throw new GuestFetchError(
    `the mirror has no ${name} for ${guestArchitecture}`,
    `try another --mirror, or ${ownGuestHint}`,
  );
}

/**
 * Downloads the packages.
 * @param folder an empty folder for them
 * @throws GuestFetchError when the mirror cannot be reached, or what it sends cannot be trusted
 */
export async function fetchFromMirror(
  options: MirrorOptions,
  folder: string,
  progress: Progress,
): Promise<GuestPackages> {
  if (!/^https?:\/\/[^\s]+$/.test(options.mirror)) {
    throw new GuestFetchError(
      `--mirror ${options.mirror} is not an address`,
      'give one such as https://deb.debian.org/debian',
    );
  }
  const mirror = options.mirror.replace(/\/+$/, '');
  const base = `${mirror}/dists/${options.suite}`;
  const indexPath = `main/binary-${guestArchitecture}/Packages.gz`;
  const index = await progress.step(`Reading ${mirror}`, async (report) => {
    const release = await verifiedRelease(await download(`${base}/InRelease`), options, folder);
    const bytes = await download(`${base}/${indexPath}`, report);
    checkDigest(indexPath, bytes, digestInRelease(release, indexPath));
    return gunzipSync(bytes).toString();
  });
  const kernelPackage = kernelPackageOf(newestParagraph(index, kernelMetapackage).get('Depends') ?? '');
  if (kernelPackage === undefined) {
    throw new GuestFetchError(`${kernelMetapackage} of the mirror names no kernel`, ownGuestHint);
  }
  const fetchPackage = async (name: string): Promise<string> => {
    const paragraph = newestParagraph(index, name);
    const path = join(folder, `${name}.deb`);
    await progress.step(`Downloading ${name}`, async (report) => {
      const bytes = await download(`${mirror}/${paragraph.get('Filename') ?? ''}`, report);
      checkDigest(name, bytes, paragraph.get('SHA256'));
      await writeFile(path, bytes);
    });
    return path;
  };
  const kernelDeb = await fetchPackage(kernelPackage);
  const busyboxDeb = await fetchPackage(busyboxPackage);
  return { kernelDeb, busyboxDeb, description: `${kernelPackage} and ${busyboxPackage}, from ${mirror}` };
}
