// Finds a host profile by name or file, and everything in a folder of profiles.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkProfile, findProfile, type HostProfile, namedProfiles, nearest } from '../environment/index.ts';

/** A host that cannot be used. */
export interface HostProblem {
  /** What is wrong, for the user: a line each. */
  readonly problems: readonly string[];
  /** True where a file is at fault, false where the word on the command line is. */
  readonly badFile: boolean;
}

/** A profile is small; a larger file is something else. */
const largestFile = 1 << 20;

function readProfile(file: string): HostProfile | HostProblem {
  let text: string;
  try {
    if (statSync(file).size > largestFile)
      return { problems: [`${file}: too large for a host profile`], badFile: true };
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { problems: [`${file}: cannot be read (${code ?? 'error'})`], badFile: true };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problems: [`${file}: is no JSON (${(error as SyntaxError).message})`], badFile: true };
  }
  const checked = checkProfile(value);
  if ('profile' in checked) return checked.profile;
  const shown = checked.problems.slice(0, 20).map(({ path, message }) => `${file}: ${path || 'the file'} ${message}`);
  if (checked.problems.length > shown.length) shown.push(`${file}: and ${checked.problems.length - shown.length} more`);
  return { problems: shown, badFile: true };
}

/** @returns the profile of a name or of a file (a word with a slash or ending in `.json`), or what is wrong with it. */
export function chooseHost(word: string): HostProfile | HostProblem {
  if (/[/\\]|\.json$/.test(word)) return readProfile(word);
  const named = findProfile(word);
  if (named !== undefined) return named;
  const near = nearest(
    word,
    namedProfiles.map((profile) => profile.name),
  );
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
  const shown = word.length > 60 ? `${word.slice(0, 60)}…` : word;
  return { problems: [`no host profile is called ${shown}${hint}; "continuo hosts" lists them`], badFile: false };
}

/** @returns the profiles of several words: names, files, and folders of files. */
export function chooseHosts(words: readonly string[]): readonly HostProfile[] | HostProblem {
  const hosts: HostProfile[] = [];
  for (const word of words) {
    let files = [word];
    try {
      if (/[/\\.]/.test(word) && statSync(word).isDirectory()) {
        files = readdirSync(word)
          .filter((file) => file.endsWith('.json'))
          .sort()
          .map((file) => join(word, file));
        if (files.length === 0) return { problems: [`${word}: holds no profiles (*.json)`], badFile: true };
      }
    } catch {
      // Not there: choosing it by name or file says so.
    }
    for (const file of files) {
      const host = chooseHost(file);
      if ('problems' in host) return host;
      hosts.push(host);
    }
  }
  return hosts;
}
