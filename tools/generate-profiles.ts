// Writes src/environment/named-profiles.ts from the profiles in src/environment/profiles/*.json, checked by the schema's rules.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkProfile } from '../src/environment/profile-check.ts';
import { readOptions } from './tool-options.ts';

const usage = `Usage: npm run generate:profiles
Writes src/environment/named-profiles.ts from src/environment/profiles.
`;
readOptions({ name: 'generate:profiles', usage }, { options: {} });

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'src/environment/profiles');

const profiles = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .sort((a, b) => Number(b === 'engine.json') - Number(a === 'engine.json') || (a < b ? -1 : 1))
  .map((file) => {
    const checked = checkProfile(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    if ('problems' in checked) throw new Error(`${file}: ${JSON.stringify(checked.problems)}`);
    return checked.profile;
  });

writeFileSync(
  join(root, 'src/environment/named-profiles.ts'),
  `// The named host profiles. Written by \`npm run generate:profiles\` from src/environment/profiles/*.json: change those.
import type { HostProfile } from './host-profile.ts';

/** The named profiles, our own engine first. */
export const namedProfiles: readonly HostProfile[] = ${JSON.stringify(profiles, undefined, 2)};

/** @returns the profile of that name, or undefined. */
export function findProfile(name: string): HostProfile | undefined {
  return namedProfiles.find((profile) => profile.name === name);
}
`,
);
