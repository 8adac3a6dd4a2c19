// Which Debian packages the default guest is made of, and how their names are found.

/** The architecture, as Debian names it. */
export const guestArchitecture = 'ppc64el';
/** Depends on the newest kernel package. */
export const kernelMetapackage = 'linux-image-powerpc64le';
/** One static program with a shell and the usual tools. */
export const busyboxPackage = 'busybox-static';

/** The two packages as files on this machine, and where they came from. */
export interface GuestPackages {
  readonly kernelDeb: string;
  readonly busyboxDeb: string;
  /** Name and version of each, for people. */
  readonly description: string;
}

/**
 * The kernel package that a metapackage's Depends field names, such as `linux-image-6.1.0-50-powerpc64le`.
 * @param depends the field's value: alternatives and versions allowed
 */
export function kernelPackageOf(depends: string): string | undefined {
  return depends
    .split(/[,|]/)
    .map((item) => item.trim().split(/[\s(:]/)[0] ?? '')
    .find((name) => /^linux-image-\d[\w.+-]*$/.test(name));
}

/** Reads the fields of one control paragraph (deb822); continuation lines are joined with a newline. */
export function parseParagraph(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let last: string | undefined;
  for (const line of text.split('\n')) {
    if (/^[ \t]/.test(line)) {
      if (last !== undefined) fields.set(last, `${fields.get(last)}\n${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    last = line.slice(0, colon);
    fields.set(last, line.slice(colon + 1).trim());
  }
  return fields;
}
