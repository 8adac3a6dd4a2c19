// `continuo guest`: fetches the default guest if it is not there and says where its files are.

import { exitStatus } from '../../host/exit-status.ts';
import { defaultGuest } from '../../host/guest/default-guest.ts';
import { GuestFetchError } from '../../host/guest/guest-error.ts';
import { streamProgress } from '../../host/progress.ts';
import type { Command, CommandIo } from '../command.ts';
import { CliError, usageError } from '../options/usage-error.ts';

const usage = `Usage: continuo guest [--refresh] [--mirror URL] [--suite NAME]

Fetches the default guest, if it is not there, and prints where its kernel and initial RAM disk are.

  --refresh      fetch it anew
  --mirror URL   a Debian mirror, for a machine without apt
  --suite NAME   the Debian release to take from the mirror (bookworm)
`;

function parse(args: readonly string[]): { refresh?: boolean; mirror?: string; suite?: string } {
  const options: { refresh?: boolean; mirror?: string; suite?: string } = {};
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? '';
    const [name = '', ownValue] = word.split(/=(.*)/s, 2);
    if (name === '--refresh' && ownValue === undefined) options.refresh = true;
    else if (name === '--mirror' || name === '--suite') {
      const value = ownValue ?? args[++index];
      if (value === undefined) throw usageError(`${name} needs a value`);
      options[name === '--mirror' ? 'mirror' : 'suite'] = value;
    } else throw usageError(`unknown option ${word.slice(0, 80)}: --help lists the options`);
  }
  return options;
}

/** The command. */
export const guestCommand: Command = {
  name: 'guest',
  summary: 'fetch the default guest and say where its files are',
  usage,
  async run(args: readonly string[], io: CommandIo): Promise<number> {
    try {
      const guest = await defaultGuest(parse(args), streamProgress(process.stderr));
      io.out(`kernel  ${guest.kernelPath}\ninitrd  ${guest.initrdPath}\nversion ${guest.kernelVersion}\n`);
      return exitStatus.ok;
    } catch (error) {
      throw error instanceof GuestFetchError ? new CliError(exitStatus.unavailable, error.message) : error;
    }
  },
};
