// The version of this program, as package.json says it.
import { readFileSync } from 'node:fs';

/** Such as `0.1.0`. */
export function programVersion(): string {
  // From dist/src/cli up to the folder of the package.
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
