// Fetches the guest's packages through the machine's own apt, with its sources, keys and proxies, but a state folder of our
// own: no root, no change to the system, and apt's signature and checksum verification (apt-secure(8)).
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../progress.ts';
import { GuestFetchError, ownGuestHint } from './guest-error.ts';
import {
  busyboxPackage,
  type GuestPackages,
  guestArchitecture,
  kernelMetapackage,
  kernelPackageOf,
} from './guest-packages.ts';
import { hasProgram, lastLine, type ProgramResult, runProgram } from './program.ts';

/** True when this machine has apt. */
export function aptIsPresent(): boolean {
  return hasProgram('apt-get') && hasProgram('apt-cache');
}

/**
 * The configuration that is read after the system's own. Lists that would only be added to are cleared first: hooks of the
 * system must not run, and its architectures are not ours.
 */
function aptConfiguration(state: string): string {
  const value = (text: string): string => `"${text.replaceAll('"', '')}"`;
  return `#clear APT::Architectures;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear Acquire::IndexTargets::deb::Contents-deb;
APT::Architecture ${value(guestArchitecture)};
APT::Architectures { ${value(guestArchitecture)}; };
APT::Sandbox::User "";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::State ${value(join(state, 'state'))};
Dir::State::status ${value(join(state, 'status'))};
Dir::State::extended_states ${value(join(state, 'extended_states'))};
Dir::Cache ${value(join(state, 'cache'))};
Dir::Log ${value(join(state, 'log'))};
`;
}

/** `dlstatus:1:41.5000:Retrieving file` gives `41 %`. */
function percentOf(statusLine: string): string | undefined {
  const match = /^dlstatus:\d+:(\d+)/.exec(statusLine);
  return match === null ? undefined : `${match[1]} %`;
}

/** The package's file in `folder`: apt-get download writes name_version_arch.deb. */
async function downloaded(folder: string, packageName: string): Promise<string> {
  const name = (await readdir(folder)).find((file) => file.startsWith(`${packageName}_`) && file.endsWith('.deb'));
  if (name === undefined) throw new GuestFetchError(`apt did not deliver ${packageName}`, ownGuestHint);
  return join(folder, name);
}

/**
 * Downloads the packages.
 * @param folder an empty folder for apt's state and the packages
 * @throws GuestFetchError when apt's sources have no such packages, or cannot be reached
 */
export async function fetchWithApt(folder: string, progress: Progress): Promise<GuestPackages> {
  const state = join(folder, 'apt');
  for (const path of ['state/lists/partial', 'cache/archives/partial', 'log']) {
    await mkdir(join(state, path), { recursive: true });
  }
  await writeFile(join(state, 'status'), '');
  const configuration = join(state, 'apt.conf');
  await writeFile(configuration, aptConfiguration(state));
  const apt = (program: string, args: string[], report: (detail: string) => void = () => {}): Promise<ProgramResult> =>
    runProgram(program, ['-c', configuration, '-o', 'APT::Status-Fd=3', ...args], {
      cwd: folder,
      onStatusLine: (line) => report(percentOf(line) ?? ''),
    });

  const updated = await progress.step(`Reading Debian's package lists (${guestArchitecture})`, (report) =>
    apt('apt-get', ['update', '-q'], report),
  );
  const shown = await apt('apt-cache', ['--no-all-versions', 'show', kernelMetapackage, busyboxPackage]);
  const kernelPackage = kernelPackageOf(
    /^Package: linux-image[\s\S]*?^Depends: (.*)$/m.exec(shown.stdout.toString())?.[1] ?? '',
  );
  if (kernelPackage === undefined) {
    // A third-party source that fails is no matter as long as the packages are found.
    const complaint = updated.stderr.split('\n').find((line) => /^[EW]:/.test(line));
    throw new GuestFetchError(
      `apt finds no ${kernelMetapackage} for ${guestArchitecture} in this machine's sources${complaint === undefined ? '' : ` (${complaint})`}`,
      `name a Debian mirror with --mirror URL, or ${ownGuestHint}`,
    );
  }
  const result = await progress.step(`Downloading ${kernelPackage} and ${busyboxPackage}`, (report) =>
    apt('apt-get', ['download', '-q', kernelPackage, busyboxPackage], report),
  );
  if (result.status !== 0) {
    throw new GuestFetchError(
      `apt could not download the guest's packages (${lastLine(result.stderr)})`,
      `check the network and try again, name a mirror with --mirror URL, or ${ownGuestHint}`,
    );
  }
  const [kernelDeb, busyboxDeb] = [await downloaded(folder, kernelPackage), await downloaded(folder, busyboxPackage)];
  return { kernelDeb, busyboxDeb, description: `${kernelPackage} and ${busyboxPackage}, through apt` };
}
